"""One line in the log for each request, and its time among the metrics.

The line has call, path, status, duration and caller, but no query string: that may hold secrets. Of a
token that somebody has put into the path, it has no more than lists show.
"""

import asyncio
import logging
import re
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from quarterjack.runtime.logs import ACCESS_LOGGER

from .call import call_of
from .forwarding import client_address
from .metrics import API, NO_CALL

logger = logging.getLogger(ACCESS_LOGGER)
_LONGEST_PATH: Final = 200
_TOKEN: Final = re.compile(r"(qj_[0-9a-z]{6})[0-9a-z]+")


@web.middleware
async def access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: times what stands inside of it, which answers errors, too."""
    clock = asyncio.get_running_loop().time
    began = clock()
    status = 0  # nobody got an answer
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        found = call_of(request)
        _note(request, NO_CALL if found is None else found.name, status, clock() - began)


def _note(request: web.Request, call: str, status: int, seconds: float) -> None:
    # A WebSocket takes as long as its client stays.
    if status not in (0, HTTPStatus.SWITCHING_PROTOCOLS):
        request.app[API].record(call, status, seconds)
    if logger.isEnabledFor(logging.INFO):
        path = _TOKEN.sub(r"\1…", request.path)[:_LONGEST_PATH]
        caller = client_address(request)
        fields = {"call": call, "status": status, "duration": round(seconds, 6), "caller": caller}
        logger.info(
            "%s %s: %s %d in %.1f ms for %s",
            request.method[:20],
            path,
            call,
            status,
            seconds * 1e3,
            caller,
            extra=fields,
        )
