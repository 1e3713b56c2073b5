"""`/api/cron`: what a cron expression means, and when it is due, for those who are writing one."""

import asyncio
from datetime import datetime

from aiohttp import web

from quarterjack.actors.policies.cron import CronError, CronExpression
from quarterjack.actors.policies.cron_words import describe
from quarterjack.actors.policies.time_zones import UnknownTimeZone, time_zone
from quarterjack.storage import FieldError, InvalidInput

from .. import presenters
from ..answers import ok
from ..keys import runtime_of
from ..query import CronQuery, read_query


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    return [web.get("/api/cron", read)]


async def read(request: web.Request) -> web.Response:
    """`GET /api/cron`: worked out on a thread, because many instants take a while."""
    query = read_query(request, CronQuery)
    now = runtime_of(request).clock.now()
    return ok(await asyncio.to_thread(_preview, query, now))


def _preview(query: CronQuery, now: datetime) -> presenters.Json:
    errors = []
    try:
        expression = CronExpression(query.expr, query.seed or "")
    except CronError as error:
        errors.append(FieldError(("query", "expr"), str(error)))
    try:
        zone = time_zone(query.timezone)
    except UnknownTimeZone as error:
        errors.append(FieldError(("query", "timezone"), str(error)))
    if errors:
        raise InvalidInput(errors)
    instants: list[datetime] = []
    due = expression.next(query.after or now, zone)
    while due is not None and len(instants) < query.count:
        instants.append(due)
        due = expression.next(due, zone)
    needs_seed = expression.is_hashed and query.seed is None
    return presenters.cron(describe(expression), instants, needs_seed=needs_seed)
