"""What the cast says to each other, by conversation. Every message is immutable.

One fire: ticker → `FireDue` → schedule → `Commit(RecordFires)` → state → `Announce` → broadcaster;
schedule → `Enqueue` → run-queue → `Begin` → execution → `Commit(AdvanceExecution)` → state …, at the
end execution → `ExecutionEnded` → run-queue and schedule.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from quarterjack.storage import (
    BackfillId,
    Delivery,
    Event,
    Execution,
    ExecutionId,
    Schedule,
    ScheduleId,
    StepKey,
)
from quarterjack.storage.deliveries import Arrival
from quarterjack.storage.step_queries import ChildEnd
from quarterjack.storage.transaction import Change

from .backfill_request import BackfillRequest
from .drafts import ScheduleChanges, ScheduleDraft

# With the state actor


@dataclass(frozen=True, slots=True)
class Commit:
    """Ask: write this. Answered after the commit, with what the change came to."""

    change: Change[Any]
    told_at: float | None = None
    """Monotonic; None: how long it takes is not measured."""
    from_cast: bool = False
    """About work that was taken already: it is never refused, however many changes wait."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Ask: write this, which can wait, with the next change of somebody else; alone when there is none for
    that long. Answered with `UpkeepDone`."""

    change: Change[Any]
    alone_after: timedelta
    told_at: ClassVar[float | None] = None


class UpkeepDone(NamedTuple):
    """What it came to."""

    outcome: Any
    seconds: float
    """That the commit took longer for it."""
    is_awaited: bool
    """Whether other changes wait already."""


@dataclass(frozen=True, slots=True)
class Read:
    """Ask: run this query on the writer's connection (for databases that have no other)."""

    query: Callable[..., Any]
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell: these events are committed, in this order."""

    events: Sequence[Event]
    committed_at: float | None = None
    """Monotonic."""


# With the ticker


@dataclass(frozen=True, slots=True)
class Arm:
    """Tell: the schedule is due next then (None: no more)."""

    schedule_id: ScheduleId
    at: datetime | None


# With the deliveries


@dataclass(frozen=True, slots=True)
class SendEvent:
    """Ask: bring this event to those who wait for it. Answered with the executions that go on or begin.

    The answer may come before a schedule that takes very long has decided.
    """

    arrival: Arrival


@dataclass(frozen=True, slots=True)
class EventsArrived:
    """Tell: these steps have what they waited for, and these events wait for schedules (committed)."""

    woken: Sequence[StepKey]
    deliveries: Sequence[Delivery]


@dataclass(frozen=True, slots=True)
class EventDecided:
    """Tell: the schedule has decided, and that is committed; the execution that it made, if any."""

    delivery_id: int
    schedule_id: ScheduleId
    execution_id: ExecutionId | None


# With a schedule


@dataclass(frozen=True, slots=True)
class EventCame:
    """Tell: an event has come that it waits for. It tells `EventDecided` then."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class FireDue:
    """Tell: this instant has come."""

    scheduled_for: datetime


@dataclass(frozen=True, slots=True)
class StartAgain:
    """Tell: you have not decided what is long due; crash, so that your successor begins afresh."""

    due: datetime


@dataclass(frozen=True, slots=True)
class CreateSchedule:
    """Ask: begin to exist. Answered with the record."""

    draft: ScheduleDraft


@dataclass(frozen=True, slots=True)
class EnterSchedule:
    """Ask: begin to exist as this record, which `new_schedule` made off the loop. Answered with it."""

    schedule: Schedule


@dataclass(frozen=True, slots=True)
class UpdateSchedule:
    """Ask: change. `version` is the one that the asker has seen, if it matters to them."""

    changes: ScheduleChanges
    version: int | None


@dataclass(frozen=True, slots=True)
class PauseSchedule:
    """Ask: fire no more until resumed."""

    note: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ResumeSchedule:
    """Ask: fire again."""

    note: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteSchedule:
    """Ask: cease to exist; with `cancel`, its executions end, too."""

    cancel: bool
    version: int | None = None


@dataclass(frozen=True, slots=True)
class SyncSchedule:
    """Ask: forget what you think, count again what is stored."""


@dataclass(frozen=True, slots=True)
class FallAsleep:
    """Tell: nothing more is expected soon; be ready to be woken from storage."""


@dataclass(frozen=True, slots=True)
class TriggerSchedule:
    """Ask: make an execution now. Answered with its id."""

    params: Mapping[str, Any] | None = field(repr=False)
    context: Mapping[str, Any]
    priority: int | None
    respect_overlap: bool
    execution_id: str | None = None
    """The id that the execution is to have, if that matters."""
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class BackfillSchedule:
    """Ask: make an execution of each due instant that has none. Answered with a `BackfillMade`."""

    request: BackfillRequest
    backfill_id: BackfillId | None = None
    """The id that the backfill is to have, if that matters."""


# With the run queue and the executions


@dataclass(frozen=True, slots=True)
class ChildEnded:
    """Tell: the execution that this step began has ended."""

    step: str
    end: ChildEnd


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Tell: this execution is recorded and may start when its turn comes."""

    execution: Execution


@dataclass(frozen=True, slots=True)
class EnqueueAll:
    """Tell: these executions of a backfill are recorded and may start when their turns come."""

    executions: Sequence[Execution]


@dataclass(frozen=True, slots=True)
class EndBackfill:
    """Tell: the backfill is cancelled, which is committed; end what is left of it."""

    backfill_id: BackfillId


@dataclass(frozen=True, slots=True)
class Recorded:
    """Tell: this execution is recorded, and whoever was to enqueue it has crashed; look whether it was."""

    execution_id: ExecutionId


@dataclass(frozen=True, slots=True)
class LookRound:
    """Tell: somebody has crashed who may have had executions stored that nobody enqueues; look for them."""


@dataclass(frozen=True, slots=True)
class BeginAgain:
    """Tell: the executions' supervisor has crashed; whom it was to begin just then may not have begun."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Tell: this execution of the schedule was recorded by somebody else, and waits for its turn."""

    execution: Execution


@dataclass(frozen=True, slots=True)
class BeginExecution:
    """Tell: it is its turn. `fresh` False: it had begun before, so look what it has done."""

    execution: Execution
    fresh: bool


@dataclass(frozen=True, slots=True)
class ExecutionEnded:
    """Tell: it has reached a final status, which is committed."""

    execution_id: ExecutionId
    schedule_id: ScheduleId | None
    parent: StepKey | None = None
    """The step that waits for its end, if one does."""


@dataclass(frozen=True, slots=True)
class ExecutionParked:
    """Tell: all its steps wait (committed), and its actor is gone; wake it then, or when told.

    It gives up its place among those that run, and comes back through the queue.
    """

    execution: Execution
    """With status `waiting` and the instant `wake_at`; None there: only when told."""
    steps: frozenset[str]
    """The steps whose waits it believed open when it was parked."""


@dataclass(frozen=True, slots=True)
class Wake:
    """Tell: what this step waited for is there, and stored. To the run queue, which passes it on."""

    execution_id: ExecutionId
    step: str


@dataclass(frozen=True, slots=True)
class CancelExecution:
    """Ask: end before the time. Answered when that is decided, not when it has ended."""

    execution_id: ExecutionId
    reason: str


@dataclass(frozen=True, slots=True)
class Drain:
    """Tell: start nothing new; what runs may finish its current steps."""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Tell: the time is over; leave what runs to the next start."""


@dataclass(frozen=True, slots=True)
class WhenIdle:
    """Ask: answered when no execution runs any more."""
