"""`/api/calendars`: named days that schedules share in their `exclude`."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from quarterjack.storage import Calendar

from .. import presenters
from ..answers import answered, etag, ok_large
from ..bodies import EmptyBody, read_body, read_calendar
from ..keys import runtime_of
from ..paging import listing, page_request
from ..preconditions import wanted_calendar
from ..query import NoQuery, PageQuery, read_query

_FIRST: Final = 1
"""The version of a calendar that was not there before."""


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    one = "/api/calendars/{name}"
    return [
        web.get("/api/calendars", list_calendars),
        web.get(one, read),
        web.put(one, put),
        web.delete(one, delete),
    ]


async def list_calendars(request: web.Request) -> web.Response:
    """`GET /api/calendars`: by name, without their days."""
    query = read_query(request, PageQuery)
    page = page_request(query, "calendars", (str,))
    found = await answered(runtime_of(request).list_calendars(page))
    return await ok_large(listing(found, "calendars", presenters.calendar_entry))


async def read(request: web.Request) -> web.Response:
    """`GET /api/calendars/{name}`."""
    read_query(request, NoQuery)
    return await _shown(await answered(runtime_of(request).get_calendar(_name(request))))


async def put(request: web.Request) -> web.Response:
    """`PUT /api/calendars/{name}`: made (201), or what it holds replaced."""
    read_query(request, NoQuery)
    runtime, name = runtime_of(request), _name(request)
    body = await read_calendar(request)
    version = await wanted_calendar(request, runtime, name)
    if isinstance(body, bytes):
        reply = runtime.put_calendar(name, icalendar=body, version=version)
    else:
        reply = runtime.put_calendar(
            name, dates=body.dates, description=body.description, version=version
        )
    found = await answered(reply)
    answer = await _shown(found)
    if found.version == _FIRST:
        answer.set_status(HTTPStatus.CREATED)
    return answer


async def delete(request: web.Request) -> web.Response:
    """`DELETE /api/calendars/{name}`."""
    read_query(request, NoQuery)
    await read_body(request, EmptyBody)
    runtime, name = runtime_of(request), _name(request)
    version = await wanted_calendar(request, runtime, name)
    await answered(runtime.delete_calendar(name, version=version))
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _shown(found: Calendar) -> web.Response:
    return await ok_large(presenters.calendar(found), etag(found))


def _name(request: web.Request) -> str:
    return request.match_info["name"]
