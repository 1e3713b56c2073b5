"""`/api/ws`: live events over a WebSocket."""

from http import HTTPStatus

from aiohttp import web

from ..call import Call
from ..errors import (
    Draining,
    TooManyConnections,
    TooManyFailures,
    Unauthenticated,
    UpgradeRequired,
)
from ..keys import CONNECTIONS, DRAINING


def calls() -> list[Call]:
    """The address of the WebSocket; who may connect is decided there."""
    return [
        Call(
            "connect",
            "GET",
            "/api/ws",
            connect,
            role=None,
            status=HTTPStatus.SWITCHING_PROTOCOLS,
            errors=(UpgradeRequired, Unauthenticated, TooManyFailures, TooManyConnections),
        )
    ]


async def connect(request: web.Request) -> web.StreamResponse:
    """Live events, until the client or the server ends it."""
    if request.app[DRAINING].is_set():
        raise Draining("The server is ending; connect again when it is back.")
    return await request.app[CONNECTIONS].serve(request)
