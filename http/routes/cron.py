"""`/api/cron`: what a cron expression means, and when it is due, for those who are writing one."""

import asyncio
from datetime import datetime

from aiohttp import web

from quarterjack.actors.policies.cron import CronError, CronExpression
from quarterjack.actors.policies.cron_words import describe
from quarterjack.actors.policies.time_zones import UnknownTimeZone, time_zone
from quarterjack.storage import FieldError, InvalidInput

from ..answers import Answer, ok
from ..call import Call
from ..keys import runtime_of
from ..query import CronQuery
from ..shapes.server import CronMeaning


def calls() -> list[Call]:
    """What can be asked of cron."""
    return [Call("readCron", "GET", "/api/cron", read, is_for_some=True)]


async def read(request: web.Request, query: CronQuery) -> Answer[CronMeaning]:
    """What an expression means, and when it is due."""
    now = runtime_of(request).clock.now()
    return ok(await asyncio.to_thread(_preview, query, now))  # many instants take a while


def _preview(query: CronQuery, now: datetime) -> CronMeaning:
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
    description = describe(expression)
    if needs_seed:
        description += " (`H` is chosen by a schedule's id: give that as `seed`)"
    return CronMeaning(description=description, items=instants)
