"""Events as an iterator: `for` in a thread, `async for` on any asyncio loop.

A consumer that is slow holds up nobody: what does not fit into its buffer is asked for again, after
the last event that did.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from quarterjack.actors.engine import Reply
from quarterjack.storage import QuarterjackError

from ..shapes.events import Event
from .stream import NoMoreEvents, Stream

MOST_WAITING: Final = 5_000
"""Events that wait for their consumer."""


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


class EventStream(Stream[Event]):
    """The events of a subscription, in the order of their `seq`, none twice and none left out.

    `opened` has the `seq` after which they come.
    """

    _buffer: EventBuffer
