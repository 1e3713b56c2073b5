"""Counters of a schedule computed again from its executions, which are the truth."""

from dataclasses import dataclass
from datetime import datetime

from peewee import fn

from .errors import NotFound, VersionConflict
from .instants import to_micros
from .records import Schedule
from .statements import Statement
from .statuses import ExecutionStatus, ScheduleStatus, Trigger
from .tables import ExecutionRow, ScheduleRow
from .transaction import Transaction

FAILED = (ExecutionStatus.FAILED.value, ExecutionStatus.TIMED_OUT.value)
"""What counts as an error of the schedule."""
_Other = ExecutionRow.alias()
_DURATION = ExecutionRow.ended_at - fn.coalesce(ExecutionRow.started_at, ExecutionRow.ended_at)
_STATUS = Statement(
    lambda slot: ScheduleRow.select(
        ScheduleRow.version, ScheduleRow.status, ScheduleRow.last_error.cast("BLOB")
    ).where(ScheduleRow.id == slot("id"))
)
_TOTALS = Statement(
    lambda slot: ExecutionRow.select(
        fn.count(ExecutionRow.ended_at),
        fn.coalesce(fn.sum(ExecutionRow.status == ExecutionStatus.SUCCEEDED.value), 0),
        fn.coalesce(fn.sum(ExecutionRow.status.in_(FAILED)), 0),
        fn.coalesce(fn.sum(_DURATION), 0),
        fn.max(ExecutionRow.queued_at),
        fn.coalesce(
            fn.sum(
                ExecutionRow.due.is_null(False) & (ExecutionRow.trigger != Trigger.BACKFILL.value)
            ),
            0,
        ),
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
_STREAK = Statement(
    lambda slot: ExecutionRow.select(fn.count(ExecutionRow.id)).where(
        (ExecutionRow.schedule_id == slot("id"))
        & ExecutionRow.status.in_(FAILED)
        & ExecutionRow.backfill_id.is_null()
        & (
            ExecutionRow.ended_at
            > fn.coalesce(
                _Other.select(fn.max(_Other.ended_at)).where(
                    (_Other.schedule_id == slot("id"))
                    & (_Other.status == ExecutionStatus.SUCCEEDED.value)
                    & _Other.backfill_id.is_null()
                ),
                0,
            )
        )
    )
)
_NAMES = ("executions", "succeeded", "failed", "duration_sum", "last_execution_at", "runs")
_SET = Statement(
    lambda slot: ScheduleRow.update(
        {
            getattr(ScheduleRow, name): slot(name)
            for name in (*_NAMES, "failures_in_row", "last_duration", "last_error")
        }
    ).where(ScheduleRow.id == slot("id"))
)

_STATE = Statement(
    lambda slot: ScheduleRow.update(
        {
            ScheduleRow.status: slot("status"),
            ScheduleRow.next_due: slot("next_due"),
            ScheduleRow.next_fire: slot("next_fire"),
        }
    ).where(ScheduleRow.id == slot("id"))
)


@dataclass(frozen=True, slots=True)
class RecountSchedule:
    """Store a schedule's counters and last error as its executions have them, and its state as given.

    A schedule whose own actor fails (status `error`) keeps that as its last error. Raises `NotFound`,
    `VersionConflict`.
    """

    state: Schedule

    def apply(self, transaction: Transaction) -> None:
        key = {"id": self.state.id}
        found = transaction.read(_STATUS, key)
        if not found:
            raise NotFound("schedule", self.state.id)
        version, status, error = found[0]
        if version != self.state.version:
            raise VersionConflict(
                "schedule", self.state.id, expected=self.state.version, found=version
            )
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
                "failures_in_row": transaction.read(_STREAK, key)[0][0],
                "last_duration": durations[0][0] if durations else None,
                "last_error": error,
            },
        )
        transaction.write(
            _STATE,
            {
                **key,
                "status": self.state.status.value,
                "next_due": _micros(self.state.next_due),
                "next_fire": _micros(self.state.next_fire),
            },
        )


def _micros(instant: datetime | None) -> int | None:
    return None if instant is None else to_micros(instant)
