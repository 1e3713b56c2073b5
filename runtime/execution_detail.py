"""An execution with every step of its workflow, also those that have not begun."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from quarterjack.actors.step import index_of, step_of
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
    items: Mapping[str, list[StepRun]] = field(default_factory=dict)
    """Of the mapped steps that have begun: their items that have, in order."""


def detail_of(stored: StoredExecution, workflows: WorkflowBook) -> ExecutionDetail:
    """Join what is stored with the workflow's definition."""
    execution = stored.execution
    workflow = workflows.get(execution.workflow_id)
    begun = {step.name: step for step in stored.steps if index_of(step.name) is None}
    items = _items_of(stored.steps)
    if workflow is None:
        return ExecutionDetail(execution, list(begun.values()), {}, items)
    not_begun = StepStatus.SKIPPED if execution.status in FINAL else StepStatus.PENDING
    steps = [begun.pop(name, StepRun(name, not_begun)) for name in workflow.steps]
    return ExecutionDetail(execution, [*steps, *begun.values()], workflow.depends_on, items)


def _items_of(steps: list[StepRun]) -> dict[str, list[StepRun]]:
    found: dict[str, list[StepRun]] = {}
    for step in sorted(steps, key=lambda each: index_of(each.name) or 0):
        if index_of(step.name) is not None:
            found.setdefault(step_of(step.name), []).append(step)
    return found
