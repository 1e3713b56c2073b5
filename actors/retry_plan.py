"""What a retried execution runs again although it was done: what belongs to the failure. Pure.

Steps that tidy up or tell of a failure (`run_if`, the failure handler) have done so for the execution
that failed; the retry makes its own mess, and may fail, too.
"""

from collections.abc import Iterable

from quarterjack.storage import StepRun

from .policies.step_graph import repeated
from .step import index_of, step_of
from .step_ledger import FATES
from .workflow import Workflow


def repeated_steps(workflow: Workflow, runs: Iterable[StepRun]) -> frozenset[str]:
    """The names of those steps, and of their items, among those that have begun."""
    begun = list(runs)
    known = {
        run.name: FATES[run.status]
        for run in begun
        if index_of(run.name) is None and run.name in workflow.graph
    }
    again = repeated(workflow.graph, known)
    return frozenset(run.name for run in begun if step_of(run.name) in again)
