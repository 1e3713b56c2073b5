"""`/api/schedules/preview`: what a draft of a schedule would do."""

from datetime import UTC, datetime, timedelta, timezone

from aiohttp import web

from quarterjack.actors.policies.clock_changes import Change
from quarterjack.actors.preview import Preview, PreviewItem

from ..answers import answered, ok_large
from ..bodies import read_object
from ..keys import runtime_of
from ..presenters import Json, instant, seconds
from ..query import NoQuery, read_query


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    return [web.post("/api/schedules/preview", play)]


async def play(request: web.Request) -> web.Response:
    """`POST /api/schedules/preview`: nothing is stored."""
    read_query(request, NoQuery)
    body = await read_object(request)
    found = await answered(runtime_of(request).preview(body))
    return await ok_large(preview(found))


def preview(found: Preview) -> Json:
    """A preview as it goes out."""
    return {
        "from": instant(found.since),
        "until": instant(found.until),
        "assumedDuration": seconds(found.assumed_duration),
        "items": [_item(each) for each in found.items],
        "clockChanges": [_change(each) for each in found.clock_changes],
        "next": instant(found.next),
        "truncated": found.truncated,
    }


def _item(found: PreviewItem) -> Json:
    return {
        "scheduledTime": instant(found.due),
        "firesAt": instant(found.fires_at),
        "localTime": found.local.isoformat(),
        "outcome": found.outcome.value,
        "reason": None if found.reason is None else found.reason.value,
        "clockChange": found.clock_change,
        "through": instant(found.through),
        "instants": found.instants,
    }


def _change(found: Change) -> Json:
    return {
        "at": instant(found.at),
        "from": _offset(found.before),
        "to": _offset(found.after),
    }


def _offset(ahead: timedelta) -> str:
    """How much a clock is ahead of UTC: `+02:00`."""
    shown = datetime(2000, 1, 1, tzinfo=timezone(ahead) if ahead else UTC).isoformat()
    return shown.removeprefix("2000-01-01T00:00:00")
