"""The end of an execution as an event, for the schedules that wait for it: stored with the end itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .deliveries import Arrival, listeners, store
from .event_names import name_of_end
from .ids import ExecutionId, ScheduleId, WorkflowId
from .plain_data import Packed, pack, pack_map
from .records import Failure
from .statuses import ExecutionStatus
from .transaction import Transaction

LARGEST_RESULT: Final = 65_536
"""Bytes of a result that the event has in it; a larger one is left out."""
_LONGEST_MESSAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class WorkflowEnd:
    """What is told of it; `lineage` are the schedules that led to it."""

    execution_id: ExecutionId
    workflow_id: WorkflowId
    schedule_id: ScheduleId | None
    lineage: tuple[ScheduleId, ...]
    status: ExecutionStatus
    at: datetime
    result: Packed
    error: Failure | None

    def announce(self, transaction: Transaction) -> None:
        """Store it for the schedules that wait for it, if there are any."""
        name = name_of_end(self.workflow_id, self.status)
        heard_by = () if name is None else listeners(transaction, name)
        if name is None or not heard_by:
            return
        arrival = Arrival(
            name, "", self._payload(), self.at, chain=self.lineage, source=self.execution_id
        )
        store(transaction, arrival, heard_by)

    def _payload(self) -> Packed:
        error = None
        if self.error is not None:
            error = {"type": self.error.type, "message": self.error.message[:_LONGEST_MESSAGE]}
        parts = {
            "executionId": pack(self.execution_id),
            "workflowId": pack(self.workflow_id),
            "scheduleId": pack(self.schedule_id),
            "status": pack(self.status.value),
            "error": pack(error),
        }
        if len(self.result) <= LARGEST_RESULT:
            parts["result"] = self.result
        return pack_map(parts)
