"""Runs a workflow once, from its beginning to its end, on a virtual clock."""

from typing import Any

from quarterjack.runtime import ExecutionDetail, Workflow
from quarterjack.runtime.testing import VirtualRuntime


def run_once(workflow: Workflow, **params: Any) -> ExecutionDetail:
    """What is stored of a run with these parameters."""
    with VirtualRuntime(workflows=[workflow], seed=1) as runtime:
        key = runtime.run(workflow.id, params=params).get()
        runtime.wait_for(key).get()
        return runtime.get_execution(key).get()


def statuses(found: ExecutionDetail) -> dict[str, str]:
    """The status of each step."""
    return {step.name: step.status.value for step in found.steps}
