"""What is remembered, as plain frozen records: read from the database, sent between actors."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from .configs import ExecutionConfig, Overlap, Retry, ScheduleConfig
from .ids import BackfillId, BootId, ExecutionId, ScheduleId, WorkflowId
from .plain_data import Packed, PlainData
from .statuses import (
    BackfillStatus,
    ExecutionStatus,
    FireOutcome,
    FireReason,
    ScheduleStatus,
    StepStatus,
    Trigger,
)

CalendarDays = tuple[tuple[date, date], ...]
"""Ranges of local dates, both ends included; in order, and at least a day apart."""


class Failure(NamedTuple):
    """Why something failed: the exception's type, its message, and its traceback as text."""

    type: str
    message: str
    traceback: str = ""

    def cut(self, longest: int) -> "Failure":
        """The same with a message of at most so many characters, for where many are shown."""
        return self._replace(message=self.message[:longest])


@dataclass(frozen=True, slots=True)
class Totals:
    """A schedule's counters over its ended executions; `duration_sum` is for the average."""

    executions: int = 0
    succeeded: int = 0
    failed: int = 0
    duration_sum: timedelta = timedelta(0)
    last_duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A scheduled workflow: what its owner said, and where it stands."""

    id: ScheduleId
    workflow_id: WorkflowId
    name: str
    description: str
    status: ScheduleStatus
    note: str
    schedule_config: ScheduleConfig
    execution_config: ExecutionConfig
    metadata: dict[str, PlainData]
    version: int
    created_at: datetime
    updated_at: datetime
    next_due: datetime | None = None
    """The first due instant that is not decided; while it is paused, too."""
    next_fire: datetime | None = None
    """When that is to be decided: the due instant and its jitter; None: not while things are so."""
    resumed_at: datetime | None = None
    """The end of its last pause: instants before it may have been missed because of that."""
    runs: int = 0
    """How many executions its rule has made."""
    failures_in_row: int = 0
    """How many of its executions have failed since one succeeded."""
    last_execution_at: datetime | None = None
    last_error: Failure | None = None
    totals: Totals = field(default_factory=Totals)

    @property
    def enabled(self) -> bool:
        """Whether the owner wants it to fire (a paused schedule is enabled)."""
        return self.status is not ScheduleStatus.DISABLED


class StepKey(NamedTuple):
    """A step of an execution; an item of a mapped step is called `load[3]`."""

    execution_id: ExecutionId
    step: str


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What an execution took over from its schedule when it was made; later changes don't reach it.

    And from its workflow, when it began.
    """

    timeout: timedelta | None = None
    retry: Retry | None = None
    max_concurrency: int | None = None
    """How many executions of the same lane may run at once; None: as many as there are."""
    steps: tuple[str, ...] | None = None
    """The steps that the workflow had; None: it has not begun, or began before this was noted."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a workflow."""

    id: ExecutionId
    workflow_id: WorkflowId
    schedule_id: ScheduleId | None
    status: ExecutionStatus
    trigger: Trigger
    scheduled_time: datetime
    due: datetime | None
    """The schedule's due instant, unique per schedule; None for runs that no rule made."""
    queued_at: datetime
    priority: int
    params: dict[str, PlainData]
    context: dict[str, PlainData]
    options: RunOptions
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result: PlainData = None
    error: Failure | None = None
    retry_of: ExecutionId | None = None
    boot_id: BootId | None = None
    parent: "StepKey | None" = None
    """The step that began it, if one did."""
    wake_at: datetime | None = None
    """While it waits: when it goes on by itself; None: not before something happens."""
    stop_reason: str | None = None
    """Why it was asked to end before its time, if it was."""
    backfill_id: BackfillId | None = None
    """The backfill that made it, if one did."""
    chain: tuple[ScheduleId, ...] = ()
    """The schedules whose events led to it, the first one first."""
    traceparent: str | None = None
    """The W3C trace context that it was asked for with."""

    @property
    def lane(self) -> str | None:
        """Those that share a limit: a backfill's own, else those of a schedule; None: it shares none."""
        return self.backfill_id or self.schedule_id

    @property
    def lineage(self) -> tuple[ScheduleId, ...]:
        """The chain of what its events lead to: its own, and its schedule."""
        return self.chain if self.schedule_id is None else (*self.chain, self.schedule_id)

    @property
    def duration(self) -> timedelta | None:
        """From its start to its end; None while either is missing."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a step, numbered from 1."""

    number: int
    started_at: datetime
    ended_at: datetime | None = None
    error: Failure | None = None


