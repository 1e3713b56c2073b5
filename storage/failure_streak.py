"""Failures in a row of a schedule, and the pause that `pauseOnFailure` makes of them.

Counted in the transaction that ends the execution, so that no failure is missed and none counts twice.
"""

from datetime import datetime

from .configs import ExecutionConfig
from .events import Event
from .ids import ScheduleId
from .instants import to_micros
from .plain_data import unpack
from .records import Failure
from .statements import Statement
from .statuses import SCHEDULE_TRANSITIONS, ScheduleStatus
from .tables import ScheduleRow
from .transaction import Transaction

_LONGEST_NOTE = 300
_STREAK = Statement(
    lambda slot: ScheduleRow.select(
        ScheduleRow.failures_in_row,
        ScheduleRow.status,
        ScheduleRow.workflow_id,
        ScheduleRow.execution_config.cast("BLOB"),
    ).where(ScheduleRow.id == slot("id"))
)
_SET = Statement(
    lambda slot: ScheduleRow.update({ScheduleRow.failures_in_row: slot("failures")}).where(
        ScheduleRow.id == slot("id")
    )
)
_PAUSE = Statement(
    lambda slot: ScheduleRow.update(
        {
            ScheduleRow.status: ScheduleStatus.PAUSED.value,
            ScheduleRow.note: slot("note"),
            ScheduleRow.next_fire: None,
            ScheduleRow.version: ScheduleRow.version + 1,
            ScheduleRow.updated_at: slot("at"),
        }
    ).where(ScheduleRow.id == slot("id"))
)


def count_failure(
    transaction: Transaction, schedule_id: ScheduleId, at: datetime, error: Failure | None
) -> None:
    """One more execution of the schedule has failed: pause it if that is one too many."""
    found = transaction.read(_STREAK, {"id": schedule_id})
    if not found:
        return  # the schedule was deleted
    failures, status, workflow_id, packed = found[0]
    failures += 1
    transaction.write(_SET, {"id": schedule_id, "failures": failures})
    limit = ExecutionConfig.model_validate(unpack(packed)).pause_on_failure
    if limit is None or failures < limit:
        return
    if status == ScheduleStatus.PAUSED or (
        ScheduleStatus.PAUSED not in SCHEDULE_TRANSITIONS[ScheduleStatus(status)]
    ):
        return
    note = _note(failures, error)
    transaction.write(_PAUSE, {"id": schedule_id, "note": note, "at": to_micros(at)})
    event = Event("schedule.paused", at, schedule_id, workflow_id, None, {"note": note})
    transaction.emit([event])


def _note(failures: int, error: Failure | None) -> str:
    times = "a failure" if failures == 1 else f"{failures} failures in a row"
    if error is None:
        return f"paused after {times}"
    return f"paused after {times}; the last: {error.type}: {error.message}"[:_LONGEST_NOTE]
