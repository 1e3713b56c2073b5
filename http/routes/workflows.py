"""`/api/workflows`: the definitions that the server has, their schedules, and runs without one."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from quarterjack.actors.workflow import Workflow
from quarterjack.storage import InvalidInput, WorkflowId
from quarterjack.storage.queries import Key, ScheduleFilter

from .. import presenters
from ..answers import answered, ok, ok_large
from ..bodies import RunBody, read_body, read_object
from ..keys import runtime_of
from ..paging import listing, page_of, page_request
from ..query import NoQuery, PageQuery, WorkflowSchedulesQuery, read_query
from .schedules import created


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    one = "/api/workflows/{workflow_id}"
    return [
        web.get("/api/workflows", list_workflows),
        web.get(one, read),
        web.get(f"{one}/schedules", list_schedules),
        web.post(f"{one}/schedule", create_schedule),
        web.post(f"{one}/run", run),
    ]


async def list_workflows(request: web.Request) -> web.Response:
    """`GET /api/workflows`: by id."""
    query = read_query(request, PageQuery)
    page = page_request(query, "workflows", (str,))
    known: dict[Key, Workflow] = {
        (key,): each for key, each in runtime_of(request).workflows.items()
    }
    return ok(listing(page_of(known, page), "workflows", presenters.workflow))


async def read(request: web.Request) -> web.Response:
    """`GET /api/workflows/{id}`."""
    read_query(request, NoQuery)
    return ok(presenters.workflow(_found(request)))


async def list_schedules(request: web.Request) -> web.Response:
    """`GET /api/workflows/{id}/schedules`."""
    query, key = read_query(request, WorkflowSchedulesQuery), _found(request).id
    scope = f"schedules of {key}"
    page = page_request(query, scope, (int, str))
    wanted = ScheduleFilter(query.status, key, query.q)
    found = await answered(runtime_of(request).list_schedules(wanted, page))
    return await ok_large(listing(found, scope, presenters.schedule))


async def create_schedule(request: web.Request) -> web.Response:
    """`POST /api/workflows/{id}/schedule`."""
    read_query(request, NoQuery)
    draft, key = await read_object(request), _found(request).id
    if draft.get("workflowId", key) != key:
        raise InvalidInput.field("workflowId", msg=f"the address says {key!r}; leave it out")
    return await created(runtime_of(request), {**draft, "workflowId": key})


async def run(request: web.Request) -> web.Response:
    """`POST /api/workflows/{id}/run`."""
    read_query(request, NoQuery)
    body = await read_body(request, RunBody)
    arguments: dict[str, Any] = {name: getattr(body, name) for name in RunBody.model_fields}
    key = await answered(runtime_of(request).run(_found(request).id, **arguments))
    return ok({"executionId": key}, HTTPStatus.ACCEPTED)


def _found(request: web.Request) -> Workflow:
    return runtime_of(request).workflows.find(WorkflowId(request.match_info["workflow_id"]))
