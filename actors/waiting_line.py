"""Executions that wait for their turn, and which of them is next. Pure.

What a start of the server finds begun goes first, then what was woken, then the others: by priority
(0 before 9), due time, arrival; `policies/fairness.py` sees to it that nothing starves. What is held
back by a limit or a rate is passed over, and costs those behind it nothing.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import partial
from typing import NamedTuple

from quarterjack.storage import Execution, ExecutionId, ExecutionStatus, WorkflowId

from .places import Places
from .policies.fairness import Order, order_of_next
from .policies.ranking import Rank, Ranking, Ticket
from .start_rates import SERVER, StartRates


class Standing(IntEnum):
    """How far an execution had come when it was put into the line; the lower goes first."""

    BEGUN = 0
    """It ran when the server, or the queue, came to its end."""
    WOKEN = 1
    """It waited without an actor, and can go on."""
    FRESH = 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """An execution in the line."""

    execution: Execution
    standing: Standing
    since: datetime
    """Since when it has waited: since it was queued, or since it was woken."""

    @classmethod
    def queued(cls, execution: Execution) -> "Waiting":
        """One that has not started yet."""
        return cls(execution, Standing.FRESH, execution.queued_at)

    @classmethod
    def woken(cls, execution: Execution, now: datetime) -> "Waiting":
        """One that waited without an actor until now."""
        return cls(execution, Standing.WOKEN, now)

    @classmethod
    def found(cls, execution: Execution, now: datetime) -> "Waiting":
        """One that was found in storage, as it was left."""
        if execution.status is ExecutionStatus.QUEUED:
            return cls.queued(execution)
        if execution.status is ExecutionStatus.WAITING:
            return cls.woken(execution, now)
        return cls(execution, Standing.BEGUN, now)

    @property
    def fresh(self) -> bool:
        """Whether this is to be its first start."""
        return self.standing is Standing.FRESH


class _LaneKey(NamedTuple):
    """Those that are held back together."""

    workflow_id: WorkflowId
    fresh: bool
    lane: str | None
    limit: int | None


class WaitingLine:
    """Those that wait: by workflow, and therein by lane (a schedule, a backfill) and limit."""

    def __init__(self, places: Places, rates: StartRates) -> None:
        self._places = places
        self._rates = rates
        self._all: Ranking[Waiting] = Ranking()
        self._halves = {
            False: Ranking(self._all),
            True: Ranking(self._all, partial(rates.is_open, SERVER)),
        }
        self._workflows: dict[tuple[WorkflowId, bool], Ranking[Waiting]] = {}
        self._lanes: dict[_LaneKey, Ranking[Waiting]] = {}
        self._of_lane: defaultdict[str, set[_LaneKey]] = defaultdict(set)
        self._tickets: dict[ExecutionId, Ticket[Waiting]] = {}
        self._arrivals = 0
        self._younger = 0

    def __len__(self) -> int:
        return len(self._tickets)

    def __contains__(self, key: ExecutionId) -> bool:
        return key in self._tickets

    def get(self, key: ExecutionId) -> Waiting | None:
        """The one of that id."""
        ticket = self._tickets.get(key)
        return None if ticket is None else ticket.item

    def add(self, waiting: Waiting) -> None:
        """Put one at its place in the line."""
        self._arrivals += 1
        ticket = Ticket(waiting, _ranks(waiting, self._arrivals))
        self._tickets[waiting.execution.id] = ticket
        self._lane(_key_of(waiting)).add(ticket)

    def remove(self, key: ExecutionId) -> Waiting | None:
        """Take one out of the line, wherever it stands."""
        ticket = self._tickets.pop(key, None)
        if ticket is None:
            return None
        lane_key = _key_of(ticket.item)
        lane = self._lanes[lane_key]
        lane.discard(ticket)
        if not lane:
            self._forget(lane_key)
        return ticket.item

    def next(self) -> Waiting | None:
        """Take out the one to be started now; None: none may be."""
        if not self._tickets:
            return None
        order = order_of_next(self._younger)
        ticket = self._all.first(order)
        if ticket is None:
            return None
        is_oldest = len(self._tickets) == 1 or ticket is self._all.first(Order.AGE)
        self._younger = 0 if is_oldest else self._younger + 1
        return self.remove(ticket.item.execution.id)

    def place_given_back(self, execution: Execution) -> None:
        """The execution runs no more: those that it held back may go on."""
        if execution.lane is not None:
            self.lane_opened(execution.lane)
        for fresh in (False, True):
            self._reopened(execution.workflow_id, fresh)

    def lane_opened(self, lane: str) -> None:
        """Executions of that lane may begin that could not before."""
        for key in self._of_lane.get(lane, ()):
            self._lanes[key].reopened()

    def rate_opened(self, key: WorkflowId) -> None:
        """The workflow's rate, or the server's, allows a start again."""
        if key == SERVER:
            self._halves[True].reopened()
        else:
            self._reopened(key, fresh=True)

    def _reopened(self, key: WorkflowId, fresh: bool) -> None:
        workflow = self._workflows.get((key, fresh))
        if workflow is not None:
            workflow.reopened()

    def _lane(self, key: _LaneKey) -> Ranking[Waiting]:
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Ranking(self._workflow(key), self._gate_of(key))
            if key.lane is not None:
                self._of_lane[key.lane].add(key)
        return lane

    def _workflow(self, key: _LaneKey) -> Ranking[Waiting]:
        place = (key.workflow_id, key.fresh)
        found = self._workflows.get(place)
        if found is None:
            is_open = partial(self._workflow_is_open, key.workflow_id, key.fresh)
            found = self._workflows[place] = Ranking(self._halves[key.fresh], is_open)
        return found

    def _forget(self, key: _LaneKey) -> None:
        """Nobody waits in that lane any more."""
        self._lanes.pop(key).leave()
        if key.lane is not None:
            lanes = self._of_lane[key.lane]
            lanes.discard(key)
            if not lanes:
                del self._of_lane[key.lane]
        place = (key.workflow_id, key.fresh)
        if not self._workflows[place]:
            self._workflows.pop(place).leave()

    def _gate_of(self, key: _LaneKey) -> Callable[[], bool] | None:
        if key.lane is None or key.limit is None or not key.fresh:
            return None  # what has begun has its lane's place already
        return partial(self._places.left_for_lane, key.lane, key.limit)

    def _workflow_is_open(self, key: WorkflowId, fresh: bool) -> bool:
        if fresh and not self._rates.is_open(key):
            return False
        return self._places.left_for_workflow(key)


def _key_of(waiting: Waiting) -> _LaneKey:
    execution = waiting.execution
    limit = execution.options.max_concurrency
    lane = None if limit is None else execution.lane
    return _LaneKey(execution.workflow_id, waiting.fresh, lane, limit if lane else None)


def _ranks(waiting: Waiting, arrival: int) -> tuple[Rank, Rank]:
    execution, standing = waiting.execution, waiting.standing
    due = execution.scheduled_time.timestamp()
    turn = (standing, execution.priority, due, arrival)
    age = (0.0 if standing is Standing.BEGUN else 1.0, waiting.since.timestamp(), arrival)
    return turn, age
