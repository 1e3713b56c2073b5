"""What can be written about an execution: how far it has come, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import fn

from .errors import NotFound
from .event_changes import DeliverEvent
from .events import Event
from .failure_streak import count_failure
from .ids import BootId, ExecutionId, ScheduleId, WorkflowId
from .instants import from_micros, to_micros
from .plain_data import Packed, PlainData, pack, unpack
from .records import Attempt, Execution, Failure, RunOptions, StepRun
from .rows import (
    attempt_columns,
    execution_columns,
    micros,
    packed_options,
    step_columns,
)
from .statements import Statement, insert, upsert
from .statuses import FAILED, ExecutionStatus, StepStatus, check_execution, refused
from .tables import AttemptRow, ExecutionRow, OutputRow, ScheduleRow, StepRow
from .transaction import Transaction
from .workflow_ends import WorkflowEnd

_OPEN = [status.value for status in (StepStatus.RUNNING, StepStatus.RETRYING, StepStatus.WAITING)]
_CURRENT = Statement(
    lambda slot: ExecutionRow.select(
        ExecutionRow.status,
        ExecutionRow.schedule_id,
        ExecutionRow.started_at,
        ExecutionRow.backfill_id,
        ExecutionRow.workflow_id,
        ExecutionRow.chain.cast("BLOB"),
    ).where(ExecutionRow.id == slot("id"))
)
_START = Statement(
    lambda slot: ExecutionRow.update(
        {
            ExecutionRow.status: slot("status"),
            ExecutionRow.started_at: slot("started_at"),
            ExecutionRow.boot_id: slot("boot_id"),
            ExecutionRow.wake_at: None,
            ExecutionRow.options: fn.coalesce(slot("options"), ExecutionRow.options),
        }
    ).where(ExecutionRow.id == slot("id"))
)
_PARK = Statement(
    lambda slot: ExecutionRow.update(
        {ExecutionRow.status: slot("status"), ExecutionRow.wake_at: slot("wake_at")}
    ).where(ExecutionRow.id == slot("id"))
)
_STOP = Statement(
    lambda slot: ExecutionRow.update({ExecutionRow.stop_reason: slot("reason")}).where(
        ExecutionRow.id == slot("id")
    )
)
_STEP_STATUS = Statement(
    lambda slot: StepRow.select(StepRow.status).where(
        (StepRow.execution == slot("id")) & (StepRow.name == slot("name"))
    )
)
_OPEN_STEPS = Statement(
    lambda slot: StepRow.select(fn.count(StepRow.name)).where(
        (StepRow.execution == slot("id")) & StepRow.status.in_(_OPEN)
    )
)
_END = Statement(
    lambda slot: ExecutionRow.update(
        {
            ExecutionRow.status: slot("status"),
            ExecutionRow.ended_at: slot("ended_at"),
            ExecutionRow.result: slot("result"),
            ExecutionRow.error: slot("error"),
            ExecutionRow.wake_at: None,
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
            ScheduleRow.failures_in_row: ScheduleRow.failures_in_row * slot("keep_streak"),
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
_INSERT_EXECUTION = insert(ExecutionRow)
_PUT_OUTPUT = Statement(
    lambda slot: OutputRow.insert(
        {
            OutputRow.execution: slot("execution_id"),
            OutputRow.step: slot("step"),
            OutputRow.number: slot("number"),
            OutputRow.output: slot("output"),
        }
    ).on_conflict_replace()
)


@dataclass(frozen=True, slots=True)
class Started:
    """An execution begins, or goes on after a restart, under the server's run `boot_id`.

    `options` are given when it begins: they name the workflow's steps now.
    """

    at: datetime
    boot_id: BootId
    options: RunOptions | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """An execution has reached one of the final statuses."""

    at: datetime
    status: ExecutionStatus
    result: PlainData = None
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """All its steps wait: until that instant, or only until something happens.

    If fewer steps are stored as open than it believes, an event has come `at` this moment.
    """

    wake_at: datetime | None
    open_steps: int
    at: datetime


@dataclass(frozen=True, slots=True)
class StepChange:
    """A step as it is now, with those of its attempts that changed.

    `output` is what the newest of the attempts wrote. With `was`, the step must still have that
    status, else somebody has decided about it already.
    """

    step: StepRun
    attempts: Sequence[Attempt] = ()
    output: Packed | None = None
    was: StepStatus | None = None


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
    parked: Parked | None = None
    children: Sequence[Execution] = ()
    """Executions that its steps begin."""
    stop_reason: str | None = None
    """It was asked to end before its time: remembered, so that it also ends after a crash."""
    emitted: Sequence[DeliverEvent] = ()
    """Events that its steps sent, in their order; they come before all that follows from them."""

    def apply(self, transaction: Transaction) -> None:
        found = transaction.read(_CURRENT, {"id": self.execution_id})
        if not found:
            raise NotFound("execution", self.execution_id)
        status, schedule_id, started_at, backfill_id, workflow_id, chain = found[0]
        self._check(ExecutionStatus(status))
        for event in self.emitted:
            event.apply(transaction)
        if self.started is not None:
            started_at = started_at or to_micros(self.started.at)
            self._start(transaction, started_at, self.started)
        for change in self.steps:
            self._step(transaction, change)
        for child in self.children:
            transaction.write(_INSERT_EXECUTION, execution_columns(child))
        if self.stop_reason is not None:
            transaction.write(_STOP, {"id": self.execution_id, "reason": self.stop_reason})
        if self.parked is not None:
            self._park(transaction, self.parked)
        transaction.emit(self.events)
        if self.ended is not None:
            self._end(transaction, self.ended)
            end, ended_at = self.ended.status, to_micros(self.ended.at)
            transaction.tally.ended(workflow_id, schedule_id, end, started_at, ended_at)
            if schedule_id is not None:
                backfilled = backfill_id is not None
                _count(transaction, schedule_id, self.ended, started_at, backfilled=backfilled)
            self._announce(transaction, self.ended, workflow_id, schedule_id, chain)

    def _step(self, transaction: Transaction, change: StepChange) -> None:
        step = change.step
        if change.was is not None:
            self._check_step(transaction, step, change.was)
        transaction.write(_UPSERT_STEP, step_columns(self.execution_id, step))
        for attempt in change.attempts:
            row = attempt_columns(self.execution_id, step.name, attempt)
            transaction.write(_UPSERT_ATTEMPT, row)
        if change.output is not None and change.attempts:
            output = {"step": step.name, "number": change.attempts[-1].number}
            row = {"execution_id": self.execution_id, **output, "output": change.output}
            transaction.write(_PUT_OUTPUT, row)

    def _check_step(self, transaction: Transaction, step: StepRun, was: StepStatus) -> None:
        found = transaction.read(_STEP_STATUS, {"id": self.execution_id, "name": step.name})
        if found and found[0][0] != was.value:
            key = f"{self.execution_id}:{step.name}"
            raise refused("step", key, current=found[0][0], wanted=step.status)

    def _check(self, current: ExecutionStatus) -> None:
        if self.started is not None and current is not ExecutionStatus.RUNNING:
            check_execution(self.execution_id, current, ExecutionStatus.RUNNING)
            current = ExecutionStatus.RUNNING
        if self.ended is not None:
            check_execution(self.execution_id, current, self.ended.status)
        elif current is not ExecutionStatus.RUNNING:
            check_execution(self.execution_id, current, ExecutionStatus.RUNNING)

    def _start(self, transaction: Transaction, started_at: int, started: Started) -> None:
        options = started.options
        transaction.write(
            _START,
            {
                "id": self.execution_id,
                "status": ExecutionStatus.RUNNING.value,
                "started_at": started_at,
                "boot_id": started.boot_id,
                "options": None if options is None else packed_options(options),
            },
        )

    def _park(self, transaction: Transaction, parked: Parked) -> None:
        wake_at = None if parked.wake_at is None else to_micros(parked.wake_at)
        status = ExecutionStatus.WAITING.value
        ((found,),) = transaction.read(_OPEN_STEPS, {"id": self.execution_id})
        if found < parked.open_steps:  # it goes on also if the server is killed now
            wake_at = to_micros(parked.at)
        transaction.write(_PARK, {"id": self.execution_id, "status": status, "wake_at": wake_at})

    def _end(self, transaction: Transaction, ended: Ended) -> None:
        transaction.write(
            _END,
            {
                "id": self.execution_id,
                "status": ended.status.value,
                "ended_at": to_micros(ended.at),
                "result": None if ended.result is None else _packed(ended.result),
                "error": None if ended.error is None else pack(ended.error),
            },
        )

    def _announce(
        self,
        transaction: Transaction,
        ended: Ended,
        workflow_id: WorkflowId,
        schedule_id: ScheduleId | None,
        chain: bytes | None,
    ) -> None:
        before: list[ScheduleId] = [] if chain is None else unpack(chain)
        end = WorkflowEnd(
            self.execution_id,
            workflow_id,
            schedule_id,
            tuple(before if schedule_id is None else [*before, schedule_id]),
            ended.status,
            ended.at,
            _packed(ended.result),
            ended.error,
        )
        end.announce(transaction)


def _packed(result: PlainData) -> Packed:
    return Packed(result) if isinstance(result, bytes) else pack(result)


def _count(
    transaction: Transaction,
    schedule_id: ScheduleId,
    ended: Ended,
    started_at: int | None,
    *,
    backfilled: bool,
) -> None:
    """Count it with its schedule's; what was backfilled neither makes nor ends a row of failures."""
    began = ended.at if started_at is None else from_micros(started_at)
    transaction.write(
        _COUNT,
        {
            "id": schedule_id,
            "succeeded": int(ended.status is ExecutionStatus.SUCCEEDED),
            "failed": int(ended.status.value in FAILED),
            "duration": micros(ended.at - began),
            "keep_streak": int(backfilled or ended.status is not ExecutionStatus.SUCCEEDED),
        },
    )
    if ended.status.value in FAILED:
        if not backfilled:
            count_failure(transaction, schedule_id, ended.at, ended.error)
        if ended.error is not None:
            transaction.write(_LAST_ERROR, {"id": schedule_id, "error": pack(ended.error)})
