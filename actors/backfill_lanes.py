"""The run queue's part in backfills: lets thousands of executions in, and ends those that are unwanted.

Belongs to the run queue. Both are done in slices, so that nobody waits for them. What is lost with a
crash of the queue is in storage, and comes from there again.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple

from quarterjack.storage import BackfillId, Execution, ExecutionId, ExecutionStatus
from quarterjack.storage.backfill_changes import EndQueued
from quarterjack.storage.backfills import open_of_backfill
from quarterjack.storage.execution_changes import AdvanceExecution, Ended

from .cast_member import CastMember
from .engine import Reply
from .execution_events import ended_events
from .messages import CancelExecution
from .places import Places
from .waiting_line import WaitingLine

_ARRIVE_AT_ONCE: Final = 10
_END_AT_ONCE: Final = 100
_REASON: Final = "its backfill was cancelled"


class MoreArrives(NamedTuple):
    """To the run queue, from itself: let the next slice in."""


class MoreEnds(NamedTuple):
    """To the run queue, from itself: end the next slice of a backfill."""

    backfill_id: BackfillId


@dataclass(slots=True)
class _Ending:
    """What is left to be ended of a backfill; `outside` are those that the line has not seen."""

    left: deque[ExecutionId]
    outside: dict[ExecutionId, Execution]


class BackfillLanes:
    """`cancel` ends one execution that is not, or no more, waiting for its first start."""

    def __init__(
        self,
        queue: CastMember,
        line: WaitingLine,
        places: Places,
        cancel: Callable[[CancelExecution], Any],
    ) -> None:
        self._queue = queue
        self._line = line
        self._places = places
        self._cancel = cancel
        self._arriving: dict[ExecutionId, Execution] = {}
        self._ending: dict[BackfillId, _Ending] = {}

    def arrive(self, executions: Iterable[Execution]) -> None:
        """They are recorded, and wait for their turn."""
        if not self._arriving:
            self._queue.ref.tell(MoreArrives())
        self._arriving.update((each.id, each) for each in executions)

    def __contains__(self, key: ExecutionId) -> bool:
        return key in self._arriving

    def next_slice(self) -> list[Execution]:
        """Some of those that have arrived; the others come with the next `MoreArrives`."""
        keys = list(islice(self._arriving, _ARRIVE_AT_ONCE))
        found = [self._arriving.pop(key) for key in keys]
        if self._arriving:
            self._queue.ref.tell(MoreArrives())
        return found

    def end(self, key: BackfillId) -> None:
        """It is cancelled: nothing of it begins any more, and what is left of it ends."""
        self._places.close(key)
        self._queue.read(lambda reply: self._begin_to_end(key, reply.get()), open_of_backfill, key)

    def _begin_to_end(self, key: BackfillId, left: list[ExecutionId]) -> None:
        outside = {each.id: each for each in self._arriving.values() if each.backfill_id == key}
        for each in outside:
            del self._arriving[each]
        self._ending[key] = _Ending(deque(left), outside)
        self.end_some(key)

    def end_some(self, key: BackfillId) -> None:
        """End the next slice; the others follow when that is stored."""
        ending = self._ending.get(key)
        if ending is None:
            return
        if not ending.left:
            del self._ending[key]
            self._places.open(key)  # for retries, which somebody asks for
            self._line.lane_opened(key)
            return
        ends: list[AdvanceExecution] = []
        for _ in range(min(_END_AT_ONCE, len(ending.left))):
            execution = self._taken_out(ending, ending.left.popleft())
            if execution is not None:
                ends.append(self._ended(execution))
        if ends:
            self._queue.commit(EndQueued(ends), lambda reply: self._stored(key, reply))
        else:
            self._queue.ref.tell(MoreEnds(key))

    def _taken_out(self, ending: _Ending, key: ExecutionId) -> Execution | None:
        """The execution if it was never begun; None: it ends by itself, as it is told to."""
        waiting = self._line.get(key)
        if waiting is not None and waiting.fresh:
            self._line.remove(key)
            return waiting.execution
        execution = ending.outside.pop(key, None)
        if execution is None:
            self._cancel(CancelExecution(key, _REASON))
        return execution

    def _stored(self, key: BackfillId, reply: Reply[Any]) -> None:
        reply.get()
        self._queue.ref.tell(MoreEnds(key))

    def _ended(self, execution: Execution) -> AdvanceExecution:
        ended = Ended(self._queue.clock.now(), ExecutionStatus.CANCELLED)
        events = ended_events(execution, ended, {"reason": _REASON})
        return AdvanceExecution(execution.id, ended=ended, events=events)
