"""`/api/schedules`: scheduled workflows, what they did, and what they will do."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from quarterjack.runtime import OverlapRefused
from quarterjack.storage import (
    IllegalTransition,
    NotFound,
    Role,
    Schedule,
    ScheduleId,
    VersionConflict,
    WorkflowId,
)
from quarterjack.storage.queries import ExecutionFilter, FireFilter, ScheduleFilter

from ..answers import Answer, answered, etag, ok, ok_large
from ..audit_trail import note
from ..bodies import NoteBody, TriggerBody
from ..call import Call
from ..idempotency import planned_id
from ..intake import Changes, Draft
from ..keys import runtime_of
from ..made import schedule_made
from ..paging import next_cursor, page_request
from ..preconditions import wanted_version
from ..query import (
    DeleteQuery,
    FiresQuery,
    ScheduleExecutionsQuery,
    SchedulesQuery,
    UpcomingQuery,
)
from ..request_trace import traceparent_of
from ..scope import own_part, own_workflows, require_draft
from ..shapes.executions import Execution, Started
from ..shapes.schedules import CombinedStatus, Fire, ScheduledWorkflow, Upcoming
from ..shapes.shape import Listing, listed


def calls() -> list[Call]:
    """What can be asked of schedules."""
    one = "/api/schedules/{schedule_id}"
    change = (NotFound, VersionConflict)
    return [
        Call(
            "createSchedule",
            "POST",
            "/api/schedules/workflows",
            create,
            Role.ADMIN,
            HTTPStatus.CREATED,
            takes_key=True,
            is_for_some=True,
        ),
        Call("listSchedules", "GET", "/api/schedules", list_schedules, is_for_some=True),
        Call("getSchedule", "GET", f"{one}/workflow", read, errors=(NotFound,)),
        Call("updateSchedule", "PUT", f"{one}/workflow", update, Role.ADMIN, errors=change),
        Call(
            "deleteSchedule",
            "DELETE",
            f"{one}/workflow",
            delete,
            Role.ADMIN,
            HTTPStatus.NO_CONTENT,
            errors=change,
        ),
        Call(
            "triggerSchedule",
            "POST",
            f"{one}/trigger",
            trigger,
            Role.OPERATOR,
            HTTPStatus.ACCEPTED,
            errors=(NotFound, OverlapRefused, IllegalTransition),
            takes_key=True,
        ),
        Call(
            "listScheduleExecutions",
            "GET",
            f"{one}/executions",
            list_executions,
            errors=(NotFound,),
        ),
        Call("getScheduleStatus", "GET", f"{one}/status", read_status, errors=(NotFound,)),
        Call("pauseSchedule", "POST", f"{one}/pause", pause, Role.OPERATOR, errors=change),
        Call("resumeSchedule", "POST", f"{one}/resume", resume, Role.OPERATOR, errors=change),
        Call("syncSchedule", "POST", f"{one}/sync", sync, Role.OPERATOR, errors=(NotFound,)),
        Call("listUpcoming", "GET", f"{one}/upcoming", upcoming, errors=(NotFound,)),
        Call("listFires", "GET", f"{one}/fires", list_fires, errors=(NotFound,)),
    ]


async def create(request: web.Request, body: Draft) -> Answer[ScheduledWorkflow]:
    """Make a scheduled workflow."""
    return await created(request, body)


async def created(request: web.Request, draft: dict[str, Any]) -> Answer[ScheduledWorkflow]:
    """The answer with the one that is made, and its address."""
    require_draft(request, draft)
    runtime = runtime_of(request)
    made = runtime.create_scheduled_workflow(draft, schedule_id=planned_id(request))
    found = await answered(runtime.get_schedule(await answered(made)))
    note(request, schedule_id=found.id, workflow_id=found.workflow_id)
    return schedule_made(found)


async def list_schedules(
    request: web.Request, query: SchedulesQuery
) -> Answer[Listing[ScheduledWorkflow]]:
    """The scheduled workflows, oldest first."""
    workflow_id = None if query.workflow_id is None else WorkflowId(query.workflow_id)
    wanted = ScheduleFilter(query.status, workflow_id, query.q, own_workflows(request))
    page = page_request(query, "schedules", (int, str))
    found = await answered(runtime_of(request).list_schedules(wanted, page))
    following = next_cursor(found, "schedules")
    return ok_large(lambda: listed(found, following, ScheduledWorkflow.of))


async def read(request: web.Request) -> Answer[ScheduledWorkflow]:
    """A scheduled workflow."""
    return _shown(await answered(runtime_of(request).get_schedule(_key(request))))


async def update(request: web.Request, body: Changes) -> Answer[ScheduledWorkflow]:
    """Change a scheduled workflow: absent fields stay."""
    require_draft(request, body)
    runtime, key = runtime_of(request), _key(request)
    version = await wanted_version(request, runtime, key)
    return _shown(await answered(runtime.update_scheduled_workflow(key, body, version=version)))


async def delete(request: web.Request, query: DeleteQuery) -> None:
    """Delete a scheduled workflow; its history stays."""
    runtime, key = runtime_of(request), _key(request)
    version = await wanted_version(request, runtime, key)
    await answered(runtime.delete_scheduled_workflow(key, cancel=query.cancel, version=version))


async def trigger(request: web.Request, body: TriggerBody) -> Answer[Started]:
    """Run it now, besides its rule."""
    reply = runtime_of(request).trigger_scheduled_execution(
        _key(request),
        params=body.params,
        context=body.context,
        priority=body.priority,
        respect_overlap=body.respect_overlap,
        execution_id=planned_id(request),
        traceparent=traceparent_of(request),
    )
    key = await answered(reply)
    note(request, execution_id=key)
    return ok(Started(execution_id=key))


async def list_executions(
    request: web.Request, query: ScheduleExecutionsQuery
) -> Answer[Listing[Execution]]:
    """The executions of a schedule, newest first."""
    key = _key(request)
    runtime, scope = runtime_of(request), f"executions of {key}"
    page = page_request(query, scope, (int, str))
    wanted = ExecutionFilter(
        status=query.status,
        schedule_id=ScheduleId(key),
        since=query.since,
        until=query.until,
        workflows=own_workflows(request),
    )
    found = await answered(runtime.list_executions(wanted, page))
    if not found.items:
        await answered(runtime.get_schedule(key))  # an unknown schedule is no empty list
    following = next_cursor(found, scope)
    return ok_large(lambda: listed(found, following, Execution.of))


async def read_status(request: web.Request) -> Answer[CombinedStatus]:
    """A schedule with its executions, its counters, and when it is due next."""
    return await _status(request, _key(request))


async def pause(request: web.Request, body: NoteBody) -> Answer[CombinedStatus]:
    """Let it fire no more until it is resumed."""
    return await _turn(request, body, runtime_of(request).pause_schedule)


async def resume(request: web.Request, body: NoteBody) -> Answer[CombinedStatus]:
    """Let it fire again."""
    return await _turn(request, body, runtime_of(request).resume_schedule)


async def sync(request: web.Request) -> Answer[CombinedStatus]:
    """Work out state and counters again from the executions."""
    found = await answered(runtime_of(request).sync_schedule_workflow_state(_key(request)))
    own = own_part(request, found)
    return ok_large(lambda: CombinedStatus.of(own), etag(found.schedule))


async def upcoming(request: web.Request, query: UpcomingQuery) -> Answer[Upcoming]:
    """When it is due next."""
    instants = await answered(runtime_of(request).upcoming(_key(request), query.count))
    return ok(Upcoming(items=instants))


async def list_fires(request: web.Request, query: FiresQuery) -> Answer[Listing[Fire]]:
    """The fire ledger of a schedule, newest first."""
    key = _key(request)
    runtime, scope = runtime_of(request), f"fires of {key}"
    page = page_request(query, scope, (int,))
    wanted = FireFilter(query.outcome, query.since, query.until)
    found = await answered(runtime.list_fires(key, wanted, page))
    if not found.items:
        await answered(runtime.get_schedule(key))
    following = next_cursor(found, scope)
    return ok_large(lambda: listed(found, following, Fire.of))


async def _turn(
    request: web.Request, body: NoteBody, turn: Callable[..., Any]
) -> Answer[CombinedStatus]:
    runtime, key = runtime_of(request), _key(request)
    version = await wanted_version(request, runtime, key)
    await answered(turn(key, body.note, version=version))
    return await _status(request, key)


async def _status(request: web.Request, key: str) -> Answer[CombinedStatus]:
    found = await answered(runtime_of(request).get_schedule_workflow_status(key))
    own = own_part(request, found)
    return ok_large(lambda: CombinedStatus.of(own), etag(found.schedule))


def _shown(found: Schedule) -> Answer[ScheduledWorkflow]:
    return ok(ScheduledWorkflow.of(found), etag(found))


def _key(request: web.Request) -> str:
    return request.match_info["schedule_id"]
