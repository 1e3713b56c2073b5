"""`/api/backfills`, and those of a schedule: executions of due instants that had none."""

from http import HTTPStatus

from aiohttp import web

from quarterjack.storage import BackfillProgress

from ..answers import answered, ok, ok_large
from ..bodies import EmptyBody, read_body, read_object
from ..keys import runtime_of
from ..paging import listing, page_request
from ..presenters import Json, instant
from ..query import NoQuery, PageQuery, read_query


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    return [
        web.post("/api/schedules/{schedule_id}/backfill", create),
        web.get("/api/schedules/{schedule_id}/backfills", list_of_schedule),
        web.get("/api/backfills/{backfill_id}", read),
        web.post("/api/backfills/{backfill_id}/cancel", cancel),
    ]


async def create(request: web.Request) -> web.Response:
    """`POST /api/schedules/{id}/backfill`: 202 when all its executions are recorded."""
    read_query(request, NoQuery)
    body = await read_object(request)
    key = request.match_info["schedule_id"]
    made = await answered(runtime_of(request).backfill_schedule(key, body))
    answer = {"executionIds": made.execution_ids, "backfillId": made.backfill_id}
    return await ok_large(answer, status=HTTPStatus.ACCEPTED)


async def list_of_schedule(request: web.Request) -> web.Response:
    """`GET /api/schedules/{id}/backfills`: newest first."""
    query, key = read_query(request, PageQuery), request.match_info["schedule_id"]
    runtime, scope = runtime_of(request), f"backfills of {key}"
    found = await answered(runtime.list_backfills(key, page_request(query, scope, (int, str))))
    if not found.items:
        await answered(runtime.get_schedule(key))  # an unknown schedule is no empty list
    return await ok_large(listing(found, scope, backfill))


async def read(request: web.Request) -> web.Response:
    """`GET /api/backfills/{id}`: how far it has come."""
    read_query(request, NoQuery)
    found = await answered(runtime_of(request).get_backfill(_key(request)))
    return ok(backfill(found))


async def cancel(request: web.Request) -> web.Response:
    """`POST /api/backfills/{id}/cancel`: 202 when nothing more of it will begin."""
    read_query(request, NoQuery)
    await read_body(request, EmptyBody)
    key = _key(request)
    await answered(runtime_of(request).cancel_backfill(key))
    return ok({"backfillId": key}, HTTPStatus.ACCEPTED)


def backfill(found: BackfillProgress) -> Json:
    """A backfill as it goes out."""
    base = found.backfill
    return {
        "id": base.id,
        "scheduleId": base.schedule_id,
        "start": instant(base.start),
        "end": instant(base.end),
        "overlap": base.overlap.value,
        "maxConcurrency": base.max_concurrency,
        "priority": base.priority,
        "params": base.params,
        "status": found.status.value,
        "total": base.total,
        "queued": found.queued,
        "running": found.running,
        "succeeded": found.succeeded,
        "failed": found.failed,
        "cancelled": found.cancelled,
        "createdAt": instant(base.created_at),
        "cancelledAt": instant(base.cancelled_at),
    }


def _key(request: web.Request) -> str:
    return request.match_info["backfill_id"]
