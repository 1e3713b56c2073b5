"""`/healthz` and `/readyz`: whether the server lives, and whether it takes work."""

from http import HTTPStatus

from aiohttp import web

from .. import presenters
from ..answers import ok
from ..keys import runtime_of


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    return [web.get("/healthz", health), web.get("/readyz", readiness)]


async def health(request: web.Request) -> web.Response:
    """`GET /healthz`: 200 as long as the server can answer."""
    return ok(presenters.health(runtime_of(request).health()))


async def readiness(request: web.Request) -> web.Response:
    """`GET /readyz`: 503 with the reasons while no new work is taken."""
    found = runtime_of(request).readiness()
    status = HTTPStatus.OK if found.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return ok(presenters.readiness(found), status)
