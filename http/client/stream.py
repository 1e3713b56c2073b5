"""What comes from a server as an iterator: `for` in a thread, `async for` on any asyncio loop."""

import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.storage import QuarterjackError

T = TypeVar("T")


class NoMoreEvents(QuarterjackError):
    """The stream was closed; what had come is through."""


class Buffer(Protocol[T]):
    """Between the client's loop and whoever takes what comes; safe from any thread."""

    opened: Reply[int]

    def take(self) -> Reply[T]:
        """The next."""
        ...

    def put_back(self, reply: Reply[T]) -> None:
        """Nobody waits for that one any more; if it has something, that is the next one's."""
        ...

    def end(self, error: QuarterjackError | None) -> None:
        """No more."""
        ...


class Stream(Generic[T]):
    """It begins when it is made; `opened` is there when the server has answered.

    Iterating ends when it, or the client, is closed, and raises what the server refused with.
    """

    def __init__(self, buffer: Buffer[T], close: Callable[[], None]) -> None:
        self._buffer = buffer
        self._close = weakref.finalize(self, close)
        self._close.atexit = False

    @property
    def opened(self) -> Reply[int]:
        """The `seq` of the newest event at that time; there when the subscription is."""
        return self._buffer.opened

    def next(self, timeout: float | None = None) -> T:
        """The next, in a thread. Raises `pykka.Timeout` if none came within so many seconds."""
        reply = self._buffer.take()
        try:
            return reply.get(timeout=timeout)
        except BaseException:
            self._buffer.put_back(reply)
            raise

    def close(self) -> None:
        """No more, from any thread; iterating ends after what has come."""
        self._close()
        self._buffer.end(None)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        try:
            return self.next()
        except NoMoreEvents:
            raise StopIteration from None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        reply = self._buffer.take()
        try:
            return await reply
        except NoMoreEvents:
            raise StopAsyncIteration from None
        except BaseException:
            self._buffer.put_back(reply)
            raise

    def __enter__(self) -> Self:
        self.opened.get()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await self.opened
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
