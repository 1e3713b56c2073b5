"""`/api/ws`: live events over a WebSocket."""

from aiohttp import web
from aiohttp.web import WebSocketResponse

from ..errors import UpgradeRequired
from ..frames import CODECS, LARGEST_FRAME
from ..keys import CONNECTIONS, runtime_of
from ..live import LiveConnection
from ..query import NoQuery, read_query

_HEARTBEAT_SECONDS = 20.0


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    return [web.get("/api/ws", connect)]


async def connect(request: web.Request) -> web.StreamResponse:
    """`GET /api/ws`: until the client or the server ends it."""
    read_query(request, NoQuery)
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
