"""aiohttp's WebSocket, with what it leaves open: a bound on how long a close may take, and on buffers.

A client that does not read can't keep a connection that is closed: after `close_seconds` it is cut.
"""

import asyncio
import socket
from contextlib import suppress
from typing import Self

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.abc import AbstractStreamWriter

from quarterjack.actors.engine import Clock

from .frame_guard import FrameHeads, FrameRefused, GuardedProtocol
from .frames import CODECS, LARGEST_FRAME
from .live_limits import LiveLimits
from .token_bucket import TokenBucket

_UNLIMITED = 2**62
_WHOLE = 0x80
_HIGH_WATER = 65_536
"""Bytes in the transport above which nothing more is written to it."""


class LiveSocket(web.WebSocketResponse):
    """Made for one request; `open` answers it."""

    def __init__(self, limits: LiveLimits, clock: Clock) -> None:
        super().__init__(
            protocols=tuple(CODECS),
            heartbeat=limits.heartbeat,
            timeout=limits.close_seconds,
            autoping=False,
            compress=False,
            max_msg_size=LARGEST_FRAME + 1,
            writer_limit=_UNLIMITED,  # nothing that is sent waits; `drained` does
        )
        self._limits = limits
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._stream: AbstractStreamWriter | None = None
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._is_ending = False
        self._saying: asyncio.Task[None] | None = None

    async def open(self, request: web.Request) -> Self:
        """Answer the upgrade."""
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        _bound_buffers(transport, self._limits.send_buffer)
        inner = request.protocol
        heads = FrameHeads(
            LARGEST_FRAME,
            TokenBucket(self._limits.hard_rate, self._limits.hard_burst, self._clock.monotonic),
        )
        refused: FrameRefused | None = None
        transport.set_protocol(GuardedProtocol(inner, heads, self._refuse))
        try:
            heads.feed(getattr(inner, "_message_tail", b""))  # came with the request
        except FrameRefused as error:
            refused = error
        try:
            self._stream = await self.prepare(request)
        except BaseException:
            transport.set_protocol(inner)
            raise
        if refused is not None:
            self._refuse(refused)
        return self

    def put(self, payload: bytes, kind: WSMsgType) -> None:
        """Let a frame be written by the next `flush`. Raises `ConnectionError`."""
        if self._is_ending:
            raise ConnectionResetError("the connection is being closed")
        self._unsent += [_head(kind, len(payload)), payload]
        self._unsent_bytes += len(payload)

    def flush(self) -> None:
        """Write all at once, without waiting. Raises `ConnectionError`."""
        if not self._unsent:
            return
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client is gone")
        transport.write(b"".join(self._unsent))
        self._unsent.clear()
        self._unsent_bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether there is enough to write, or the client is behind with reading."""
        if self._transport is None:
            return True
        return self._transport.get_write_buffer_size() + self._unsent_bytes > _HIGH_WATER

    async def drained(self) -> None:
        """Until the client has read enough. Raises `ConnectionError`."""
        if self._stream is not None:
            await self._stream.drain()

    def end(self, code: int, why: str, *, read_on: bool = True) -> None:
        """Say why it ends and send no more; when the client has answered, or soon, it is cut.

        With `read_on` False what the client still sends is dropped, so its answer is not seen.
        """
        if self._is_ending:
            return
        self._is_ending = True
        saying = self._say_why(code, why, half_close=not read_on)
        self._saying = asyncio.get_running_loop().create_task(saying)
        self.abort_soon()

    async def close(
        self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True
    ) -> bool:
        """As aiohttp does when the client closes or breaks the protocol; within `close_seconds`."""
        if self._is_ending:
            if self._transport is not None:
                self._transport.close()
            return False
        try:
            async with asyncio.timeout(self._limits.close_seconds):
                return await super().close(code=code, message=message, drain=drain)
        except TimeoutError:
            self.abort()
            return True

    def abort(self) -> None:
        """Cut it off."""
        if self._transport is not None:
            self._transport.abort()

    def abort_soon(self) -> None:
        """Cut it off unless the rest of what was written is read soon."""
        self._clock.call_later(self._limits.close_seconds, self.abort)

    def _refuse(self, refused: FrameRefused) -> None:
        self.end(refused.code, str(refused), read_on=False)

    async def _say_why(self, code: int, why: str, *, half_close: bool) -> None:
        with suppress(ConnectionError):
            await self.send_frame(code.to_bytes(2, "big") + why.encode(), WSMsgType.CLOSE)
        if half_close and self._transport is not None and self._transport.can_write_eof():
            self._transport.write_eof()


def _bound_buffers(transport: asyncio.Transport, send_buffer: int) -> None:
    transport.set_write_buffer_limits(high=_HIGH_WATER)
    found = transport.get_extra_info("socket")
    if found is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)


def _head(kind: WSMsgType, length: int) -> bytes:
    """The head of a whole frame of a server."""
    first = _WHOLE | kind.value
    if length < 126:
        return bytes((first, length))
    if length < 65_536:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")
