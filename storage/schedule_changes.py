"""What can be written about a schedule and its fires."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peewee import fn

from .calendar_changes import require_calendars, require_versions
from .errors import AlreadyExists, NotFound, VersionConflict
from .events import Event
from .forgotten import forget
from .ids import ExecutionId, ScheduleId, WorkflowId
from .instants import to_micros
from .plain_data import pack
from .records import Execution, Failure, Fire, Schedule
from .rows import execution_columns, fire_columns, schedule_columns
from .statements import Statement, insert
from .statuses import ScheduleStatus, check_schedule
from .tables import ExecutionRow, FireRow, ScheduleRow
from .transaction import Transaction

_VERSION = Statement(
    lambda slot: ScheduleRow.select(ScheduleRow.version, ScheduleRow.status).where(
        ScheduleRow.id == slot("id")
    )
)
_INSERT = insert(ScheduleRow)
_OWNED = (
    "workflow_id",
    "name",
    "description",
    "status",
    "note",
    "schedule_config",
    "execution_config",
    "metadata",
    "version",
    "updated_at",
    "next_due",
    "next_fire",
    "resumed_at",
    "event",
)
"""The columns that a schedule's actor decides; counters and last error belong to its executions."""
_UPDATE = Statement(
    lambda slot: ScheduleRow.update(
        {getattr(ScheduleRow, name): slot(name) for name in _OWNED}
    ).where(ScheduleRow.id == slot("id"))
)
_DELETE = Statement(lambda slot: ScheduleRow.delete().where(ScheduleRow.id == slot("id")))
_ADVANCE = Statement(
    lambda slot: ScheduleRow.update(
        {
            ScheduleRow.next_due: slot("next_due"),
            ScheduleRow.next_fire: slot("next_fire"),
            ScheduleRow.status: slot("status"),
            ScheduleRow.runs: ScheduleRow.runs + slot("made"),
            ScheduleRow.last_execution_at: fn.coalesce(
                slot("last_execution_at"), ScheduleRow.last_execution_at
            ),
        }
    ).where(ScheduleRow.id == slot("id"))
)
_FORGIVE = Statement(
    lambda slot: ScheduleRow.update({ScheduleRow.failures_in_row: 0}).where(
        ScheduleRow.id == slot("id")
    )
)
_TOUCH = Statement(
    lambda slot: ScheduleRow.update({ScheduleRow.last_execution_at: slot("at")}).where(
        ScheduleRow.id == slot("id")
    )
)
_QUARANTINE = Statement(
    lambda slot: ScheduleRow.update(
        {ScheduleRow.status: slot("status"), ScheduleRow.last_error: slot("error")}
    ).where(ScheduleRow.id == slot("id"))
)
_DECIDED = Statement(
    lambda slot: FireRow.select(FireRow.due).where(
        (FireRow.schedule_id == slot("schedule_id")) & (FireRow.due == slot("due"))
    )
)
_WORKFLOW = Statement(
    lambda slot: ScheduleRow.select(ScheduleRow.workflow_id).where(ScheduleRow.id == slot("id"))
)
_EXISTS = Statement(
    lambda slot: ExecutionRow.select(ExecutionRow.id).where(ExecutionRow.id == slot("id"))
)
_INSERT_FIRE = insert(FireRow)
_INSERT_EXECUTION = insert(ExecutionRow)


def require_schedule(transaction: Transaction, key: ScheduleId) -> tuple[int, ScheduleStatus]:
    """The version and status of a schedule. Raises `NotFound`."""
    found = transaction.read(_VERSION, {"id": key})
    if not found:
        raise NotFound("schedule", key)
    return int(found[0][0]), ScheduleStatus(found[0][1])


@dataclass(frozen=True, slots=True)
class CreateSchedule:
    """Store a new schedule.

    Raises `AlreadyExists` when its id is taken, `InvalidInput` for a calendar that does not exist.
    """

    schedule: Schedule
    events: Sequence[Event]

    def apply(self, transaction: Transaction) -> Schedule:
        if transaction.read(_VERSION, {"id": self.schedule.id}):
            raise AlreadyExists("schedule", self.schedule.id)
        require_calendars(transaction, self.schedule.schedule_config.exclude)
        transaction.write(_INSERT, schedule_columns(self.schedule))
        transaction.emit(self.events)
        return self.schedule


@dataclass(frozen=True, slots=True)
class ChangeSchedule:
    """Store what the schedule's actor decided, if the stored version is still `expected`.

    Raises `NotFound`, `VersionConflict`, `IllegalTransition`, and `InvalidInput` for a calendar that
    does not exist.
    """

    schedule: Schedule
    expected: int
    events: Sequence[Event] = ()

    def apply(self, transaction: Transaction) -> Schedule:
        key = self.schedule.id
        version, status = require_schedule(transaction, key)
        if version != self.expected:
            raise VersionConflict("schedule", key, expected=self.expected, found=version)
        check_schedule(key, status, self.schedule.status)
        require_calendars(transaction, self.schedule.schedule_config.exclude)
        transaction.write(_UPDATE, schedule_columns(self.schedule))
        if status is ScheduleStatus.PAUSED and self.schedule.status is ScheduleStatus.ACTIVE:
            transaction.write(_FORGIVE, {"id": key})
        transaction.emit(self.events)
        return self.schedule


