"""`/api/backfills`, and those of a schedule: executions of due instants that had none."""

from http import HTTPStatus

from aiohttp import web

from quarterjack.storage import IllegalTransition, NotFound, Role
from quarterjack.storage.backfill_changes import BackfillConflict

from .. import intake
from ..answers import Answer, answered, ok, ok_large
from ..audit_trail import note
from ..call import Call
from ..idempotency import planned_id
from ..keys import runtime_of
from ..paging import next_cursor, page_request
from ..query import PageQuery
from ..shapes.backfills import Backfill, BackfillNamed, BackfillStarted
from ..shapes.shape import Listing, listed


def calls() -> list[Call]:
    """What can be asked of backfills."""
    return [
        Call(
            "backfillSchedule",
            "POST",
            "/api/schedules/{schedule_id}/backfill",
            create,
            Role.OPERATOR,
            HTTPStatus.ACCEPTED,
            errors=(NotFound, BackfillConflict, IllegalTransition),
            takes_key=True,
        ),
        Call(
            "listBackfills",
            "GET",
            "/api/schedules/{schedule_id}/backfills",
            list_of_schedule,
            errors=(NotFound,),
        ),
        Call("getBackfill", "GET", "/api/backfills/{backfill_id}", read, errors=(NotFound,)),
        Call(
            "cancelBackfill",
            "POST",
            "/api/backfills/{backfill_id}/cancel",
            cancel,
            Role.OPERATOR,
            HTTPStatus.ACCEPTED,
            errors=(NotFound, IllegalTransition),
        ),
    ]


async def create(request: web.Request, body: intake.Backfill) -> Answer[BackfillStarted]:
    """Record an execution for each due instant of a range that has none."""
    key = request.match_info["schedule_id"]
    planned = planned_id(request)
    made = await answered(runtime_of(request).backfill_schedule(key, body, backfill_id=planned))
    note(request, backfill_id=made.backfill_id)
    return ok_large(
        lambda: BackfillStarted(
            execution_ids=list(made.execution_ids), backfill_id=made.backfill_id
        )
    )


async def list_of_schedule(request: web.Request, query: PageQuery) -> Answer[Listing[Backfill]]:
    """The backfills of a schedule, newest first."""
    key = request.match_info["schedule_id"]
    runtime, scope = runtime_of(request), f"backfills of {key}"
    found = await answered(runtime.list_backfills(key, page_request(query, scope, (int, str))))
    if not found.items:
        await answered(runtime.get_schedule(key))  # an unknown schedule is no empty list
    following = next_cursor(found, scope)
    return ok_large(lambda: listed(found, following, Backfill.of))


async def read(request: web.Request) -> Answer[Backfill]:
    """A backfill, and how far it has come."""
    return ok(Backfill.of(await answered(runtime_of(request).get_backfill(_key(request)))))


async def cancel(request: web.Request) -> Answer[BackfillNamed]:
    """Let nothing more of it begin."""
    key = _key(request)
    await answered(runtime_of(request).cancel_backfill(key))
    return ok(BackfillNamed(backfill_id=key))


def _key(request: web.Request) -> str:
    return request.match_info["backfill_id"]
