"""`/healthz` and `/readyz`: whether the server lives, and whether it takes work."""

from http import HTTPStatus

from aiohttp import web

from ..answers import Answer, ok
from ..call import Call
from ..keys import runtime_of
from ..shapes.server import Health, Readiness


def calls() -> list[Call]:
    """What anybody may ask."""
    return [
        Call("getHealth", "GET", "/healthz", health, role=None),
        Call(
            "getReadiness",
            "GET",
            "/readyz",
            readiness,
            role=None,
            also=(HTTPStatus.SERVICE_UNAVAILABLE,),
        ),
    ]


async def health(request: web.Request) -> Answer[Health]:
    """200 as long as the server can answer."""
    return ok(Health.of(runtime_of(request).health()))


async def readiness(request: web.Request) -> Answer[Readiness]:
    """200, or 503 with the reasons while no new work is taken."""
    found = runtime_of(request).readiness()
    status = HTTPStatus.OK if found.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return ok(Readiness.of(found), status=status)