class Progress(NamedTuple):
    """How far a step says it is: `done` of `total` units, and a note."""

    done: float
    total: float
    note: str = ""


class Awaited(NamedTuple):
    """What a step waits for: an instant, an event with a key, or the end of another execution."""

    wake_at: datetime | None = None
    """When the waiting is over: for a sleep the end, for the others the deadline."""
    event: str | None = None
    event_key: str | None = None
    child_id: ExecutionId | None = None


_NOTHING: Final = Awaited()


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step within one execution."""

    name: str
    status: StepStatus
    result: PlainData = None
    progress: Progress | None = None
    attempts: tuple[Attempt, ...] = ()
    awaited: Awaited = _NOTHING


class CalendarSource(StrEnum):
    """What a calendar was made of."""

    DATES = "dates"
    ICALENDAR = "icalendar"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Named days, on which no schedule fires that names the calendar in its `exclude`."""

    name: str
    description: str
    source: CalendarSource
    days: CalendarDays
    since: date | None
    """The first day that was looked for in an iCalendar file; None: there is no limit."""
    through: date | None
    """The last one: events may repeat for ever."""
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Fire:
    """A row of the fire ledger: what was decided about one due instant, and why."""

    schedule_id: ScheduleId
    due: datetime
    decided_at: datetime
    outcome: FireOutcome
    reason: FireReason | None = None
    execution_id: ExecutionId | None = None
    blocked_by: ExecutionId | None = None
    through: datetime | None = None
    """The last instant that the row stands for, when it stands for a long stretch."""
    instants: int = 1
    """How many due instants the row stands for."""
    jitter: timedelta = timedelta(0)
    """By how much it was put off on purpose."""

    @property
    def lateness(self) -> timedelta:
        """How long after the due instant and its jitter it was decided."""
        return self.decided_at - self.due - self.jitter


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that has come, on its way to the schedules that wait for it."""

    id: int
    name: str
    key: str
    """Empty: it came without one."""
    payload: Packed
    at: datetime
    """When it came, and the due instant of what it makes: no two that a schedule gets have the same."""
    chain: tuple[ScheduleId, ...]
    """The schedules that led to it, the first one first."""
    source: ExecutionId | None
    """The execution that sent it, or whose end it tells of; None: it came from outside."""
    listeners: tuple[ScheduleId, ...]
    """The schedules that waited for it when it came."""
    resumed: tuple[ExecutionId, ...]
    """The executions with a step that waited for it."""
    traceparent: str | None = None
    """The W3C trace context that it came with."""


class Receipt(NamedTuple):
    """What is known of an event when it is stored."""

    delivery_id: int | None
    """None: no schedule has anything to decide."""
    answer: tuple[ExecutionId, ...] | None
    """The executions that go on or begin because of it; None: schedules have to decide first."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """Executions that somebody asked for, one for each due instant of a range that had none."""

    id: BackfillId
    schedule_id: ScheduleId
    start: datetime
    end: datetime
    """The first instant that does not belong to it."""
    overlap: Overlap
    max_concurrency: int
    """How many of its executions may run at once."""
    priority: int
    params: dict[str, PlainData]
    """Besides those of the schedule, and before them."""
    total: int
    """How many executions it has made."""
    created_at: datetime
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BackfillProgress:
    """How far a backfill has come, counted from its executions (not from retries of them)."""

    backfill: Backfill
    queued: int = 0
    running: int = 0
    """Those that wait for something count here."""
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def status(self) -> BackfillStatus:
        """Whether there is something left to do."""
        if self.backfill.cancelled_at is not None:
            return BackfillStatus.CANCELLED
        is_open = self.queued or self.running
        return BackfillStatus.RUNNING if is_open else BackfillStatus.FINISHED
