"""The events that tell of an execution and its steps, made in one place. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from quarterjack.storage import Event, Execution, ExecutionStatus, Failure
from quarterjack.storage.execution_changes import Ended
from quarterjack.storage.instants import format_instant

from .step_ledger import StepState

_WORKFLOW: Final = {
    ExecutionStatus.SUCCEEDED: "workflow.completed",
    ExecutionStatus.FAILED: "workflow.failed",
    ExecutionStatus.CANCELLED: "workflow.cancelled",
    ExecutionStatus.TIMED_OUT: "workflow.timedOut",
}


def of_execution(execution: Execution, kind: str, at: datetime, data: Mapping[str, Any]) -> Event:
    """An event of this execution."""
    return Event(kind, at, execution.schedule_id, execution.workflow_id, execution.id, dict(data))


def error_data(failure: Failure) -> dict[str, str]:
    """A failure as event data; the traceback stays with the attempt."""
    return {"type": failure.type, "message": failure.message[:1_000]}


def started_event(execution: Execution, at: datetime) -> Event:
    """The execution has begun."""
    data = {
        "trigger": execution.trigger.value,
        "scheduledTime": format_instant(execution.scheduled_time),
    }
    return of_execution(execution, "workflow.started", at, data)


def step_event(
    execution: Execution, what: str, at: datetime, step: StepState, data: Mapping[str, Any]
) -> Event:
    """Something happened to the step's present attempt: it was started, completed, …"""
    attempt = {"step": step.name, "attempt": step.number, **data}
    return of_execution(execution, f"workflow.step.{what}", at, attempt)


def ended_events(execution: Execution, ended: Ended, data: Mapping[str, Any]) -> list[Event]:
    """The workflow's end, and then its schedule's, if it has one."""
    began = execution.started_at or ended.at
    duration = (ended.at - began).total_seconds()
    kind = _WORKFLOW[ended.status]
    events = [of_execution(execution, kind, ended.at, {"duration": duration, **data})]
    if execution.schedule_id is None:
        return events
    if ended.status is ExecutionStatus.SUCCEEDED:
        completed = {"duration": duration}
        return [*events, of_execution(execution, "schedule.completed", ended.at, completed)]
    failed = {
        "duration": duration,
        "status": ended.status.value,
        "error": None if ended.error is None else error_data(ended.error),
    }
    return [*events, of_execution(execution, "schedule.failed", ended.at, failed)]
