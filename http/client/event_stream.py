"""Events as an iterator: `for` in a thread, `async for` on any asyncio loop.

A consumer that is slow holds up nobody: what does not fit into its buffer is asked for again, after
the last event that did.
"""

import threading
import weakref
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from quarterjack.actors.engine import Reply
from quarterjack.storage import QuarterjackError

from ..shapes.events import Event

MOST_WAITING: Final = 5_000
"""Events that wait for their consumer."""


class NoMoreEvents(QuarterjackError):
    """The stream was closed; what had come is through."""


class EventBuffer:
    """Between the client's loop, which offers events, and whoever takes them; safe from any thread."""

    def __init__(self, most: int) -> None:
        self.opened: Reply[int] = Reply()
        self.on_room: Callable[[], None] = lambda: None
        """Called on the taker's thread when there is room again."""
        self._most = most
        self._lock = threading.Lock()
        self._events: deque[Event] = deque()
        self._takers: deque[Reply[Event]] = deque()
        self._error: QuarterjackError | None = None
        self._is_held = False

    def joined(self, seq: int) -> None:
        self.opened.settle(seq)

    def offer(self, event: Event) -> bool:
        with self._lock:
            if not self._takers:
                self._is_held = len(self._events) >= self._most
                if not self._is_held:
                    self._events.append(event)
                return not self._is_held
            taker = self._takers.popleft()
        taker.settle(event)
        return True

    def end(self, error: QuarterjackError | None) -> None:
        over = error or NoMoreEvents("The stream is closed.")
        with self._lock:
            if self._error is not None:
                return
            self._error = over
            takers, self._takers = list(self._takers), deque()
        self.opened.settle(error=over)
        for taker in takers:
            taker.settle(error=over)

    def take(self) -> Reply[Event]:
        """The next event."""
        reply: Reply[Event] = Reply()
        with self._lock:
            if not self._events:
                if self._error is None:
                    self._takers.append(reply)
                else:
                    reply.set_exception(self._error)
                return reply
            reply.set(self._events.popleft())
            has_room = self._is_held and len(self._events) <= self._most // 2
            if has_room:
                self._is_held = False
        if has_room:
            self.on_room()
        return reply

    def put_back(self, reply: Reply[Event]) -> None:
        """Nobody waits for that one any more; if it has an event, it is the next one's."""
        with self._lock:
            if reply in self._takers:
                self._takers.remove(reply)
                return
            try:
                self._events.appendleft(reply.get())
            except QuarterjackError:
                return


class EventStream:
    """The events of a subscription, in the order of their `seq`, none twice and none left out.

    It begins when it is made; `opened` has the `seq` after which its events come, when the server has
    answered. Iterating ends when it, or the client, is closed, and raises what the server refused with.
    """

    def __init__(self, buffer: EventBuffer, close: Callable[[], None]) -> None:
        self._buffer = buffer
        self._close = weakref.finalize(self, close)
        self._close.atexit = False

    @property
    def opened(self) -> Reply[int]:
        """The `seq` after which events come; there when the subscription is."""
        return self._buffer.opened

    def next(self, timeout: float | None = None) -> Event:
        """The next event, in a thread. Raises `pykka.Timeout` if none came within so many seconds."""
        reply = self._buffer.take()
        try:
            return reply.get(timeout=timeout)
        except BaseException:
            self._buffer.put_back(reply)
            raise

    def close(self) -> None:
        """No more events, from any thread; iterating ends after those that have come."""
        self._close()
        self._buffer.end(None)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        try:
            return self.next()
        except NoMoreEvents:
            raise StopIteration from None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
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
