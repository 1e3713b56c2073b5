"""Counters of a schedule computed again from its executions, which are the truth, and what was deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from peewee import fn

from .errors import NotFound, VersionConflict
from .forgotten import Forgotten, forgotten
from .instants import to_micros
from .records import Schedule
from .statements import Statement
from .statuses import FAILED, ExecutionStatus, ScheduleStatus, Trigger
from .tables import ExecutionRow, ScheduleRow
from .transaction import Transaction

_DURATION = ExecutionRow.ended_at - fn.coalesce(ExecutionRow.started_at, ExecutionRow.ended_at)
_STATUS = Statement(
    lambda slot: ScheduleRow.select(
        ScheduleRow.version,
        ScheduleRow.status,
        ScheduleRow.last_error.cast("BLOB"),
        ScheduleRow.last_execution_at,
        ScheduleRow.last_duration,
        ScheduleRow.failures_in_row,
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
        ExecutionRow.select(ExecutionRow.ended_at, _DURATION)
        .where((ExecutionRow.schedule_id == slot("id")) & ExecutionRow.ended_at.is_null(False))
        .order_by(ExecutionRow.ended_at.desc(), ExecutionRow.id.desc())
        .limit(1)
    )
)
_LAST_ERROR = Statement(
    lambda slot: (
        ExecutionRow.select(ExecutionRow.ended_at, ExecutionRow.error.cast("BLOB"))
        .where((ExecutionRow.schedule_id == slot("id")) & ExecutionRow.status.in_(FAILED))
        .order_by(ExecutionRow.ended_at.desc(), ExecutionRow.id.desc())
        .limit(1)
    )
)
_LAST_SUCCESS = Statement(
    lambda slot: ExecutionRow.select(fn.coalesce(fn.max(ExecutionRow.ended_at), 0)).where(
        (ExecutionRow.schedule_id == slot("id"))
        & (ExecutionRow.status == ExecutionStatus.SUCCEEDED.value)
        & ExecutionRow.backfill_id.is_null()
    )
)
_FAILURES_SINCE = Statement(
    lambda slot: ExecutionRow.select(fn.count(ExecutionRow.id)).where(
        (ExecutionRow.schedule_id == slot("id"))
        & ExecutionRow.status.in_(FAILED)
        & ExecutionRow.backfill_id.is_null()
        & (ExecutionRow.ended_at > slot("since"))
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
        stored = _Stored(*found[0])
        if stored.version != self.state.version:
            raise VersionConflict(
                "schedule", self.state.id, expected=self.state.version, found=stored.version
            )
        gone = forgotten(transaction, self.state.id)
        transaction.write(
            _SET,
            {
                **key,
                **_totals(transaction, key, stored, gone),
                "failures_in_row": _streak(transaction, key, stored, gone),
                "last_duration": _newest(
                    transaction.read(_LAST_DURATION, key), gone.ended_at, stored.last_duration
                ),
                "last_error": stored.last_error
                if stored.status == ScheduleStatus.ERROR.value
                else _newest(transaction.read(_LAST_ERROR, key), gone.failed_at, stored.last_error),
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


class _Stored(NamedTuple):
    version: int
    status: str
    last_error: bytes | None
    last_execution_at: int | None
    last_duration: int | None
    failures_in_row: int


def _totals(
    transaction: Transaction, key: Mapping[str, str], stored: _Stored, gone: Forgotten
) -> dict[str, Any]:
    found = dict(zip(_NAMES, transaction.read(_TOTALS, key)[0], strict=True))
    if gone:
        for name in ("executions", "succeeded", "failed", "duration_sum", "runs"):
            found[name] += getattr(gone, name)
        instants = (found["last_execution_at"], stored.last_execution_at)
        found["last_execution_at"] = max((each for each in instants if each), default=None)
    return found


def _streak(
    transaction: Transaction, key: Mapping[str, str], stored: _Stored, gone: Forgotten
) -> int:
    """Failures after the last success; of those that were deleted only the stored count knows how many."""
    ((succeeded_at,),) = transaction.read(_LAST_SUCCESS, key)
    since = max(succeeded_at, gone.streak_succeeded_at)
    if gone.streak_failed_at > since:
        return stored.failures_in_row
    ((failures,),) = transaction.read(_FAILURES_SINCE, {**key, "since": since})
    return int(failures)


def _newest(left: list[tuple[Any, ...]], gone_at: int, stored: Any) -> Any:
    """What the last execution of a kind tells; what is stored, if that one was deleted."""
    at, value = left[0] if left else (0, None)
    return stored if gone_at > at else value


def _micros(instant: datetime | None) -> int | None:
    return None if instant is None else to_micros(instant)
