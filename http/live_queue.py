"""What waits for one client of the WebSocket, in order and bounded: its answers, live events, and states.

Of a state it only waits that there is a newer one: once per topic, however often it has changed.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from quarterjack.actors.broadcaster import Published

from .live_limits import LiveLimits
from .live_subscription import Subscription


class WaitingEvent(NamedTuple):
    """A live event for some subscriptions."""

    published: Published
    wanted: tuple[Subscription, ...]
    size: int


class WaitingState(NamedTuple):
    """There is a newer state of a topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping of the protocol."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The end of the connection, after what waits before it."""

    code: int
    why: str


Answer = Pong | Goodbye | dict[str, Any]
Waiting = WaitingEvent | WaitingState | Answer


class LiveQueue:
    """Of one connection; on the loop."""

    def __init__(self, limits: LiveLimits) -> None:
        self.events = 0
        self._limits = limits
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0
        self._states: set[str] = set()
        self.answers = 0
        self._is_closed = False
        self._something = asyncio.Event()
        self._room = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put_event(self, event: WaitingEvent) -> bool:
        """Let an event wait; False: there is no room."""
        total = self._bytes + event.size
        if self.events and (self.events >= self._limits.events or total > self._limits.event_bytes):
            return False
        self.events += 1
        self._bytes = total
        self._put(event)
        return True

    def put_answer(self, answer: Answer) -> None:
        """Let an answer wait; whoever causes them waits for `room` before the next."""
        if self._is_closed:
            return
        self.answers += 1
        self._put(answer)

    def put_state(self, topic: str) -> None:
        """Let it wait that there is a newer state, if it does not yet."""
        if self._is_closed or topic in self._states:
            return
        self._states.add(topic)
        self._put(WaitingState(topic))

    def take(self) -> Waiting | None:
        """The next, if there is one."""
        if not self._waiting:
            return None
        found = self._waiting.popleft()
        if isinstance(found, WaitingEvent):
            self.events -= 1
            self._bytes -= found.size
        elif isinstance(found, WaitingState):
            self._states.discard(found.topic)
        else:
            self.answers -= 1
            self._room.set()
        return found

    def drop_events(self) -> tuple[int, int] | None:
        """Let no event wait; the numbers of the first and the last that did."""
        dropped = [
            each.published.event.seq for each in self._waiting if isinstance(each, WaitingEvent)
        ]
        kept = [each for each in self._waiting if not isinstance(each, WaitingEvent)]
        self._waiting = deque(kept)
        self.events = self._bytes = 0
        return (dropped[0], dropped[-1]) if dropped else None

    def close(self) -> None:
        """Nobody takes what waits any more."""
        self._is_closed = True
        self._waiting.clear()
        self._room.set()

    def wake(self) -> None:
        """Let the writer look for what there is to do."""
        self._something.set()

    async def something(self) -> None:
        """Until something was put, or the writer is woken."""
        await self._something.wait()
        self._something.clear()

    async def room(self) -> None:
        """Until there is room for another answer."""
        while self.answers >= self._limits.answers and not self._is_closed:
            self._room.clear()
            await self._room.wait()

    def _put(self, waiting: Waiting) -> None:
        self._waiting.append(waiting)
        self._something.set()


def fall_back(queue: LiveQueue, subscriptions: Iterable[Subscription], last: int = 0) -> None:
    """Let all that is live be read from what is stored again, instead of what waits, up to `last`."""
    dropped = queue.drop_events()
    for each in subscriptions:
        if each.is_live and (dropped or last or each.replays):
            first, newest = dropped or (last, last)
            each.fall_back(first, max(newest, last))
    queue.wake()
