"""What can be asked of a runtime about which workflow something belongs to."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.storage import BackfillId, ExecutionId, ScheduleId, WorkflowId
from quarterjack.storage import scopes as s

from .assembly import Assembly

T = TypeVar("T")


class ScopeCalls(ABC):
    """The calls; who inherits says how a call is made."""

    def workflow_of_schedule(self, schedule_id: str) -> Reply[WorkflowId | None]:
        """Of a schedule, also of a deleted one that has run. None: there is no such thing."""
        key = ScheduleId(schedule_id)
        return self._call(lambda assembly: assembly.read(s.workflow_of_schedule, key))

    def workflow_of_execution(self, execution_id: str) -> Reply[WorkflowId | None]:
        """Of an execution. None: there is no such thing."""
        key = ExecutionId(execution_id)
        return self._call(lambda assembly: assembly.read(s.workflow_of_execution, key))

    def workflow_of_backfill(self, backfill_id: str) -> Reply[WorkflowId | None]:
        """Of a backfill. None: there is no such thing."""
        key = BackfillId(backfill_id)
        return self._call(lambda assembly: assembly.read(s.workflow_of_backfill, key))

    @abstractmethod
    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        """What the call answers; also its errors come through the reply."""
