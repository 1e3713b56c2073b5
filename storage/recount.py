"""Counters of a schedule computed again from its executions, which are the truth."""

from dataclasses import dataclass

from peewee import fn

from .errors import NotFound
from .ids import ScheduleId
from .statements import Statement
from .statuses import ExecutionStatus, ScheduleStatus
from .tables import ExecutionRow, ScheduleRow
from .transaction import Transaction

FAILED = (ExecutionStatus.FAILED.value, ExecutionStatus.TIMED_OUT.value)
"""What counts as an error of the schedule."""
_DURATION = ExecutionRow.ended_at - fn.coalesce(ExecutionRow.started_at, ExecutionRow.ended_at)
_STATUS = Statement(
    lambda slot: ScheduleRow.select(ScheduleRow.status, ScheduleRow.last_error.cast("BLOB")).where(
        ScheduleRow.id == slot("id")
    )
)
_TOTALS = Statement(
    lambda slot: ExecutionRow.select(
        fn.count(ExecutionRow.ended_at),
        fn.coalesce(fn.sum(ExecutionRow.status == ExecutionStatus.SUCCEEDED.value), 0),
        fn.coalesce(fn.sum(ExecutionRow.status.in_(FAILED)), 0),
        fn.coalesce(fn.sum(_DURATION), 0),
        fn.max(ExecutionRow.queued_at),
    ).where(ExecutionRow.schedule_id == slot("id"))
)
_LAST_DURATION = Statement(
    lambda slot: (
        ExecutionRow.select(_DURATION)
        .where((ExecutionRow.schedule_id == slot("id")) & ExecutionRow.ended_at.is_null(False))
        .order_by(ExecutionRow.ended_at.desc(), ExecutionRow.id.desc())
        .limit(1)
    )
)
_LAST_ERROR = Statement(
    lambda slot: (
        ExecutionRow.select(ExecutionRow.error.cast("BLOB"))
        .where((ExecutionRow.schedule_id == slot("id")) & ExecutionRow.status.in_(FAILED))
        .order_by(ExecutionRow.ended_at.desc(), ExecutionRow.id.desc())
        .limit(1)
    )
)
_NAMES = ("executions", "succeeded", "failed", "duration_sum", "last_execution_at")
_SET = Statement(
    lambda slot: ScheduleRow.update(
        {
            getattr(ScheduleRow, name): slot(name)
            for name in (*_NAMES, "last_duration", "last_error")
        }
    ).where(ScheduleRow.id == slot("id"))
)


@dataclass(frozen=True, slots=True)
class RecountSchedule:
    """Store a schedule's counters and last error as its executions have them. Raises `NotFound`.

    A schedule whose own actor fails (status `error`) keeps that as its last error.
    """

    schedule_id: ScheduleId

    def apply(self, transaction: Transaction) -> None:
        key = {"id": self.schedule_id}
        found = transaction.read(_STATUS, key)
        if not found:
            raise NotFound("schedule", self.schedule_id)
        status, error = found[0]
        totals = transaction.read(_TOTALS, key)[0]
        durations = transaction.read(_LAST_DURATION, key)
        errors = transaction.read(_LAST_ERROR, key)
        if status != ScheduleStatus.ERROR.value:
            error = errors[0][0] if errors else None
        transaction.write(
            _SET,
            {
                **key,
                **dict(zip(_NAMES, totals, strict=True)),
                "last_duration": durations[0][0] if durations else None,
                "last_error": error,
            },
        )
