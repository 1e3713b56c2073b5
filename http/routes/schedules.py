"""`/api/schedules`: scheduled workflows, what they did, and what they will do."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from quarterjack.runtime import Runtime
from quarterjack.storage import Schedule, ScheduleId, WorkflowId
from quarterjack.storage.queries import ExecutionFilter, FireFilter, ScheduleFilter

from .. import presenters
from ..answers import answered, etag, ok, ok_large
from ..bodies import EmptyBody, NoteBody, TriggerBody, read_body, read_object
from ..keys import runtime_of
from ..paging import listing, page_request
from ..preconditions import wanted_version
from ..query import (
    DeleteQuery,
    FiresQuery,
    NoQuery,
    ScheduleExecutionsQuery,
    SchedulesQuery,
    UpcomingQuery,
    read_query,
)


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    one = "/api/schedules/{schedule_id}"
    return [
        web.post("/api/schedules/workflows", create),
        web.get("/api/schedules", list_schedules),
        web.get(f"{one}/workflow", read),
        web.put(f"{one}/workflow", update),
        web.delete(f"{one}/workflow", delete),
        web.post(f"{one}/trigger", trigger),
        web.get(f"{one}/executions", list_executions),
        web.get(f"{one}/status", read_status),
        web.post(f"{one}/pause", pause),
        web.post(f"{one}/resume", resume),
        web.post(f"{one}/sync", sync),
        web.get(f"{one}/upcoming", upcoming),
        web.get(f"{one}/fires", list_fires),
    ]


async def create(request: web.Request) -> web.Response:
    """`POST /api/schedules/workflows`."""
    read_query(request, NoQuery)
    return await created(runtime_of(request), await read_object(request))


async def created(runtime: Runtime, draft: dict[str, Any]) -> web.Response:
    """Make a scheduled workflow: 201 with it and its address."""
    key = await answered(runtime.create_scheduled_workflow(draft))
    found = await answered(runtime.get_schedule(key))
    headers = {"Location": f"/api/schedules/{key}/workflow", **etag(found)}
    return ok(presenters.schedule(found), HTTPStatus.CREATED, headers)


async def list_schedules(request: web.Request) -> web.Response:
    """`GET /api/schedules`."""
    query = read_query(request, SchedulesQuery)
    workflow_id = None if query.workflow_id is None else WorkflowId(query.workflow_id)
    wanted = ScheduleFilter(query.status, workflow_id, query.q)
    page = page_request(query, "schedules", (int, str))
    found = await answered(runtime_of(request).list_schedules(wanted, page))
    return await ok_large(listing(found, "schedules", presenters.schedule))


async def read(request: web.Request) -> web.Response:
    """`GET /api/schedules/{id}/workflow`."""
    read_query(request, NoQuery)
    found = await answered(runtime_of(request).get_schedule(_key(request)))
    return _shown(found)


async def update(request: web.Request) -> web.Response:
    """`PUT /api/schedules/{id}/workflow`: absent fields stay."""
    read_query(request, NoQuery)
    runtime, key = runtime_of(request), _key(request)
    changes = await read_object(request)
    version = await wanted_version(request, runtime, key)
    changed = await answered(runtime.update_scheduled_workflow(key, changes, version=version))
    return _shown(changed)


async def delete(request: web.Request) -> web.Response:
    """`DELETE /api/schedules/{id}/workflow`."""
    query = read_query(request, DeleteQuery)
    await read_body(request, EmptyBody)
    runtime, key = runtime_of(request), _key(request)
    version = await wanted_version(request, runtime, key)
    await answered(runtime.delete_scheduled_workflow(key, cancel=query.cancel, version=version))
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def trigger(request: web.Request) -> web.Response:
    """`POST /api/schedules/{id}/trigger`."""
    read_query(request, NoQuery)
    body = await read_body(request, TriggerBody)
    reply = runtime_of(request).trigger_scheduled_execution(
        _key(request),
        params=body.params,
        context=body.context,
        priority=body.priority,
        respect_overlap=body.respect_overlap,
    )
    return ok({"executionId": await answered(reply)}, HTTPStatus.ACCEPTED)


async def list_executions(request: web.Request) -> web.Response:
    """`GET /api/schedules/{id}/executions`: newest first."""
    query, key = read_query(request, ScheduleExecutionsQuery), _key(request)
    runtime, scope = runtime_of(request), f"executions of {key}"
    page = page_request(query, scope, (int, str))
    wanted = ExecutionFilter(
        status=query.status, schedule_id=ScheduleId(key), since=query.since, until=query.until
    )
    found = await answered(runtime.list_executions(wanted, page))
    if not found.items:
        await answered(runtime.get_schedule(key))  # an unknown schedule is no empty list
    return await ok_large(listing(found, scope, presenters.execution))


async def read_status(request: web.Request) -> web.Response:
    """`GET /api/schedules/{id}/status`."""
    read_query(request, NoQuery)
    return await _status(runtime_of(request), _key(request))


async def pause(request: web.Request) -> web.Response:
    """`POST /api/schedules/{id}/pause`."""
    return await _turn(request, runtime_of(request).pause_schedule)


async def resume(request: web.Request) -> web.Response:
    """`POST /api/schedules/{id}/resume`."""
    return await _turn(request, runtime_of(request).resume_schedule)


async def sync(request: web.Request) -> web.Response:
    """`POST /api/schedules/{id}/sync`: state and counters computed again from the executions."""
    read_query(request, NoQuery)
    await read_body(request, EmptyBody)
    found = await answered(runtime_of(request).sync_schedule_workflow_state(_key(request)))
    return await ok_large(presenters.status(found), etag(found.schedule))


async def upcoming(request: web.Request) -> web.Response:
    """`GET /api/schedules/{id}/upcoming`."""
    query = read_query(request, UpcomingQuery)
    instants = await answered(runtime_of(request).upcoming(_key(request), query.count))
    return ok({"items": [presenters.instant(each) for each in instants]})


async def list_fires(request: web.Request) -> web.Response:
    """`GET /api/schedules/{id}/fires`: the fire ledger, newest first."""
    query, key = read_query(request, FiresQuery), _key(request)
    runtime, scope = runtime_of(request), f"fires of {key}"
    page = page_request(query, scope, (int,))
    wanted = FireFilter(query.outcome, query.since, query.until)
    found = await answered(runtime.list_fires(key, wanted, page))
    if not found.items:
        await answered(runtime.get_schedule(key))
    return await ok_large(listing(found, scope, presenters.fire))


async def _turn(request: web.Request, turn: Any) -> web.Response:
    read_query(request, NoQuery)
    body = await read_body(request, NoteBody)
    runtime, key = runtime_of(request), _key(request)
    version = await wanted_version(request, runtime, key)
    await answered(turn(key, body.note, version=version))
    return await _status(runtime, key)


async def _status(runtime: Runtime, key: str) -> web.Response:
    found = await answered(runtime.get_schedule_workflow_status(key))
    return await ok_large(presenters.status(found), etag(found.schedule))


def _shown(found: Schedule) -> web.Response:
    return ok(presenters.schedule(found), headers=etag(found))


def _key(request: web.Request) -> str:
    return request.match_info["schedule_id"]
