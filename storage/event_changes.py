"""What an event from outside changes: the steps that wait for it have what they waited for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .events import Event
from .instants import from_micros, to_micros
from .plain_data import Packed
from .records import StepKey
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
    """Store that an event has come, for every step that waits for it. Answers with those steps.

    `key` is "" for an event without one. Steps that begin to wait later do not get it.
    """

    event: str
    key: str
    payload: Packed
    at: datetime

    def apply(self, transaction: Transaction) -> list[StepKey]:
        found = transaction.read(_WAITING, {"event": self.event, "key": self.key})
        steps = [StepKey(execution_id, step) for execution_id, step, *_ in found]
        place = [{"execution_id": key.execution_id, "step": key.step} for key in steps]
        for where in place:
            transaction.write(_RESOLVE, {**where, "result": self.payload})
        for where, (_, _, number, *_) in zip(place, found, strict=True):
            transaction.write(_CLOSE, {**where, "number": number, "at": to_micros(self.at)})
        for where in place:
            transaction.write(_WAKE, {**where, "at": to_micros(self.at)})
        transaction.emit(self._told(*row) for row in found)
        return steps

    def _told(self, *row: Any) -> Event:
        execution_id, step, number, began, workflow_id, schedule_id = row
        data = {
            "step": step,
            "attempt": number,
            "duration": (self.at - from_micros(began)).total_seconds(),
            "resultSize": len(self.payload),
        }
        kind = "workflow.step.completed"
        return Event(kind, self.at, schedule_id, workflow_id, execution_id, data)
