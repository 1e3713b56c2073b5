"""`OPTIONS` on every address: 204 with the methods that it takes."""

from aiohttp import web
from aiohttp.typedefs import Handler

from .problems import allow


@web.middleware
async def options(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: answer `OPTIONS`."""
    if request.method != "OPTIONS":
        return await handler(request)
    return web.Response(status=204, headers={"Allow": methods_of(request)})


def methods_of(request: web.Request) -> str:
    """The methods of the address, as `Allow` has them. Raises aiohttp's 404."""
    refused = request.match_info.http_exception
    if isinstance(refused, web.HTTPMethodNotAllowed):
        return allow(refused)
    if refused is not None:
        raise refused
    return "OPTIONS"  # pragma: no cover (no address has a handler of its own for it)
