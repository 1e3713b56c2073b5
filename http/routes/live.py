"""`/api/ws`: live events over a WebSocket."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.web import WebSocketResponse

from ..call import Call
from ..errors import TooManyFailures, Unauthenticated, UpgradeRequired
from ..frames import CODECS, LARGEST_FRAME
from ..keys import CONNECTIONS, runtime_of
from ..live import LiveConnection

_HEARTBEAT_SECONDS = 20.0


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
            errors=(UpgradeRequired, Unauthenticated, TooManyFailures),
        )
    ]


async def connect(request: web.Request) -> web.StreamResponse:
    """Live events, until the client or the server ends it."""
    socket = WebSocketResponse(
        protocols=tuple(CODECS),
        heartbeat=_HEARTBEAT_SECONDS,
        compress=False,
        max_msg_size=LARGEST_FRAME,
    )
    if not socket.can_prepare(request):
        raise UpgradeRequired("Open it as a WebSocket, with subprotocol quarterjack.v1.json.")
    await socket.prepare(request)
    codec = CODECS[socket.ws_protocol or "quarterjack.v1.json"]
    connection = LiveConnection(runtime_of(request), socket, codec)
    connections = request.app[CONNECTIONS]
    connections.add(connection)
    try:
        await connection.serve()
    finally:
        connections.discard(connection)
    return socket
