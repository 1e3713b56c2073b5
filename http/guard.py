"""Whom the server answers: only requests to its own loopback name, and none from foreign pages.

Without tokens anybody on the machine may call; what must be kept out are web pages in the user's
browser: by `Origin`, by `Sec-Fetch-Site`, and by `Host` against DNS rebinding.
"""

import ipaddress
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from .errors import Draining, Forbidden, WrongHost, WrongMediaType, WrongTarget
from .keys import DRAINING

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "Quarterjack",
    "X-Content-Type-Options": "nosniff",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: refuse what must not come in. Raises our errors."""
    if not request.raw_path.startswith("/"):
        raise WrongTarget("Send the path only, not a whole address.")
    _check_host(request)
    _check_origin(request)
    if "Content-Encoding" in request.headers:
        raise WrongMediaType("Send the body as it is, without Content-Encoding.")
    if request.method not in _SAFE_METHODS and request.app[DRAINING].is_set():
        raise Draining("The server is ending and takes no new work; ask again when it is back.")
    return await handler(request)


async def add_security_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Signal: every answer says what a browser may do with it."""
    response.headers.update(SECURITY_HEADERS)


def is_loopback(host: str) -> bool:
    """Whether a name or address can only mean this machine.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "example.org")]
    [True, True, True, False, False]
    """
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _check_host(request: web.Request) -> None:
    given = request.headers.getall("Host", ())
    if len(given) != 1 or not is_loopback(_name_of(given[0])):
        raise WrongHost(", ".join(given) or "(none)")


def _name_of(host: str) -> str:
    """The name in a `Host` header, without the port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _check_origin(request: web.Request) -> None:
    site = request.headers.get("Sec-Fetch-Site", "none")
    if request.method not in _SAFE_METHODS and site not in ("none", "same-origin"):
        raise Forbidden("Pages of other sites can't make changes here.")
    for origin in request.headers.getall("Origin", ()):
        if not _is_own(origin, request):
            raise Forbidden(f"The origin {origin[:100]!r} is not this server's.")


def _is_own(origin: str, request: web.Request) -> bool:
    try:
        parsed = URL(origin)
        authority = f"{parsed.raw_host}:{parsed.port}" if parsed.raw_host else ""
        own = URL(f"{request.scheme}://{request.headers['Host']}")
    except ValueError:
        return False
    return parsed.scheme == request.scheme and authority == f"{own.raw_host}:{own.port}"
