"""How many executions may run at once: in all, of each workflow, of each lane. Pure counting.

A lane is a schedule, or a backfill, which has one of its own. What runs takes a place in each of the
limits that it is under, until it has ended. What waits without an actor keeps only that of its lane, so
that the next one does not begin beside it. A lane's limit is the one that the execution was made with.
"""

from collections.abc import Mapping
from typing import TypeVar

from quarterjack.storage import Execution, ExecutionId, WorkflowId

from .workflow import Workflow

Key = TypeVar("Key", bound=str)


class Places:
    """Who may take one is asked before; taking one beyond a limit is possible, and counts."""

    def __init__(self, concurrency: int, workflows: Mapping[WorkflowId, Workflow]) -> None:
        self._concurrency = concurrency
        self._workflows = workflows
        self._taken = 0
        self._of_workflow: dict[WorkflowId, int] = {}
        self._of_lane: dict[str, set[ExecutionId]] = {}
        self._closed: set[str] = set()

    def take(self, execution: Execution) -> None:
        """It runs now."""
        self._taken += 1
        _add(self._of_workflow, execution.workflow_id, 1)
        self.hold(execution)

    def rest(self, execution: Execution) -> None:
        """It waits without an actor: only its lane's place stays its own."""
        self._taken -= 1
        _add(self._of_workflow, execution.workflow_id, -1)

    def hold(self, execution: Execution) -> None:
        """It has begun, so it has its lane's place, whether it runs or waits."""
        if execution.lane is not None and execution.options.max_concurrency is not None:
            self._of_lane.setdefault(execution.lane, set()).add(execution.id)

    def release(self, execution: Execution) -> None:
        """It has ended: its lane's place is free."""
        if execution.lane in self._of_lane:
            holders = self._of_lane[execution.lane]
            holders.discard(execution.id)
            if not holders:
                del self._of_lane[execution.lane]

    def close(self, lane: str) -> None:
        """Nothing more of that lane begins, until it is opened."""
        self._closed.add(lane)

    def open(self, lane: str) -> None:
        """Executions of that lane may begin again."""
        self._closed.discard(lane)

    def left(self) -> bool:
        """Whether one more may run at all."""
        return self._taken < self._concurrency

    def left_for_workflow(self, key: WorkflowId) -> bool:
        """Whether one more of the workflow may run."""
        workflow = self._workflows.get(key)
        limit = None if workflow is None else workflow.max_concurrency
        return limit is None or self._of_workflow.get(key, 0) < limit

    def left_for_lane(self, lane: str, limit: int) -> bool:
        """Whether one more of the lane may run, under the limit that it was made with."""
        return lane not in self._closed and len(self._of_lane.get(lane, ())) < limit


def _add(counts: dict[Key, int], key: Key, change: int) -> None:
    """Count up or down; what is at nothing is forgotten."""
    count = counts.get(key, 0) + change
    if count:
        counts[key] = count
    else:
        del counts[key]
