"""What can be written about an execution: how far it has come, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .errors import NotFound
from .events import Event
from .ids import BootId, ExecutionId
from .instants import from_micros, to_micros
from .plain_data import PlainData, pack
from .records import Attempt, Failure, StepRun
from .recount import FAILED
from .rows import attempt_columns, micros, step_columns
from .statements import Statement, upsert
from .statuses import ExecutionStatus, check_execution
from .tables import AttemptRow, ExecutionRow, ScheduleRow, StepRow
from .transaction import Transaction

_CURRENT = Statement(
    lambda slot: ExecutionRow.select(
        ExecutionRow.status, ExecutionRow.schedule_id, ExecutionRow.started_at
    ).where(ExecutionRow.id == slot("id"))
)
_START = Statement(
    lambda slot: ExecutionRow.update(
        {
            ExecutionRow.status: slot("status"),
            ExecutionRow.started_at: slot("started_at"),
            ExecutionRow.boot_id: slot("boot_id"),
        }
    ).where(ExecutionRow.id == slot("id"))
)
_END = Statement(
    lambda slot: ExecutionRow.update(
        {
            ExecutionRow.status: slot("status"),
            ExecutionRow.ended_at: slot("ended_at"),
            ExecutionRow.result: slot("result"),
            ExecutionRow.error: slot("error"),
        }
    ).where(ExecutionRow.id == slot("id"))
)
_COUNT = Statement(
    lambda slot: ScheduleRow.update(
        {
            ScheduleRow.executions: ScheduleRow.executions + 1,
            ScheduleRow.succeeded: ScheduleRow.succeeded + slot("succeeded"),
            ScheduleRow.failed: ScheduleRow.failed + slot("failed"),
            ScheduleRow.duration_sum: ScheduleRow.duration_sum + slot("duration"),
            ScheduleRow.last_duration: slot("duration"),
        }
    ).where(ScheduleRow.id == slot("id"))
)
_LAST_ERROR = Statement(
    lambda slot: ScheduleRow.update({ScheduleRow.last_error: slot("error")}).where(
        ScheduleRow.id == slot("id")
    )
)
_UPSERT_STEP = upsert(StepRow)
_UPSERT_ATTEMPT = upsert(AttemptRow)


@dataclass(frozen=True, slots=True)
class Started:
    """An execution begins, or goes on after a restart, under the server's run `boot_id`."""

    at: datetime
    boot_id: BootId


@dataclass(frozen=True, slots=True)
class Ended:
    """An execution has reached one of the final statuses."""

    at: datetime
    status: ExecutionStatus
    result: PlainData = None
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class StepChange:
    """A step as it is now, with those of its attempts that changed."""

    step: StepRun
    attempts: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True)
class AdvanceExecution:
    """All that one turn of an execution's actor changed, in one piece.

    Raises `NotFound`, or `IllegalTransition` when the execution has ended already.
    """

    execution_id: ExecutionId
    started: Started | None = None
    steps: Sequence[StepChange] = ()
    ended: Ended | None = None
    events: Sequence[Event] = ()

    def apply(self, transaction: Transaction) -> None:
        found = transaction.read(_CURRENT, {"id": self.execution_id})
        if not found:
            raise NotFound("execution", self.execution_id)
        status, schedule_id, started_at = found[0]
        self._check(ExecutionStatus(status))
        if self.started is not None:
            started_at = started_at or to_micros(self.started.at)
            self._start(transaction, started_at, self.started.boot_id)
        for change in self.steps:
            transaction.write(_UPSERT_STEP, step_columns(self.execution_id, change.step))
            for attempt in change.attempts:
                row = attempt_columns(self.execution_id, change.step.name, attempt)
                transaction.write(_UPSERT_ATTEMPT, row)
        if self.ended is not None:
            self._end(transaction, self.ended)
            if schedule_id is not None:
                _count(transaction, schedule_id, self.ended, started_at)
        transaction.emit(self.events)

    def _check(self, current: ExecutionStatus) -> None:
        if self.started is not None and current is not ExecutionStatus.RUNNING:
            check_execution(self.execution_id, current, ExecutionStatus.RUNNING)
            current = ExecutionStatus.RUNNING
        if self.ended is not None:
            check_execution(self.execution_id, current, self.ended.status)
        elif current is not ExecutionStatus.RUNNING:
            check_execution(self.execution_id, current, ExecutionStatus.RUNNING)

    def _start(self, transaction: Transaction, started_at: int, boot_id: BootId) -> None:
        transaction.write(
            _START,
            {
                "id": self.execution_id,
                "status": ExecutionStatus.RUNNING.value,
                "started_at": started_at,
                "boot_id": boot_id,
            },
        )

    def _end(self, transaction: Transaction, ended: Ended) -> None:
        transaction.write(
            _END,
            {
                "id": self.execution_id,
                "status": ended.status.value,
                "ended_at": to_micros(ended.at),
                "result": ended.result if ended.result is None else _packed(ended.result),
                "error": None if ended.error is None else pack(ended.error),
            },
        )


def _packed(result: PlainData) -> bytes:
    return result if isinstance(result, bytes) else pack(result)


def _count(
    transaction: Transaction, schedule_id: str, ended: Ended, started_at: int | None
) -> None:
    began = ended.at if started_at is None else from_micros(started_at)
    transaction.write(
        _COUNT,
        {
            "id": schedule_id,
            "succeeded": int(ended.status is ExecutionStatus.SUCCEEDED),
            "failed": int(ended.status.value in FAILED),
            "duration": micros(ended.at - began),
        },
    )
    if ended.error is not None and ended.status.value in FAILED:
        transaction.write(_LAST_ERROR, {"id": schedule_id, "error": pack(ended.error)})
