"""Whom the server answers: only requests to its own names, and none from foreign pages.

Without tokens anybody on the machine may call; what must be kept out are web pages in the user's
browser: by `Origin`, by `Sec-Fetch-Site`, and by `Host` against DNS rebinding.
"""

from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from quarterjack.storage import StorageUnavailable

from .addresses import address_of, is_loopback, name_of
from .errors import Draining, Forbidden, WrongHost, WrongMediaType, WrongTarget
from .expectations import check_expectation
from .forwarding import Outside, outside_of
from .keys import DRAINING, SETTINGS, runtime_of

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: refuse what must not come in. Raises our errors."""
    if not request.raw_path.startswith("/") or request.method == "CONNECT":
        raise WrongTarget("Send the path only, not a whole address.")
    outside = outside_of(request)
    _check_host(request, outside)
    _check_origin(request, outside)
    check_expectation(request)
    if "Content-Encoding" in request.headers:
        raise WrongMediaType("Send the body as it is, without Content-Encoding.")
    if request.method not in _SAFE_METHODS and request.app[DRAINING].is_set():
        raise Draining("The server is ending and takes no new work; ask again when it is back.")
    if request.method not in _SAFE_METHODS and (problem := runtime_of(request).takes_no_writes):
        raise StorageUnavailable(problem)
    return await handler(request)


def _check_host(request: web.Request, outside: Outside) -> None:
    given = request.headers.getall("Host", ())
    if len(given) != 1 or not _is_own_name(name_of(outside.host), request):
        raise WrongHost(outside.host if len(given) == 1 else ", ".join(given) or "(none)")


def _is_own_name(name: str, request: web.Request) -> bool:
    """A name that was made for this server; an address only if it is where the request arrived."""
    if is_loopback(name) or name in request.app[SETTINGS].names:
        return True
    address = address_of(name)
    arrived = request.transport.get_extra_info("sockname") if request.transport else None
    return bool(arrived and address is not None and address == address_of(str(arrived[0])))


def _check_origin(request: web.Request, outside: Outside) -> None:
    origins = request.headers.getall("Origin", ())
    allowed = request.app[SETTINGS].allow_origins
    for origin in origins:
        if origin not in allowed and not _is_own(origin, outside):
            raise Forbidden(f"The origin {origin[:100]!r} is not this server's.")
    site = request.headers.get("Sec-Fetch-Site", "none")
    is_foreign = site not in ("none", "same-origin") and not (origins and origins[0] in allowed)
    if is_foreign and request.method not in _SAFE_METHODS:
        raise Forbidden("Pages of other sites can't make changes here.")


def _is_own(origin: str, outside: Outside) -> bool:
    try:
        parsed = URL(origin)
        authority = f"{parsed.raw_host}:{parsed.port}" if parsed.raw_host else ""
        own = URL(f"{outside.scheme}://{outside.host}")
    except ValueError:
        return False
    return parsed.scheme == outside.scheme and authority == f"{own.raw_host}:{own.port}"