@dataclass(frozen=True, slots=True)
class QuarantineSchedule:
    """Store that a schedule's actor can't go on: status `error`, and why. Raises `NotFound`.

    The events are told when it comes to that, not again with each slow retry.
    """

    schedule_id: ScheduleId
    error: Failure
    events: Sequence[Event]

    def apply(self, transaction: Transaction) -> None:
        _, current = require_schedule(transaction, self.schedule_id)
        check_schedule(self.schedule_id, current, ScheduleStatus.ERROR)
        transaction.write(
            _QUARANTINE,
            {
                "id": self.schedule_id,
                "status": ScheduleStatus.ERROR.value,
                "error": pack(self.error),
            },
        )
        if current is not ScheduleStatus.ERROR:
            transaction.emit(self.events)


@dataclass(frozen=True, slots=True)
class DeleteSchedule:
    """Forget a schedule; its executions and fires stay as history. Raises `NotFound`."""

    schedule_id: ScheduleId
    events: Sequence[Event]

    def apply(self, transaction: Transaction) -> None:
        require_schedule(transaction, self.schedule_id)
        transaction.write(_DELETE, {"id": self.schedule_id})
        forget(transaction, self.schedule_id)
        transaction.emit(self.events)


@dataclass(frozen=True, slots=True)
class Decision:
    """One due instant's ledger row, the execution that it makes (if any), and what is told of it."""

    fire: Fire
    execution: Execution | None
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class RecordFires:
    """Store what was decided about due instants, and when the schedule is due next.

    An instant that has a row already is left alone. Answers with the executions that are new.
    Raises `NotFound`, and `VersionConflict` when the schedule was changed meanwhile, or one of its
    calendars.
    """

    schedule_id: ScheduleId
    expected: int
    decisions: Sequence[Decision]
    next_due: datetime | None
    next_fire: datetime | None
    status: ScheduleStatus
    calendars: Mapping[str, int] = field(default_factory=dict)
    """The versions of the calendars that it was decided with."""

    def apply(self, transaction: Transaction) -> list[Execution]:
        version, current = require_schedule(transaction, self.schedule_id)
        if version != self.expected:
            raise VersionConflict(
                "schedule", self.schedule_id, expected=self.expected, found=version
            )
        require_versions(transaction, self.calendars)
        check_schedule(self.schedule_id, current, self.status)
        made: list[Execution] = []
        left: list[Fire] = []
        for decision in self.decisions:
            fire = fire_columns(decision.fire)
            if transaction.read(_DECIDED, fire):
                continue
            transaction.write(_INSERT_FIRE, fire)
            if decision.execution is not None:
                transaction.write(_INSERT_EXECUTION, execution_columns(decision.execution))
                made.append(decision.execution)
            else:
                left.append(decision.fire)
            transaction.emit(decision.events)
        count_left(transaction, self.schedule_id, left)
        transaction.write(
            _ADVANCE,
            {
                "id": self.schedule_id,
                "next_due": None if self.next_due is None else to_micros(self.next_due),
                "next_fire": None if self.next_fire is None else to_micros(self.next_fire),
                "status": self.status.value,
                "made": len(made),
                "last_execution_at": to_micros(made[-1].queued_at) if made else None,
            },
        )
        return made


@dataclass(frozen=True, slots=True)
class RecordRun:
    """Store an execution that no rule made: a manual trigger, an API run, a retry."""

    execution: Execution
    events: Sequence[Event]
    is_id_given: bool = False
    """Whoever asked has chosen the id, so it may be taken: raises `AlreadyExists` then."""

    def apply(self, transaction: Transaction) -> ExecutionId:
        if self.is_id_given:
            require_free_id(transaction, self.execution.id)
        schedule_id = self.execution.schedule_id
        if schedule_id is not None:
            require_schedule(transaction, schedule_id)
        transaction.write(_INSERT_EXECUTION, execution_columns(self.execution))
        if schedule_id is not None:
            touch_schedule(transaction, schedule_id, self.execution.queued_at)
        transaction.emit(self.events)
        return self.execution.id


def count_left(transaction: Transaction, key: ScheduleId, fires: Sequence[Fire]) -> None:
    """Count the due instants of a schedule that made no execution."""
    if fires:
        workflow_id = workflow_of(transaction, key)
        for each in fires:
            outcome, due = each.outcome.value, to_micros(each.due)
            transaction.tally.left(workflow_id, key, outcome, due, each.instants)


def workflow_of(transaction: Transaction, key: ScheduleId) -> WorkflowId:
    """The workflow of a schedule that there is."""
    return WorkflowId(transaction.read(_WORKFLOW, {"id": key})[0][0])


def require_free_id(transaction: Transaction, key: ExecutionId) -> None:
    """Raise `AlreadyExists` if there is an execution of that id."""
    if transaction.read(_EXISTS, {"id": key}):
        raise AlreadyExists("execution", key)


def touch_schedule(transaction: Transaction, schedule_id: ScheduleId, at: datetime) -> None:
    """Remember when it had its newest execution."""
    values: dict[str, Any] = {"id": schedule_id, "at": to_micros(at)}
    transaction.write(_TOUCH, values)
