"""How executions and steps end, in words: pure, from the ledger of the steps."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from quarterjack.storage import ExecutionStatus, Failure
from quarterjack.storage.execution_changes import Ended
from quarterjack.storage.step_queries import ChildEnd

from .execution_events import error_data
from .step_ledger import INTERRUPTED, StepLedger

TIMED_OUT: Final = ("StepTimeout", "TimeoutError", "Exception")
"""The kinds of an attempt that took too long, for `retry_on`."""
SUBWORKFLOW_FAILED: Final = "SubworkflowFailed"
UNWANTED: Final = Failure("Cancelled", "its execution was ended")


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


def execution_timeout(timeout: timedelta | None) -> Failure:
    """The execution has had its time."""
    return Failure("ExecutionTimeout", f"it took longer than {timeout}")


def step_timeout(timeout: timedelta | None, what: str = "") -> Failure:
    """A step, or one attempt of it, has had its time."""
    return Failure("StepTimeout", f"it took longer than {timeout}{what}")


def event_timeout(event: str, timeout: timedelta | None) -> Failure:
    """No event came."""
    return Failure("EventTimeout", f"no event {event!r} came within {timeout}")


def interrupted(*, actor_crashed: bool) -> Failure:
    """Nobody runs the attempt any more."""
    who = "its execution's actor crashed" if actor_crashed else "the server ended"
    return Failure(INTERRUPTED, f"{who} while the step ran")


def child_failure(key: str, ended: ChildEnd) -> Failure:
    """A step whose own execution did not succeed."""
    if ended.error is None:
        return Failure(SUBWORKFLOW_FAILED, f"execution {key} has ended as {ended.status.value}")
    error = ended.error
    return error._replace(message=f"execution {key} has failed: {error.message}")


def workflow_missing(workflow_id: str, known: Iterable[str]) -> Failure:
    """The server has no such workflow (any more)."""
    names = ", ".join(sorted(known)) or "none"
    return Failure(
        "WorkflowNotFound", f"there is no workflow {workflow_id!r}; the server has: {names}"
    )


def workflow_changed(missing: Iterable[str]) -> Failure:
    """Steps that have not ended are gone from the workflow, or are of another kind."""
    names = ", ".join(missing)
    return Failure(
        "WorkflowChanged",
        f"the workflow was changed: it has no step {names} any more as it was when it began; "
        "retry the execution to go on with the workflow as it is now",
    )
