"""How many executions may run at once: in all, of each workflow, of each schedule. Pure counting.

What runs takes a place in each of the limits that it is under, until it has ended. What waits without
an actor keeps only that of its schedule, so that the next one does not begin beside it. A schedule's
limit is the one that the execution was made with.
"""

from collections.abc import Mapping
from typing import TypeVar

from quarterjack.storage import Execution, ExecutionId, ScheduleId, WorkflowId

from .workflow import Workflow

Key = TypeVar("Key", bound=str)


class Places:
    """Who may take one is asked before; taking one beyond a limit is possible, and counts."""

    def __init__(self, concurrency: int, workflows: Mapping[WorkflowId, Workflow]) -> None:
        self._concurrency = concurrency
        self._workflows = workflows
        self._taken = 0
        self._of_workflow: dict[WorkflowId, int] = {}
        self._of_schedule: dict[ScheduleId, set[ExecutionId]] = {}

    def take(self, execution: Execution) -> None:
        """It runs now."""
        self._taken += 1
        _add(self._of_workflow, execution.workflow_id, 1)
        self.hold(execution)

    def rest(self, execution: Execution) -> None:
        """It waits without an actor: only its schedule's place stays its own."""
        self._taken -= 1
        _add(self._of_workflow, execution.workflow_id, -1)

    def hold(self, execution: Execution) -> None:
        """It has begun, so it has its schedule's place, whether it runs or waits."""
        if execution.schedule_id is not None and execution.options.max_concurrency is not None:
            self._of_schedule.setdefault(execution.schedule_id, set()).add(execution.id)

    def release(self, execution: Execution) -> None:
        """It has ended: its schedule's place is free."""
        if execution.schedule_id in self._of_schedule:
            holders = self._of_schedule[execution.schedule_id]
            holders.discard(execution.id)
            if not holders:
                del self._of_schedule[execution.schedule_id]

    def left(self) -> bool:
        """Whether one more may run at all."""
        return self._taken < self._concurrency

    def left_for_workflow(self, key: WorkflowId) -> bool:
        """Whether one more of the workflow may run."""
        workflow = self._workflows.get(key)
        limit = None if workflow is None else workflow.max_concurrency
        return limit is None or self._of_workflow.get(key, 0) < limit

    def left_for_schedule(self, key: ScheduleId, limit: int) -> bool:
        """Whether one more of the schedule's may run, under the limit that it was made with."""
        return len(self._of_schedule.get(key, ())) < limit


def _add(counts: dict[Key, int], key: Key, change: int) -> None:
    """Count up or down; what is at nothing is forgotten."""
    count = counts.get(key, 0) + change
    if count:
        counts[key] = count
    else:
        del counts[key]
