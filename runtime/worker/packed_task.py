"""Tasks and reports as plain data, for the way between server and worker: no functions, no pickle."""

from collections.abc import Callable
from typing import Any, Final

from quarterjack.actors.runner import (
    AttemptKey,
    Emission,
    FoundSecret,
    StepBegan,
    StepEmitted,
    StepProgressed,
    StepRaised,
    StepReport,
    StepReturned,
    StepSkipped,
    StepTask,
)
from quarterjack.actors.step import Step
from quarterjack.storage import ExecutionId, Failure, Progress, ScheduleId, Trigger, WorkflowId
from quarterjack.storage.instants import from_micros, to_micros
from quarterjack.storage.plain_data import Packed

from .frames import FromWorker

FindStep = Callable[[WorkflowId, str], Step]
"""The step of a workflow, given how a run of it is stored."""


def packed_task(task: StepTask) -> list[Any]:
    """All of a task but the step's definition."""
    return [
        list(task.key),
        task.workflow_id,
        task.schedule_id,
        to_micros(task.scheduled_time),
        task.trigger.value,
        dict(task.params),
        dict(task.context),
        {name: bytes(value) for name, value in task.results.items()},
        {name: list(failure) for name, failure in task.failures.items()},
        task.result_limit,
        task.traceparent,
        [[list(path), text] for path, text in task.secrets],
    ]


def unpacked_task(fields: list[Any], find_step: FindStep) -> StepTask:
    """The task, with the step as this process has it."""
    key, workflow_id, schedule_id, scheduled_time, trigger, params, context, *rest = fields
    results, failures, result_limit, traceparent, secrets = rest
    execution_id, step, number = key
    return StepTask(
        key=AttemptKey(ExecutionId(execution_id), step, number),
        step=find_step(WorkflowId(workflow_id), step),
        workflow_id=WorkflowId(workflow_id),
        schedule_id=None if schedule_id is None else ScheduleId(schedule_id),
        scheduled_time=from_micros(scheduled_time),
        trigger=Trigger(trigger),
        params=params,
        context=context,
        results={name: Packed(value) for name, value in results.items()},
        failures={name: Failure(*failure) for name, failure in failures.items()},
        result_limit=result_limit,
        traceparent=traceparent,
        secrets=tuple(FoundSecret(tuple(path), text) for path, text in secrets),
    )


def packed_report(report: StepReport) -> list[Any]:
    """A report, without its key: a worker has one attempt at a time."""
    match report:
        case StepBegan():
            return [FromWorker.BEGAN]
        case StepProgressed(_, progress):
            return [FromWorker.PROGRESSED, *progress]
        case StepEmitted(_, emission):
            name, event_key, payload, mark = emission
            return [FromWorker.EMITTED, name, event_key, bytes(payload), mark]
        case StepReturned(_, result):
            return [FromWorker.RETURNED, bytes(result)]
        case StepSkipped():
            return [FromWorker.SKIPPED]
        case StepRaised(_, failure, kinds):
            return [FromWorker.RAISED, *failure, list(kinds)]


def unpacked_report(key: AttemptKey, kind: str, fields: list[Any]) -> StepReport:
    """The report of an attempt."""
    return _REPORTS[FromWorker(kind)](key, *fields)


def _raised(
    key: AttemptKey, name: str, message: str, traceback: str, kinds: list[str]
) -> StepReport:
    return StepRaised(key, Failure(name, message, traceback), tuple(kinds))


_REPORTS: Final[dict[FromWorker, Callable[..., StepReport]]] = {
    FromWorker.BEGAN: StepBegan,
    FromWorker.PROGRESSED: lambda key, *progress: StepProgressed(key, Progress(*progress)),
    FromWorker.EMITTED: lambda key, name, event_key, payload, mark: StepEmitted(
        key, Emission(name, event_key, Packed(payload), mark)
    ),
    FromWorker.RETURNED: lambda key, result: StepReturned(key, Packed(result)),
    FromWorker.SKIPPED: StepSkipped,
    FromWorker.RAISED: _raised,
}
