"""What is counted while it happens: how executions end, and which due instants make none.

Kept in memory while a transaction is in the making, and added to the stored counts just before its
COMMIT, a row for each hour or day and workflow: so it is exact across a kill, and costs next to nothing.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from peewee import EXCLUDED, Field, Model, fn

from .duration_buckets import bucket_of
from .ids import ScheduleId, WorkflowId
from .statements import Slot, Statement
from .statistics_tables import ScheduleDayRow, WorkflowDurationRow, WorkflowHourRow
from .statuses import ExecutionStatus, FireOutcome

HOUR: Final = 3_600_000_000
DAY: Final = 24 * HOUR
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()
COUNTED_AS: Final[Mapping[str, str]] = {
    ExecutionStatus.SUCCEEDED.value: "succeeded",
    ExecutionStatus.FAILED.value: "failed",
    ExecutionStatus.TIMED_OUT.value: "timed_out",
    ExecutionStatus.CANCELLED.value: "cancelled",
    ExecutionStatus.SKIPPED.value: "skipped",
}
"""The column of each final status."""
LEFT: Final[Mapping[str, str]] = {
    FireOutcome.SKIPPED.value: "skipped",
    FireOutcome.MISSED.value: "missed",
}
"""The column of each outcome of a due instant that made no execution."""
_COUNTS: Final = ("succeeded", "failed", "timed_out", "cancelled", "skipped", "missed")
_SUMMED: Final[Mapping[type[Model], tuple[str, ...]]] = {
    WorkflowHourRow: _COUNTS,
    ScheduleDayRow: (*_COUNTS, "duration_sum"),
    WorkflowDurationRow: ("executions", "duration_sum"),
}


def _field(model: type[Model], name: str) -> Field:
    found: Field = getattr(model, name)
    return found


def _adding(model: type[Model]) -> Statement:
    """Adds to the row of that key, or makes it."""
    key = list(model._meta.get_primary_keys())

    def build(slot: Slot) -> Any:
        row = {field: slot(field.column_name) for field in model._meta.sorted_fields}
        sums = [_field(model, name) for name in _SUMMED[model]]
        added = {field: field + getattr(EXCLUDED, field.column_name) for field in sums}
        return model.insert(row).on_conflict(conflict_target=key, update=added)

    return Statement(build)


def _taking(model: type[Model]) -> Statement:
    """Takes what is not so any more from the skipped and missed ones of the row of that key."""

    def build(slot: Slot) -> Any:
        fields = [_field(model, name) for name in LEFT.values()]
        less = {field: fn.max(0, field + slot(field.column_name)) for field in fields}
        update = model.update(less)
        for field in model._meta.get_primary_keys():
            update = update.where(field == slot(field.column_name))
        return update

    return Statement(build)


_ADD: Final[Mapping[type[Model], Statement]] = {model: _adding(model) for model in _SUMMED}
_TAKE: Final[Mapping[type[Model], Statement]] = {
    model: _taking(model) for model in (WorkflowHourRow, ScheduleDayRow)
}
_NOTHING: Final = {model: dict.fromkeys(names, 0) for model, names in _SUMMED.items()}
_Rows = dict[tuple[Any, ...], dict[str, Any]]


class Tally:
    """The counts of one transaction; instants and durations are microseconds."""

    def __init__(self) -> None:
        self._added: dict[type[Model], _Rows] = {model: {} for model in _SUMMED}
        self._taken: dict[type[Model], _Rows] = {model: {} for model in _TAKE}

    def ended(
        self,
        workflow_id: WorkflowId,
        schedule_id: ScheduleId | None,
        status: ExecutionStatus,
        started_at: int | None,
        ended_at: int,
    ) -> None:
        """An execution has ended; one that never began took no time."""
        name, added = COUNTED_AS[status.value], self._added
        _hour(added, ended_at, workflow_id)[name] += 1
        duration = 0
        if status is ExecutionStatus.SUCCEEDED:
            duration = 0 if started_at is None else max(0, ended_at - started_at)
            alike = _alike(added, ended_at, workflow_id, duration)
            alike["executions"] += 1
            alike["duration_sum"] += duration
        if schedule_id is not None:
            day = _day(added, ended_at, workflow_id, schedule_id)
            day[name] += 1
            day["duration_sum"] += duration

    def left(
        self,
        workflow_id: WorkflowId,
        schedule_id: ScheduleId,
        outcome: str,
        due: int,
        instants: int,
    ) -> None:
        """Due instants made no execution, or (fewer than none of them) that is not so any more."""
        name = LEFT.get(outcome)
        if name is None:
            return
        rows = self._added if instants > 0 else self._taken
        _hour(rows, due, workflow_id)[name] += instants
        _day(rows, due, workflow_id, schedule_id)[name] += instants

    def writes(self) -> Iterator[tuple[Statement, dict[str, Any]]]:
        """What makes the stored counts right, equal statements in a row."""
        for statements, rows_of in ((_ADD, self._added), (_TAKE, self._taken)):
            for model, rows in rows_of.items():
                for row in rows.values():
                    yield statements[model], row


def _hour(rows: dict[type[Model], _Rows], at: int, workflow_id: WorkflowId) -> dict[str, Any]:
    key = at // HOUR * HOUR, workflow_id
    found = rows[WorkflowHourRow].get(key)
    if found is None:
        found = {"hour": key[0], "workflow_id": workflow_id, **_NOTHING[WorkflowHourRow]}
        rows[WorkflowHourRow][key] = found
    return found


def _day(
    rows: dict[type[Model], _Rows], at: int, workflow_id: WorkflowId, schedule_id: ScheduleId
) -> dict[str, Any]:
    key = schedule_id, day_of(at), workflow_id
    found = rows[ScheduleDayRow].get(key)
    if found is None:
        named = {"schedule_id": schedule_id, "day": key[1], "workflow_id": workflow_id}
        found = rows[ScheduleDayRow][key] = named | _NOTHING[ScheduleDayRow]
    return found


def _alike(
    rows: dict[type[Model], _Rows], at: int, workflow_id: WorkflowId, duration: int
) -> dict[str, Any]:
    key = workflow_id, day_of(at), bucket_of(duration)
    found = rows[WorkflowDurationRow].get(key)
    if found is None:
        named = {"workflow_id": workflow_id, "day": key[1], "bucket": key[2]}
        found = rows[WorkflowDurationRow][key] = named | _NOTHING[WorkflowDurationRow]
    return found


def day_of(micros: int) -> int:
    """The UTC day of an instant, as it is stored."""
    return micros // DAY + _FIRST_DAY
