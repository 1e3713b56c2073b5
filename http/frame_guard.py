"""Looks at the head of each WebSocket frame before aiohttp does, and refuses what that would take.

aiohttp takes unmasked frames and any number of empty fragments and pings, and drops a connection so
fast that the client may not see why. Stands between the transport and aiohttp's protocol; on the loop.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import WSCloseCode

from .token_bucket import TokenBucket

_FIN, _RESERVED, _OPCODE = 0x80, 0x70, 0x0F
_MASKED, _LENGTH = 0x80, 0x7F
_FIRST_CONTROL: Final = 8
_LONGER: Final = {126: 2, 127: 8}
"""Length in the head → bytes of the real one that follow."""
_MASK_KEY: Final = 4


class FrameRefused(Exception):
    """The connection is to be closed with that code."""

    def __init__(self, code: WSCloseCode, reason: str) -> None:
        self.code = code
        super().__init__(reason)


class FrameHeads:
    """Follows a client's bytes from head to head, whatever pieces they come in."""

    def __init__(self, largest: int, frames: TokenBucket) -> None:
        self._largest = largest
        self._frames = frames
        self._head = bytearray()
        self._skip = 0
        self._message = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises `FrameRefused`."""
        at, end = 0, len(data)
        while at < end:
            if self._skip:
                step = min(self._skip, end - at)
                self._skip -= step
                at += step
                continue
            missing = self._wanted() - len(self._head)
            self._head += data[at : at + missing]
            at += min(missing, end - at)
            if len(self._head) == self._wanted():
                self._take_head()

    def _wanted(self) -> int:
        """Bytes of the head, as far as is known."""
        if len(self._head) < 2:
            return 2
        return 2 + _LONGER.get(self._head[1] & _LENGTH, 0)

    def _take_head(self) -> None:
        first, second, *longer = self._head
        self._head.clear()
        if not self._frames.take():
            raise FrameRefused(WSCloseCode.POLICY_VIOLATION, "too many frames")
        if first & _RESERVED:
            raise FrameRefused(WSCloseCode.PROTOCOL_ERROR, "reserved bits are set")
        if not second & _MASKED:
            raise FrameRefused(WSCloseCode.PROTOCOL_ERROR, "a client's frames are masked")
        length = int.from_bytes(longer) if longer else second & _LENGTH
        if first & _OPCODE < _FIRST_CONTROL:
            self._message += length
            if self._message > self._largest:
                raise FrameRefused(
                    WSCloseCode.MESSAGE_TOO_BIG, f"a frame has at most {self._largest:,} bytes"
                )
            if first & _FIN:
                self._message = 0
        self._skip = _MASK_KEY + length


class GuardedProtocol(asyncio.Protocol):
    """Passes on to aiohttp's protocol what is not refused; after a refusal, nothing that comes in."""

    def __init__(
        self, inner: asyncio.Protocol, heads: FrameHeads, refuse: Callable[[FrameRefused], None]
    ) -> None:
        self._inner = inner
        self._heads = heads
        self._refuse = refuse
        self._is_refused = False

    def data_received(self, data: bytes) -> None:
        """Look at it, and pass it on."""
        if self._is_refused:
            return
        try:
            self._heads.feed(data)
        except FrameRefused as refused:
            self._is_refused = True
            self._refuse(refused)
        else:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """As the inner one."""
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """As the inner one."""
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """As the inner one."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """As the inner one."""
        self._inner.resume_writing()
