"""`/api/timeline`: what schedules did and will do in a span of time."""

from aiohttp import web

from quarterjack.runtime.timeline import span_around
from quarterjack.storage import FieldError, InvalidInput
from quarterjack.storage.timeline import Span

from ..answers import Answer, answered, ok_large
from ..call import Call
from ..keys import runtime_of
from ..query import TimelineQuery
from ..shapes.timeline import Timeline, TimelineRow
from .summaries import asked_page, cursor_after, wanted_schedules


def calls() -> list[Call]:
    """What is asked for a picture of time."""
    return [Call("getTimeline", "GET", "/api/timeline", timeline, is_for_some=True)]


async def timeline(request: web.Request, query: TimelineQuery) -> Answer[Timeline]:
    """What schedules did and will do in a span of time, by default six hours before and after now."""
    runtime = runtime_of(request)
    wanted, page = wanted_schedules(request, query), asked_page(query, "timeline")
    span = _span(request, query)
    reply = runtime.timeline(wanted, page, since=span.since, until=span.until)
    found = await answered(reply)
    following = cursor_after(found.rows.next, query, "timeline")
    return ok_large(
        lambda: Timeline(
            items=[TimelineRow.of(each) for each in found.rows.items],
            next_cursor=following,
            since=span.since,
            until=span.until,
            now=found.now,
            total=found.rows.total,
        )
    )


def _span(request: web.Request, query: TimelineQuery) -> Span:
    try:
        return span_around(runtime_of(request).clock.now(), query.since, query.until)
    except InvalidInput as error:
        errors = [FieldError(("query", *each.loc), each.msg) for each in error.errors]
        raise InvalidInput(errors) from None
