"""How an execution ends, and what its last event says of it: pure, from the ledger of its steps."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from quarterjack.storage import ExecutionStatus, Failure
from quarterjack.storage.execution_changes import Ended

from .execution_events import error_data
from .step_ledger import StepLedger


def outcome_of(ledger: StepLedger, now: datetime) -> tuple[Ended, dict[str, Any]]:
    """The end of an execution whose steps are all over: the first failure, or the results."""
    for name, failure in ledger.failures():
        ended = Ended(now, ExecutionStatus.FAILED, error=failure)
        return ended, {"step": name, "error": error_data(failure)}
    result = ledger.result()
    return Ended(now, ExecutionStatus.SUCCEEDED, result), {"resultSize": len(result)}


def ending_data(ended: Ended, reason: str) -> dict[str, Any]:
    """What is said of an execution that was ended before its time."""
    if ended.status is ExecutionStatus.CANCELLED:
        return {"reason": reason}
    return {"error": None if ended.error is None else error_data(ended.error)}


def workflow_missing(workflow_id: str, known: Iterable[str]) -> Failure:
    """The server has no such workflow (any more)."""
    names = ", ".join(sorted(known)) or "none"
    return Failure(
        "WorkflowNotFound", f"there is no workflow {workflow_id!r}; the server has: {names}"
    )


def workflow_changed(unknown: Iterable[str]) -> Failure:
    """Steps that ran already are gone from the workflow."""
    return Failure("WorkflowChanged", f"the workflow has no steps {', '.join(unknown)} any more")
