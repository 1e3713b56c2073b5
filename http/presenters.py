"""Records as they go out: camelCase names, times as ISO 8601 UTC, durations in seconds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from quarterjack.actors.engine import ActorInfo
from quarterjack.actors.policies.calendar_days import entries_of
from quarterjack.actors.step import AwaitEvent, RunWorkflow, Sleep, Step, Wait
from quarterjack.actors.workflow import Workflow
from quarterjack.runtime import AttemptLog, ExecutionDetail, Health, Readiness
from quarterjack.runtime.schedule_form import form_of
from quarterjack.storage import (
    Attempt,
    Awaited,
    Calendar,
    Event,
    Execution,
    Failure,
    Fire,
    Retry,
    StepKey,
    StepRun,
)
from quarterjack.storage.instants import format_instant
from quarterjack.storage.overviews import CombinedStatus

Json = dict[str, Any]
schedule = form_of
"""A scheduled workflow."""


def status(found: CombinedStatus) -> Json:
    """The combined status of a schedule."""
    base, totals = found.schedule, found.schedule.totals
    average = totals.duration_sum / totals.executions if totals.executions else None
    return {
        "scheduleId": base.id,
        "workflowId": base.workflow_id,
        "scheduleStatus": base.status.value,
        "note": base.note,
        "lastExecution": instant(base.last_execution_at),
        "nextExecution": instant(found.next_execution),
        "running": [execution(each) for each in found.running],
        "queued": [execution(each) for each in found.queued],
        "executionHistory": [execution(each) for each in found.history],
        "executionCount": totals.executions,
        "errorCount": totals.failed,
        "lastError": failure(base.last_error),
        "metrics": {
            "totalExecutions": totals.executions,
            "successfulExecutions": totals.succeeded,
            "failedExecutions": totals.failed,
            "averageExecutionTime": seconds(average),
            "lastExecutionDuration": seconds(totals.last_duration),
            "uptime": found.uptime,
        },
    }


def execution(found: Execution) -> Json:
    """An execution, without its steps."""
    return {
        "id": found.id,
        "workflowId": found.workflow_id,
        "scheduleId": found.schedule_id,
        "status": found.status.value,
        "trigger": found.trigger.value,
        "scheduledTime": instant(found.scheduled_time),
        "queuedAt": instant(found.queued_at),
        "startedAt": instant(found.started_at),
        "endedAt": instant(found.ended_at),
        "duration": seconds(found.duration),
        "priority": found.priority,
        "params": found.params,
        "context": found.context,
        "result": found.result,
        "error": failure(found.error),
        "retryOf": found.retry_of,
        "parent": None if found.parent is None else _parent(found.parent),
        "wakeAt": instant(found.wake_at),
        "backfillId": found.backfill_id,
    }


def execution_detail(found: ExecutionDetail) -> Json:
    """An execution with its steps."""
    steps = [
        {**_step(each, found.depends_on.get(each.name, ())), **_items(found.items.get(each.name))}
        for each in found.steps
    ]
    return {**execution(found.execution), "steps": steps}


def _parent(found: StepKey) -> Json:
    return {"executionId": found.execution_id, "step": found.step}


def _items(found: list[StepRun] | None) -> Json:
    return {} if found is None else {"items": [_step(each, ()) for each in found]}


def _awaited(found: Awaited) -> Json | None:
    if found == Awaited():
        return None
    return {
        "until": instant(found.wake_at),
        "event": found.event,
        "key": found.event_key or None,
        "executionId": found.child_id,
    }


def _step(found: StepRun, depends_on: tuple[str, ...]) -> Json:
    return {
        "name": found.name,
        "status": found.status.value,
        "dependsOn": list(depends_on),
        "attempts": [_attempt(each) for each in found.attempts],
        "result": found.result,
        "progress": None if found.progress is None else found.progress._asdict(),
        "awaits": _awaited(found.awaited),
    }


def _attempt(found: Attempt) -> Json:
    return {
        "number": found.number,
        "startedAt": instant(found.started_at),
        "endedAt": instant(found.ended_at),
        "error": failure(found.error),
    }


def attempt_log(found: AttemptLog) -> Json:
    """What an attempt wrote and logged."""
    return {
        "attempt": found.number,
        "running": found.running,
        "dropped": found.dropped,
        "lines": [
            {
                "time": format_instant(line.at),
                "stream": line.stream,
                "level": line.level,
                "logger": line.logger,
                "text": line.text,
            }
            for line in found.lines
        ],
    }


def fire(found: Fire) -> Json:
    """A row of the fire ledger."""
    return {
        "scheduledTime": instant(found.due),
        "through": instant(found.through),
        "decidedAt": instant(found.decided_at),
        "outcome": found.outcome.value,
        "reason": None if found.reason is None else found.reason.value,
        "executionId": found.execution_id,
        "blockedBy": found.blocked_by,
        "lateness": seconds(found.lateness),
        "jitter": seconds(found.jitter),
        "instants": found.instants,
    }


def calendar(found: Calendar) -> Json:
    """A calendar with its days."""
    return {**calendar_entry(found), "dates": entries_of(found.days)}


def calendar_entry(found: Calendar) -> Json:
    """A calendar in a list."""
    return {
        "name": found.name,
        "description": found.description,
        "source": found.source.value,
        "since": None if found.since is None else found.since.isoformat(),
        "through": None if found.through is None else found.through.isoformat(),
        "version": found.version,
        "createdAt": instant(found.created_at),
        "updatedAt": instant(found.updated_at),
    }


def event(found: Event) -> Json:
    """An event, also as it goes over the WebSocket."""
    return {
        "seq": found.seq,
        "type": found.type,
        "scheduleId": found.schedule_id,
        "workflowId": found.workflow_id,
        "executionId": found.execution_id,
        "timestamp": format_instant(found.timestamp),
        "data": found.data,
    }


def workflow(found: Workflow) -> Json:
    """The definition of a workflow."""
    steps = [_definition(step, found.depends_on[step.name]) for step in found.steps.values()]
    params = [
        {"name": name, "required": required} for name, required in found.run_parameters.items()
    ]
    return {
        "id": found.id,
        "description": found.description,
        "maxConcurrency": found.max_concurrency,
        "rateLimit": None if found.rate_limit is None else str(found.rate_limit),
        "params": params,
        "steps": steps,
    }


def _definition(found: Step, depends_on: tuple[str, ...]) -> Json:
    mapped = found.mapped
    return {
        "name": found.name,
        "dependsOn": list(depends_on),
        "timeout": seconds(found.timeout),
        "totalTimeout": seconds(found.total_timeout),
        "retry": _retry(found.retry),
        "runner": found.runner,
        "memory": found.memory,
        "runIf": found.run_if.value,
        "conditional": found.when is not None,
        "map": None if mapped is None else mapped.parameter,
        "concurrency": None if mapped is None else mapped.concurrency,
        "waitsFor": _wait(found.wait),
        "failureHandler": found.handles_failure,
    }


def _wait(found: Wait | None) -> Json | None:
    match found:
        case Sleep(span):
            return {"sleep": seconds(span)}
        case AwaitEvent(event, key):
            return {"event": event, "key": key}
        case RunWorkflow(workflow_id):
            return {"workflowId": workflow_id}
    return None


def _retry(found: Retry | None) -> Json | None:
    return None if found is None else found.model_dump(mode="json")


def cron(description: str, instants: list[datetime], *, needs_seed: bool) -> Json:
    """What a cron expression means, and when it is due."""
    if needs_seed:
        description += " (`H` is chosen by a schedule's id: give that as `seed`)"
    return {"description": description, "items": [instant(each) for each in instants]}


def actor(found: ActorInfo) -> Json:
    """An actor of the supervision tree."""
    return {
        "name": found.name,
        "path": found.path,
        "parent": found.parent,
        "kind": found.kind,
        "state": found.state,
        "mailboxDepth": found.mailbox_depth,
        "handled": found.handled,
        "restarts": found.restarts,
        "lastError": found.last_error,
    }


def health(found: Health) -> Json:
    """Of `GET /healthz`."""
    return {
        "status": found.status,
        "loopLag": found.loop_lag,
        "rescuedSchedules": found.rescued,
        "clockJumps": found.clock_jumps,
    }


def readiness(found: Readiness) -> Json:
    """Of `GET /readyz`."""
    return {
        "status": "ready" if found.ready else "unavailable",
        "reasons": found.reasons,
        "sqliteVersion": found.sqlite_version,
        "tzdataVersion": found.tzdata_version,
    }


def failure(found: Failure | None) -> Mapping[str, str] | None:
    """An error that was stored."""
    return None if found is None else found._asdict()


def instant(found: datetime | None) -> str | None:
    """A time, if there is one."""
    return None if found is None else format_instant(found)


def seconds(found: timedelta | None) -> float | None:
    """A duration, if there is one."""
    return None if found is None else found.total_seconds()
