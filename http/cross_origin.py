"""Pages of other origins that are allowed to call (`--allow-origin`): what their browsers need to be told.

The guard has refused all other origins before.
"""

from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from .headers import vary_by
from .keys import SETTINGS
from .methods import methods_of

_TAKEN_HEADERS: Final = (
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
    "Traceparent, Tracestate, X-Request-Id"
)
_SHOWN_HEADERS: Final = "Allow, ETag, Location, Retry-After, WWW-Authenticate, X-Request-Id"
_REMEMBERED_SECONDS: Final = "600"


@web.middleware
async def preflights(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: answer a browser that asks whether a page may call; it can't send a token with it."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
        return await handler(request)
    if request.headers.get("Origin") not in request.app[SETTINGS].allow_origins:
        return await handler(request)
    headers = {
        "Access-Control-Allow-Methods": methods_of(request),
        "Access-Control-Allow-Headers": _TAKEN_HEADERS,
        "Access-Control-Max-Age": _REMEMBERED_SECONDS,
    }
    return web.Response(status=204, headers=headers)


async def allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Signal: let the pages of allowed origins read the answer."""
    allowed = request.app[SETTINGS].allow_origins
    if not allowed:
        return
    vary_by(response, "Origin")
    origin = request.headers.get("Origin")
    if origin in allowed:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _SHOWN_HEADERS
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
