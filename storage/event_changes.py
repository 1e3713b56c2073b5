"""What an event changes when it comes: the steps that wait for it have what they waited for, and the
schedules that do have something to decide."""

from dataclasses import dataclass
from typing import Any

from .deliveries import Arrival, known, listeners, store
from .events import Event
from .instants import from_micros, to_micros
from .records import Receipt, StepKey
from .statements import Statement
from .statuses import UNFINISHED, ExecutionStatus, StepStatus
from .tables import AttemptRow, ExecutionRow, StepRow
from .transaction import Transaction

_WAITING = Statement(
    lambda slot: (
        AttemptRow.select(
            AttemptRow.execution,
            AttemptRow.step,
            AttemptRow.number,
            AttemptRow.started_at,
            ExecutionRow.workflow_id,
            ExecutionRow.schedule_id,
        )
        .join(
            StepRow,
            on=(StepRow.execution == AttemptRow.execution) & (StepRow.name == AttemptRow.step),
        )
        .join(ExecutionRow, on=(ExecutionRow.id == AttemptRow.execution))
        .where(
            (StepRow.event == slot("event"))
            & (StepRow.event_key == slot("key"))
            & (StepRow.status == StepStatus.WAITING.value)
            & AttemptRow.ended_at.is_null()
            & ExecutionRow.status.in_([status.value for status in UNFINISHED])
        )
        .order_by(ExecutionRow.queued_at, AttemptRow.execution, AttemptRow.step)
    )
)
_RESOLVE = Statement(
    lambda slot: StepRow.update(
        {
            StepRow.status: StepStatus.SUCCEEDED.value,
            StepRow.result: slot("result"),
            StepRow.wake_at: None,
            StepRow.event: None,
            StepRow.event_key: None,
        }
    ).where((StepRow.execution == slot("execution_id")) & (StepRow.name == slot("step")))
)
_CLOSE = Statement(
    lambda slot: AttemptRow.update({AttemptRow.ended_at: slot("at")}).where(
        (AttemptRow.execution == slot("execution_id"))
        & (AttemptRow.step == slot("step"))
        & (AttemptRow.number == slot("number"))
    )
)
_WAKE = Statement(
    lambda slot: ExecutionRow.update({ExecutionRow.wake_at: slot("at")}).where(
        (ExecutionRow.id == slot("execution_id"))
        & (ExecutionRow.status == ExecutionStatus.WAITING.value)
    )
)
"""A server that is killed before anybody was told lets them go on at its next start."""


@dataclass(frozen=True, slots=True)
class DeliverEvent:
    """Store that an event has come: for every step that waits for it, and for the schedules that do.

    Answers with what is known of it then. Steps and schedules that begin to wait later do not get it.
    One that was sent before under the same idempotency key changes nothing. Raises
    `IdempotencyConflict`.
    """

    arrival: Arrival

    def apply(self, transaction: Transaction) -> Receipt:
        arrival = self.arrival
        receipt = known(transaction, arrival)
        if receipt is not None:
            return receipt
        steps = self._resolve(transaction)
        resumed = tuple(dict.fromkeys(step.execution_id for step in steps))
        return store(transaction, arrival, listeners(transaction, arrival.name), resumed)

    def _resolve(self, transaction: Transaction) -> list[StepKey]:
        """The steps that waited for it have it now."""
        arrival, at = self.arrival, to_micros(self.arrival.at)
        found = transaction.read(_WAITING, {"event": arrival.name, "key": arrival.key})
        steps = [StepKey(execution_id, step) for execution_id, step, *_ in found]
        place = [{"execution_id": key.execution_id, "step": key.step} for key in steps]
        for where in place:
            transaction.write(_RESOLVE, {**where, "result": arrival.payload})
        for where, (_, _, number, *_) in zip(place, found, strict=True):
            transaction.write(_CLOSE, {**where, "number": number, "at": at})
        for where in place:
            transaction.write(_WAKE, {**where, "at": at})
        transaction.emit(self._told(*row) for row in found)
        transaction.wake(steps)
        return steps

    def _told(self, *row: Any) -> Event:
        execution_id, step, number, began, workflow_id, schedule_id = row
        at = self.arrival.at
        data = {
            "step": step,
            "attempt": number,
            "duration": (at - from_micros(began)).total_seconds(),
            "resultSize": len(self.arrival.payload),
        }
        return Event("workflow.step.completed", at, schedule_id, workflow_id, execution_id, data)
