"""Accepts connections for the application: counted, refused when there are too many, with TLS if wanted.

aiohttp has no say before a connection is its own; what is not admitted costs no parser and no task.
"""

import asyncio
import logging
import resource
import socket
import ssl
from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from .connection import Connection, refusal
from .crowd import Crowd, Place
from .errors import AllConnectionsBusy
from .keys import SETTINGS
from .settings import HttpSettings

logger = logging.getLogger("quarterjack.http")
_BACKLOG: Final = 1_024
_ACCEPTED_AT_ONCE: Final = 64
"""asyncio tries as often in a row, also when there is no file left for a connection."""
_OUT_OF_FILES: Final = "socket.accept() out of system resource"
"""asyncio's words; it waits for a second then."""
_QUIET_SECONDS: Final = 10.0
_LINGER_SECONDS: Final = 2.0
"""For the rest of a refused body, and for requests that are being answered at the end."""
_REFUSAL_SECONDS: Final = 1.0
"""For a client to read why it was refused."""
_MOST_REFUSALS: Final = 50
"""That are being read; more are cut off without a word."""
_READ_AT_ONCE: Final = 32_768
"""Bytes of one connection; it may cost a microsecond or two to parse one of them."""
_OTHER_FILES: Final = 200
"""For the database, workers, and what steps open."""
_OPTIONS: Final[dict[str, Any]] = {
    "access_log": None,
    "auto_decompress": False,
    "lingering_time": _LINGER_SECONDS,
    "max_line_size": 8_190,
    "max_field_size": 8_190,
    "max_headers": 128,
    "read_bufsize": 65_536,
}


class Listener:
    """Of an application, from `start` to `stop`."""

    def __init__(self, app: web.Application, context: ssl.SSLContext | None = None) -> None:
        self.settings: HttpSettings = app[SETTINGS]
        self.context = context
        """Of the connections to come; another one may be set at any time."""
        self.crowd = Crowd(self.settings, _most_connections(self.settings))
        self.refusals = 0
        self.handshakes: set[asyncio.Task[None]] = set()
        keep_alive = self.settings.keep_alive.total_seconds()
        self._options = {**_OPTIONS, "keepalive_timeout": keep_alive}
        self._runner = web.AppRunner(app, shutdown_timeout=_LINGER_SECONDS)
        self._server: asyncio.Server | None = None
        self._quiet_until = 0.0

    async def start(self, listening: socket.socket) -> None:
        """Begin to accept on a socket that is bound."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Arrival(self), sock=listening, backlog=_ACCEPTED_AT_ONCE
        )
        listening.listen(_BACKLOG)
        loop.set_exception_handler(self._failed)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Something on the loop has failed; that no connection can be accepted is told now and then."""
        if context.get("message") != _OUT_OF_FILES:
            loop.default_exception_handler(context)
        elif loop.time() >= self._quiet_until:
            self._quiet_until = loop.time() + _QUIET_SECONDS
            logger.error(
                "no new connections: %s; trying again every second", context.get("exception")
            )

    async def stop(self) -> None:
        """Accept no more, let what is being answered end, and close the rest."""
        if self._server is not None:
            self._server.close()
        for handshake in self.handshakes:
            handshake.cancel()
        await self._runner.cleanup()

    def connection(self, place: Place) -> Connection:
        """One that is admitted."""
        assert self._runner.server is not None
        return Connection(self._runner.server, place, self.settings, **self._options)


class _Arrival(asyncio.Protocol):
    """A connection that is not aiohttp's yet, or never will be."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._transport: asyncio.Transport
        self._connection: Connection | None = None
        self._place: Place | None = None
        self._is_refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._tune(transport)
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        self._place = self._listener.crowd.admit(address, self._give_way)
        if self._place is None:
            self._refuse()
        elif self._listener.context is None:
            connection = self._made(self._place)
            transport.set_protocol(connection)
            connection.connection_made(transport)
        else:
            transport.pause_reading()  # what comes is for TLS
            secured = self._secure(self._made(self._place), self._listener.context)
            task = asyncio.get_running_loop().create_task(secured)
            self._listener.handshakes.add(task)
            task.add_done_callback(self._listener.handshakes.discard)

    def connection_lost(self, _: Exception | None) -> None:
        if self._place is not None:
            self._place.leave()
        if self._is_refused:
            self._listener.refusals -= 1

    def _tune(self, transport: asyncio.Transport) -> None:
        if hasattr(transport, "max_size"):
            transport.max_size = _READ_AT_ONCE
        wire = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # The kernel ends it, too, also where TLS hides from the connection what is not taken.
            deadline = self._listener.settings.write_deadline
            milliseconds = int(deadline / timedelta(milliseconds=1))
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def _made(self, place: Place) -> Connection:
        self._connection = self._listener.connection(place)
        return self._connection

    def _give_way(self) -> bool:
        if self._connection is not None and self._connection.connected:
            return self._connection.give_way()
        self._transport.abort()
        return True

    async def _secure(self, connection: Connection, context: ssl.SSLContext) -> None:
        seconds = self._listener.settings.handshake_deadline.total_seconds()
        try:
            secured = await asyncio.get_running_loop().start_tls(
                self._transport,
                connection,
                context,
                server_side=True,
                ssl_handshake_timeout=seconds,
                ssl_shutdown_timeout=_LINGER_SECONDS,
            )
        except (OSError, asyncio.CancelledError):  # no TLS, another version, too slow, gone away
            secured = None
        if secured is None or secured.is_closing():
            connection.connection_lost(None)
            self._transport.abort()
        else:
            connection.connection_made(secured)

    def _refuse(self) -> None:
        transport, listener = self._transport, self._listener
        if listener.context is not None or listener.refusals >= _MOST_REFUSALS:
            transport.abort()
            return
        listener.refusals += 1
        self._is_refused = True
        transport.write(refusal(AllConnectionsBusy("Too many connections are open; come back.")))
        transport.write_eof()  # and read on, else what it has sent makes the kernel drop the answer
        asyncio.get_running_loop().call_later(_REFUSAL_SECONDS, transport.abort)


def _most_connections(settings: HttpSettings) -> int:
    """How many there may be, with the files that the process may open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY or files - _OTHER_FILES >= settings.connections:
        return settings.connections
    most = max(files - _OTHER_FILES, files // 2)
    if most < settings.connections:
        logger.info(
            "at most %d connections at once, because the process may open %d files (ulimit -n)",
            most,
            files,
        )
    return min(most, settings.connections)
