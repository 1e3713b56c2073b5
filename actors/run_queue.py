"""Starts executions when it is their turn: within limits and rates, in an order that starves nobody.

Runs on the loop. Takes `Enqueue`, `EnqueueAll`, `Recorded`, `LookRound`, `ExecutionEnded`, `ExecutionParked`,
`Wake`, `CancelExecution`, `EndBackfill`, `BeginAgain`, `Drain`; tells `BeginExecution`, `Wake`,
`CancelExecution` and `Drain` through the executions' supervisor. An execution that ends wakes the step that
waits for it.

Rebuilt from storage when it is started: what had begun goes on, what waits without an actor waits on
for its instant, what waited for its turn waits on in its order (see `waiting_line.py`).
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from quarterjack.storage import (
    Execution,
    ExecutionId,
    ExecutionStatus,
    NotFound,
    StepKey,
)
from quarterjack.storage.backlog import Backlog, backlog, queued_before
from quarterjack.storage.execution_changes import AdvanceExecution, Ended
from quarterjack.storage.queries import execution as stored_execution

from .backfill_lanes import BackfillLanes, MoreArrives, MoreEnds
from .cast_member import CastMember
from .early_cancels import EarlyCancels
from .engine import Deliver, DeliverIfAwake, Reply, Timer, handles
from .environment import Environment
from .execution_events import ended_events
from .messages import (
    BeginAgain,
    BeginExecution,
    CancelExecution,
    Drain,
    EndBackfill,
    Enqueue,
    EnqueueAll,
    ExecutionEnded,
    ExecutionParked,
    LookRound,
    Recorded,
    Wake,
)
from .parking import Parking
from .places import Places
from .start_rates import Start, StartRates, past_starts
from .waiting_line import Waiting, WaitingLine

logger = logging.getLogger("quarterjack.queue")
_LOST_AFTER = timedelta(minutes=1)
"""How long somebody who has recorded an execution may take to say so."""
_SECOND = 1_000_000
_MICROSECOND = timedelta(microseconds=1)


class _AlarmsRing(NamedTuple):
    """Look whose instant has come."""


class _RateOpens(NamedTuple):
    """Look which rates allow a start again."""


class _LookNow(NamedTuple):
    """Compare what is stored with who is known."""


@dataclass(slots=True)
class _Running:
    execution: Execution
    woken: set[str] = field(default_factory=set)
    """Its steps that were woken meanwhile: an actor that is about to leave may have missed it."""


class RunQueue(CastMember):
    """Whoever waits is in exactly one of: the line, the running ones, the parked ones."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        workflows = environment.workflows
        rates = {key: each.rate_limit for key, each in workflows.items() if each.rate_limit}
        self._places = Places(environment.concurrency, workflows)
        self._rates = StartRates(environment.rate_limit, rates)
        self._line = WaitingLine(self._places, self._rates)
        self._running: dict[ExecutionId, _Running] = {}
        self._parked = Parking(self, _AlarmsRing())
        self._early_cancels = EarlyCancels(self, self._knows)
        self._backfills = BackfillLanes(self, self._line, self._places, self.cancel)
        self._rate_timer: Timer | None = None
        self._rate_timer_at = 0
        self._draining = False
        self._looking_round = False
        environment.measures.queue = self.counts

    def on_start(self) -> None:
        self.hold()
        longest = self._rates.longest
        since = self.clock.now() - longest if longest else None
        self.read(self._loaded, backlog, since)

    def on_failure(self, *_: Any) -> None:
        self.on_stop()

    def on_stop(self) -> None:
        self._parked.stop()
        self._stop_rate_timer()

    # What comes and goes

    @handles(Enqueue)
    def enqueue(self, message: Enqueue) -> None:
        self._let_in(message.execution)
        self._start_some()

    @handles(EnqueueAll)
    def enqueue_all(self, message: EnqueueAll) -> None:
        self._backfills.arrive(message.executions)

    @handles(MoreArrives)
    def more_arrives(self, _: MoreArrives) -> None:
        for execution in self._backfills.next_slice():
            self._let_in(execution)
        self._start_some()

    @handles(Recorded)
    def recorded(self, message: Recorded) -> None:
        def looked(reply: Reply[Any]) -> None:
            with suppress(NotFound):
                execution: Execution = reply.get()
                if execution.status is ExecutionStatus.QUEUED:
                    self.enqueue(Enqueue(execution))

        self._look_later()
        if not self._knows(message.execution_id):
            self.read(looked, stored_execution, message.execution_id)

    @handles(LookRound)
    def look_round(self, _: LookRound) -> None:
        self._look_later()

    @handles(_LookNow)
    def look_now(self, _: _LookNow) -> None:
        """Nothing wedges: what is stored as queued, and is not known here, was lost on its way.

        It may have been stored only after the queue was told to look for it.
        """
        self._looking_round = False
        if self._draining:
            return
        if self.environment.health.writable:
            self.read(self._looked_round, queued_before, self.clock.now() - _LOST_AFTER)
        else:
            self._look_later()

    def _looked_round(self, reply: Reply[Any]) -> None:
        for key in reply.get():
            if not self._knows(key):
                logger.warning("%s waited, and nobody knew of it", key, extra={"executionId": key})
                self.recorded(Recorded(key))

    def _look_later(self) -> None:
        if not self._looking_round:
            self._looking_round = True
            self.send_after(self.environment.watch_every, _LookNow())

    @handles(ExecutionEnded)
    def execution_ended(self, message: ExecutionEnded) -> None:
        key = message.execution_id
        ended = self._left(key)
        known = ended.execution.parent if ended is not None else None
        waiting, parked = self._line.remove(key), self._parked.take(key)
        for gone in (ended, waiting):
            if gone is not None:
                self._free(gone.execution)
        if parked is not None:
            self._free(parked)
        self._wake_parent(message.parent or known)
        self._start_some()

    @handles(ExecutionParked)
    def execution_parked(self, message: ExecutionParked) -> None:
        execution = message.execution
        left = self._left(execution.id)
        self._line.remove(execution.id)
        if left is not None and left.woken & message.steps and not self._draining:
            self._requeue(execution)
        else:
            self._parked.park(execution)
        self._start_some()

    @handles(Wake)
    def wake(self, message: Wake) -> None:
        running = self._running.get(message.execution_id)
        if running is not None:
            running.woken.add(message.step)
            self.cast.executions.tell(DeliverIfAwake(message.execution_id, message))
        elif not self._draining:
            parked = self._parked.take(message.execution_id)
            if parked is not None:
                self._requeue(parked)
                self._start_some()

    @handles(_AlarmsRing)
    def alarms_ring(self, _: _AlarmsRing) -> None:
        if self._draining:
            return
        for execution in self._parked.due():
            self._requeue(execution)
        self._start_some()

    @handles(_RateOpens)
    def rate_opens(self, _: _RateOpens) -> None:
        self._rate_timer = None
        self._start_some()

    @handles(BeginAgain)
    def begin_again(self, _: BeginAgain) -> None:
        """Whoever has begun takes no notice of it."""
        for key, running in self._running.items():
            begin = BeginExecution(running.execution, fresh=False)
            self.cast.executions.tell(Deliver(key, begin))
            for step in running.woken:
                self.cast.executions.tell(DeliverIfAwake(key, Wake(key, step)))

    @handles(Drain)
    def drain(self, message: Drain) -> None:
        self._draining = True
        self._parked.stop()
        self._stop_rate_timer()
        for key in self._running:
            self.cast.executions.tell(DeliverIfAwake(key, message))

    def _loaded(self, reply: Reply[Any]) -> None:
        found: Backlog = reply.get()
        now, micros = self.clock.now(), self._micros()
        self._rates.restore(past_starts(found.starts, now, micros), micros)
        for execution, _ in found.unfinished:
            waits = execution.status is ExecutionStatus.WAITING
            if execution.status is not ExecutionStatus.QUEUED:
                self._places.hold(execution)
            if waits and execution.id not in found.owed:
                self._parked.park(execution)
            else:
                self._line.add(Waiting.found(execution, now))
        for key in found.unwanted:
            self._backfills.end(key)
        self.release()
        self.alarms_ring(_AlarmsRing())

    def _let_in(self, execution: Execution) -> None:
        if not self._knows(execution.id):
            self._line.add(Waiting.queued(execution))
        cancel = self._early_cancels.take(execution.id)
        if cancel is not None:
            self.cancel(cancel)

    def _knows(self, key: ExecutionId) -> bool:
        return (
            key in self._line
            or key in self._running
            or key in self._parked
            or key in self._backfills
        )

    def _requeue(self, execution: Execution) -> None:
        """It goes on when its turn comes again."""
        self._line.add(Waiting.woken(execution, self.clock.now()))

    def _left(self, key: ExecutionId) -> _Running | None:
        """It runs no more: others may have its places."""
        running = self._running.pop(key, None)
        if running is not None:
            self._places.rest(running.execution)
            self._line.place_given_back(running.execution)
        return running

    def _free(self, execution: Execution) -> None:
        """It has ended: also its schedule has a place for another."""
        self._places.release(execution)
        self._line.place_given_back(execution)

    def _wake_parent(self, parent: StepKey | None) -> None:
        if parent is not None:
            self.wake(Wake(parent.execution_id, parent.step))

    # Whose turn it is

    def _start_some(self) -> None:
        if self._draining:
            return
        now = self._micros()
        for key in self._rates.open_due(now):
            self._line.rate_opened(key)
        while self._places.left() and (waiting := self._line.next()) is not None:
            if waiting.fresh:
                self._rates.record(Start(now, waiting.execution.workflow_id))
            self._start(waiting.execution, fresh=waiting.fresh)
        self._set_rate_timer(now)

    def _start(self, execution: Execution, *, fresh: bool) -> None:
        self._places.take(execution)
        self._running[execution.id] = _Running(execution)
        begin = BeginExecution(execution, fresh)
        self.cast.executions.tell(Deliver(execution.id, begin))
        if execution.schedule_id is not None:
            self.cast.schedules.tell(DeliverIfAwake(execution.schedule_id, begin))

    def _micros(self) -> int:
        return round(self.clock.monotonic() * _SECOND)

    def _set_rate_timer(self, now: int) -> None:
        opening = self._rates.next_opening()
        if self._rate_timer is not None and self._rate_timer_at == opening:
            return
        self._stop_rate_timer()
        if opening is not None and len(self._line):
            self._rate_timer_at = opening
            self._rate_timer = self.send_after((opening - now) * _MICROSECOND, _RateOpens())

    def _stop_rate_timer(self) -> None:
        if self._rate_timer is not None:
            self._rate_timer.cancel()
            self._rate_timer = None

    # How one is ended before its time

    @handles(CancelExecution)
    def cancel(self, message: CancelExecution) -> Any:
        key = message.execution_id
        waiting = self._line.get(key)
        if waiting is not None and waiting.fresh:
            return self._cancel_fresh(message)
        if waiting is not None or key in self._parked:
            self._start_to_end(key)
        running = self._running.get(key)
        if running is None:
            return self._early_cancels.look_up(message)
        # An actor that is just leaving, to wait, has a successor, which must begin first.
        begin = BeginExecution(running.execution, fresh=False)
        return self.forward(self.cast.executions, Deliver(key, message, first=begin))

    def _start_to_end(self, key: ExecutionId) -> None:
        """Beyond the limits: it has steps, which only its actor can end."""
        waiting = self._line.remove(key)
        execution = self._parked.take(key) if waiting is None else waiting.execution
        assert execution is not None
        self._start(execution, fresh=False)

    def _cancel_fresh(self, message: CancelExecution) -> Reply[Any]:
        waiting = self._line.remove(message.execution_id)
        assert waiting is not None
        execution = waiting.execution
        ended = Ended(self.clock.now(), ExecutionStatus.CANCELLED)
        change = AdvanceExecution(
            execution.id,
            ended=ended,
            events=ended_events(execution, ended, data={"reason": message.reason}),
        )
        answer: Reply[Any] = Reply()
        self.commit(change, lambda reply: self._cancelled(execution, reply, answer))
        return answer

    def _cancelled(self, execution: Execution, reply: Reply[Any], answer: Reply[Any]) -> None:
        reply.pipe(answer)
        self._wake_parent(execution.parent)
        if execution.schedule_id is not None:
            ended = ExecutionEnded(execution.id, execution.schedule_id)
            self.cast.schedules.tell(DeliverIfAwake(execution.schedule_id, ended))

    @handles(EndBackfill)
    def end_backfill(self, message: EndBackfill) -> None:
        self._backfills.end(message.backfill_id)

    @handles(MoreEnds)
    def more_ends(self, message: MoreEnds) -> None:
        self._backfills.end_some(message.backfill_id)
        self._start_some()

    def counts(self) -> Mapping[str, int]:
        """How many run, wait for their turn, and are parked; from any thread."""
        return {
            "running": len(self._running),
            "waiting": len(self._line),
            "parked": len(self._parked),
        }
