"""`/api/calendars`: named days that schedules share in their `exclude`."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from quarterjack import storage
from quarterjack.storage import CalendarInUse, NotFound, Role, VersionConflict

from ..answers import Answer, answered, etag, ok_large
from ..call import Call
from ..intake import CalendarText
from ..keys import runtime_of
from ..paging import next_cursor, page_request
from ..preconditions import wanted_calendar
from ..query import PageQuery
from ..shapes.calendars import Calendar, CalendarEntry
from ..shapes.shape import Listing, listed

_FIRST: Final = 1
"""The version of a calendar that was not there before."""


def calls() -> list[Call]:
    """What can be asked of calendars."""
    one = "/api/calendars/{name}"
    return [
        Call("listCalendars", "GET", "/api/calendars", list_calendars, is_for_some=True),
        Call("getCalendar", "GET", one, read, errors=(NotFound,), is_for_some=True),
        Call(
            "putCalendar",
            "PUT",
            one,
            put,
            Role.ADMIN,
            errors=(NotFound, VersionConflict),
            also=(HTTPStatus.CREATED,),
        ),
        Call(
            "deleteCalendar",
            "DELETE",
            one,
            delete,
            Role.ADMIN,
            HTTPStatus.NO_CONTENT,
            errors=(NotFound, VersionConflict, CalendarInUse),
        ),
    ]


async def list_calendars(request: web.Request, query: PageQuery) -> Answer[Listing[CalendarEntry]]:
    """The calendars by name, without their days."""
    page = page_request(query, "calendars", (str,))
    found = await answered(runtime_of(request).list_calendars(page))
    following = next_cursor(found, "calendars")
    return ok_large(lambda: listed(found, following, CalendarEntry.of))


async def read(request: web.Request) -> Answer[Calendar]:
    """A calendar with its days."""
    return _shown(await answered(runtime_of(request).get_calendar(_name(request))))


async def put(request: web.Request, body: CalendarText) -> Answer[Calendar]:
    """Make a calendar (201), or replace what it holds."""
    runtime, name = runtime_of(request), _name(request)
    version = await wanted_calendar(request, runtime, name)
    if isinstance(body, bytes):
        reply = runtime.put_calendar(name, icalendar=body, version=version)
    else:
        reply = runtime.put_calendar(
            name, dates=body.dates, description=body.description, version=version
        )
    found = await answered(reply)
    return _shown(found, HTTPStatus.CREATED if found.version == _FIRST else HTTPStatus.OK)


async def delete(request: web.Request) -> None:
    """Delete a calendar that no schedule uses."""
    runtime, name = runtime_of(request), _name(request)
    version = await wanted_calendar(request, runtime, name)
    await answered(runtime.delete_calendar(name, version=version))


def _shown(found: storage.Calendar, status: int = HTTPStatus.OK) -> Answer[Calendar]:
    return ok_large(lambda: Calendar.of_whole(found), etag(found), status)


def _name(request: web.Request) -> str:
    return request.match_info["name"]
