"""Waits for the ends of executions: looks when the server tells of one, and when it is connected (again).

However many are waited for, a few subscriptions do. Runs on the client's loop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from quarterjack.actors.engine import Clock
from quarterjack.storage import QuarterjackError
from quarterjack.storage.statuses import FINAL

from ..pause import pause
from ..shapes.events import Event
from ..shapes.executions import ExecutionDetail
from .errors import ClientClosed, SubscriptionRefused
from .feed import Feed
from .repetition import Backoff
from .subscription import EventSubscription
from .transport import is_passing

_ENDS: Final = ("workflow:completed", "workflow:failed", "workflow:cancelled", "workflow:timedOut")
_NO_WAY_BACK: Final = frozenset({"gone", "ahead"})
Look = Callable[[str], Awaitable[ExecutionDetail]]


class EndWatch:
    """`end_of` an execution; followed only while somebody waits."""

    def __init__(self, feed: Feed, look: Look, clock: Clock, backoff: Backoff) -> None:
        self._feed = feed
        self._look = look
        self._clock = clock
        self._backoff = backoff
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._following: Following | None = None

    async def end_of(self, key: str) -> ExecutionDetail:
        """The execution when it has ended. Raises `NotFound`, and why it can't be followed."""
        news = asyncio.Event()
        self._waiting.setdefault(key, set()).add(news)
        try:
            following = self._followed()
            if following.has_joined:
                news.set()
            while True:
                await news.wait()
                news.clear()
                if following.error is not None:
                    if not following.may_begin_anew:
                        raise following.error
                    following = self._followed()
                    continue
                found = await self._seen(key)
                if found.status in FINAL:
                    return found
        finally:
            self._leave(key, news)

    async def _seen(self, key: str) -> ExecutionDetail:
        failures = 0
        while True:
            try:
                return await self._look(key)
            except QuarterjackError as error:
                if not is_passing(error):
                    raise
            failures += 1
            await pause(self._clock, self._backoff.wait(failures))

    def _followed(self) -> "Following":
        if self._following is None or self._following.error is not None:
            self._following = Following(self._tell)
            for wanted in self._following.subscriptions:
                self._feed.add(wanted)
        return self._following

    def _leave(self, key: str, news: asyncio.Event) -> None:
        self._waiting[key].discard(news)
        if not self._waiting[key]:
            del self._waiting[key]
        if not self._waiting and self._following is not None:
            for wanted in self._following.subscriptions:
                self._feed.drop(wanted)
            self._following = None

    def _tell(self, key: str | None) -> None:
        """There is something to look at: an execution, or (None) all."""
        waiting = list(self._waiting.values()) if key is None else [self._waiting.get(key, set())]
        for each in waiting:
            for news in each:
                news.set()


class Following:
    """The subscriptions to all ends, which end and join together."""

    def __init__(self, tell: Callable[[str | None], None]) -> None:
        self.subscriptions = [EventSubscription(topic, None, None, self) for topic in _ENDS]
        self.has_joined = False
        self.error: QuarterjackError | None = None
        self._joined = 0
        self._tell = tell

    @property
    def may_begin_anew(self) -> bool:
        """Whether only the way back to where it was is lost: then it is looked at everything again."""
        return isinstance(self.error, SubscriptionRefused) and self.error.code in _NO_WAY_BACK

    def joined(self, seq: int) -> None:  # noqa: ARG002
        self._joined += 1
        if self._joined % len(self.subscriptions) == 0:
            self.has_joined = True
            self._tell(None)

    def offer(self, event: Event) -> bool:
        if event.execution_id is not None:
            self._tell(event.execution_id)
        return True

    def end(self, error: QuarterjackError | None) -> None:
        self.error = error or ClientClosed("The client was closed.")
        self._tell(None)
