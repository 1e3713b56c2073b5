"""Every request has an id: the caller's `X-Request-ID`, or a new one; in its answer and in its log lines."""

import re
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from quarterjack.runtime.logs import log_fields
from quarterjack.storage import IdSource

from .keys import REQUEST_ID

HEADER: Final = "X-Request-ID"
_SANE: Final = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}", re.ASCII)
IDS: web.AppKey[IdSource] = web.AppKey("ids", IdSource)
"""Where ids of requests come from."""


@web.middleware
async def request_ids(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware, the outermost one: names the request for all others."""
    request[REQUEST_ID] = key = _given(request) or request.app[IDS].new("req")
    with log_fields(requestId=key):
        return await handler(request)


async def add_request_id(request: web.Request, response: web.StreamResponse) -> None:
    """Signal: every answer names its request."""
    key = request.get(REQUEST_ID)
    if key is not None:
        response.headers[HEADER] = key


def _given(request: web.Request) -> str | None:
    """The caller's id, if it is one that may stand in a log line; others are passed over."""
    given = request.headers.getall(HEADER, ())
    return given[0] if len(given) == 1 and _SANE.fullmatch(given[0]) else None
