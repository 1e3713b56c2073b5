"""All WebSockets of a server: lets them in up to a limit, rechecks their tokens, closes them at the end."""

import asyncio

from aiohttp import web

from quarterjack.actors.engine import Timer
from quarterjack.runtime import Runtime

from .errors import TooManyConnections, Unauthenticated, UpgradeRequired
from .forwarding import client_address
from .frames import CODECS
from .live import LiveConnection
from .live_access import Door, Visitor
from .live_limits import LiveLimits
from .live_socket import LiveSocket
from .live_states import LiveStates
from .replay import StoredEvents

_SCHEME = "bearer"
_DEFAULT = next(iter(CODECS))


class LiveConnections:
    """One per application; on its loop. `limits` and `door` are those of connections to come."""

    def __init__(self, runtime: Runtime, door: Door) -> None:
        self.limits = LiveLimits(
            connections=runtime.settings.live_connections,
            heartbeat=runtime.settings.live_heartbeat.total_seconds(),
        )
        self.door = door
        self._runtime = runtime
        self.states = LiveStates(runtime)
        self._stored = StoredEvents(runtime)
        self._open: set[LiveConnection] = set()
        self._coming = 0
        self._rechecks: Timer | None = None

    def __len__(self) -> int:
        return len(self._open) + self._coming

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Until either side ends it. Raises `UpgradeRequired`, `TooManyConnections`, `Unauthenticated`."""
        if len(self) >= self.limits.connections:
            raise TooManyConnections(self.limits.connections)
        self._coming += 1
        try:
            connection, socket = await self._connect(request)
        finally:
            self._coming -= 1
        self._open.add(connection)
        self._keep_rechecking()
        try:
            await connection.serve()
        finally:
            self._open.discard(connection)
        return socket

    async def close(self) -> None:
        """The server is going away: all at once."""
        if self._rechecks is not None:
            self._rechecks.cancel()
        await asyncio.gather(*(each.close() for each in self._open), return_exceptions=True)

    async def _connect(self, request: web.Request) -> tuple[LiveConnection, LiveSocket]:
        socket = LiveSocket(self.limits, self._runtime.clock)
        if not socket.can_prepare(request):
            raise UpgradeRequired(f"Open it as a WebSocket, with subprotocol {_DEFAULT}.")
        address = client_address(request)
        visitor = self._visitor(request, address)
        await socket.open(request)
        connection = LiveConnection(
            self._runtime,
            socket,
            CODECS[socket.ws_protocol or _DEFAULT],
            self._stored,
            self.states,
            self.limits,
            self.door,
            visitor,
            address,
        )
        return connection, socket

    def _visitor(self, request: web.Request, address: str) -> Visitor | None:
        """Who asks; None: he has to say so in his first frame. Raises `Unauthenticated`."""
        here = self.door.without_token(address)
        given = request.headers.getall("Authorization", ())
        if here is not None or not given:
            return here
        scheme, _, secret = given[0].partition(" ")
        if len(given) > 1 or scheme.lower() != _SCHEME:
            raise Unauthenticated("Send a valid token: `Authorization: Bearer qj_…`.")
        return self.door.with_token(secret.strip(), address)

    def _keep_rechecking(self) -> None:
        if self._rechecks is None:
            self._rechecks = self._runtime.clock.call_later(self.limits.recheck, self._recheck)

    def _recheck(self) -> None:
        self._rechecks = None
        for each in list(self._open):
            each.recheck()
        if self._open:
            self._keep_rechecking()
