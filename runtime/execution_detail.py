"""An execution with every step of its workflow, also those that have not begun."""

from collections.abc import Mapping
from dataclasses import dataclass

from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import Execution, StepRun, StepStatus
from quarterjack.storage.overviews import StoredExecution
from quarterjack.storage.statuses import FINAL


@dataclass(frozen=True, slots=True)
class ExecutionDetail:
    """`steps` in the order of definition; of a workflow that is gone, those that were stored."""

    execution: Execution
    steps: list[StepRun]
    depends_on: Mapping[str, tuple[str, ...]]


def detail_of(stored: StoredExecution, workflows: WorkflowBook) -> ExecutionDetail:
    """Join what is stored with the workflow's definition."""
    execution = stored.execution
    workflow = workflows.get(execution.workflow_id)
    begun = {step.name: step for step in stored.steps}
    if workflow is None:
        return ExecutionDetail(execution, stored.steps, {})
    not_begun = StepStatus.SKIPPED if execution.status in FINAL else StepStatus.PENDING
    steps = [begun.pop(name, StepRun(name, not_begun)) for name in workflow.steps]
    return ExecutionDetail(execution, [*steps, *begun.values()], workflow.depends_on)
