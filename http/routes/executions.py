"""`/api/executions`: every run, of any schedule or none."""

from http import HTTPStatus

from aiohttp import web

from quarterjack.storage import BackfillId, ScheduleId, WorkflowId
from quarterjack.storage.queries import ExecutionFilter

from .. import presenters
from ..answers import answered, ok, ok_large
from ..bodies import EmptyBody, read_body
from ..keys import runtime_of
from ..paging import listing, page_request
from ..query import ExecutionsQuery, LogsQuery, NoQuery, read_query


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    return [
        web.get("/api/executions", list_executions),
        web.get("/api/executions/{execution_id}", read),
        web.get("/api/executions/{execution_id}/steps/{step}/logs", read_logs),
        web.post("/api/executions/{execution_id}/cancel", cancel),
        web.post("/api/executions/{execution_id}/retry", retry),
    ]


async def list_executions(request: web.Request) -> web.Response:
    """`GET /api/executions`: newest first."""
    query = read_query(request, ExecutionsQuery)
    wanted = ExecutionFilter(
        query.status,
        None if query.workflow_id is None else WorkflowId(query.workflow_id),
        None if query.schedule_id is None else ScheduleId(query.schedule_id),
        query.since,
        query.until,
        None if query.backfill_id is None else BackfillId(query.backfill_id),
    )
    page = page_request(query, "executions", (int, str))
    found = await answered(runtime_of(request).list_executions(wanted, page))
    return await ok_large(listing(found, "executions", presenters.execution))


async def read(request: web.Request) -> web.Response:
    """`GET /api/executions/{id}`: with its steps."""
    read_query(request, NoQuery)
    found = await answered(runtime_of(request).get_execution(_key(request)))
    return await ok_large(presenters.execution_detail(found))


async def read_logs(request: web.Request) -> web.Response:
    """`GET /api/executions/{id}/steps/{step}/logs`: what its attempts wrote, also while they run."""
    query, step = read_query(request, LogsQuery), request.match_info["step"]
    found = await answered(runtime_of(request).get_step_logs(_key(request), step))
    wanted = [each for each in found if query.attempt in (None, each.number)]
    return await ok_large({"items": [presenters.attempt_log(each) for each in wanted]})


async def cancel(request: web.Request) -> web.Response:
    """`POST /api/executions/{id}/cancel`: 202 when it is told to end."""
    read_query(request, NoQuery)
    await read_body(request, EmptyBody)
    key = _key(request)
    await answered(runtime_of(request).cancel_scheduled_execution(key))
    return ok({"executionId": key}, HTTPStatus.ACCEPTED)


async def retry(request: web.Request) -> web.Response:
    """`POST /api/executions/{id}/retry`: 202 with a new execution that goes on where this one ended."""
    read_query(request, NoQuery)
    await read_body(request, EmptyBody)
    key = await answered(runtime_of(request).retry_execution(_key(request)))
    return ok({"executionId": key}, HTTPStatus.ACCEPTED)


def _key(request: web.Request) -> str:
    return request.match_info["execution_id"]
