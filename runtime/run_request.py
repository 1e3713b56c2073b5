"""A run that somebody asks for, with its parameters checked, as an execution to be recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from quarterjack.actors.retry_plan import repeated_steps
from quarterjack.actors.workflow import Workflow
from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import (
    Execution,
    ExecutionId,
    ExecutionStatus,
    FieldError,
    InvalidInput,
    NotPlainData,
    RunOptions,
    Trigger,
)
from quarterjack.storage.overviews import StoredExecution
from quarterjack.storage.plain_data import pack
from quarterjack.storage.retry_changes import RetryExecution

from . import trace_context

_PRIORITIES = range(10)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a trigger may say; None: as the schedule (or the default) has it."""

    params: Mapping[str, Any] | None = field(repr=False)
    context: Mapping[str, Any] | None
    priority: int | None
    traceparent: str | None = None

    @classmethod
    def checked(
        cls,
        params: Mapping[str, Any] | None,
        context: Mapping[str, Any] | None,
        priority: int | None,
        traceparent: str | None = None,
    ) -> "RunRequest":
        """The request. Raises `InvalidInput` for what is not plain data, or out of range."""
        for name, given in (("params", params), ("context", context)):
            try:
                pack(dict(given or {}), root=name)
            except NotPlainData as error:
                raise InvalidInput.field(name, msg=str(error)) from None
        if priority is not None and priority not in _PRIORITIES:
            raise InvalidInput.field("priority", msg=f"{priority} is not in 0–9")
        return cls(params, context, priority, trace_context.checked(traceparent))


def retry_of(
    key: ExecutionId, stored: StoredExecution, workflow: Workflow, now: datetime
) -> RetryExecution:
    """The execution that goes on where an ended one failed: for the same instant, with its params."""
    ended = stored.execution
    execution = replace(
        ended,
        id=key,
        options=replace(ended.options, steps=None),
        status=ExecutionStatus.QUEUED,
        trigger=Trigger.RETRY,
        due=None,
        queued_at=now,
        started_at=None,
        ended_at=None,
        result=None,
        error=None,
        retry_of=ended.id,
        boot_id=None,
        parent=None,
        stop_reason=None,
    )
    return RetryExecution(execution, ended.id, repeated_steps(workflow, stored.steps))


def execution_of(
    key: ExecutionId,
    workflow: Workflow,
    asked: RunRequest,
    workflows: WorkflowBook,
    now: datetime,
) -> Execution:
    """The execution of a workflow without a schedule. Raises `InvalidInput` for wrong parameters."""
    params, wrong = workflows.admitted(workflow, asked.params or {})
    if wrong:
        raise InvalidInput([FieldError(("params", name), msg) for name, msg in wrong])
    return Execution(
        id=key,
        workflow_id=workflow.id,
        schedule_id=None,
        status=ExecutionStatus.QUEUED,
        trigger=Trigger.API,
        scheduled_time=now,
        due=None,
        queued_at=now,
        priority=5 if asked.priority is None else asked.priority,
        params=params,
        context=dict(asked.context or {}),
        options=RunOptions(),
        traceparent=asked.traceparent,
    )
