"""What can be watched over the WebSocket, sampled once for all clients, and only while somebody watches.

Runs on the loop. A state is no event: it is stored nowhere, and who misses some gets the newest.
"""

import asyncio
import logging
from typing import Final, Protocol

from quarterjack.actors.engine import Clock
from quarterjack.runtime import Runtime
from quarterjack.storage import QuarterjackError

from .actor_states import ActorStates
from .log_states import LogStates
from .pause import pause
from .server_state import ServerStates
from .state_frame import StateFrame

logger = logging.getLogger("quarterjack.http.live")


class StateSource(Protocol):
    """Where the frames of a topic come from."""

    @property
    def topic(self) -> str:
        """What it is called."""
        ...

    @property
    def period(self) -> float:
        """Seconds from one look to the next."""
        ...

    @property
    def for_limited(self) -> bool:
        """Whether tokens that are limited to some workflows may watch it."""
        ...

    @property
    def version(self) -> int:
        """Of the newest state; 0: there is none yet."""
        ...

    async def look(self) -> bool:
        """Look what is now; whether it is otherwise than before. Raises `QuarterjackError`."""
        ...

    def frame(self, had: int, *, limited: bool) -> StateFrame | None:
        """What somebody is told who has the state of that version; None: there is nothing newer."""
        ...

    def forget(self) -> None:
        """Nobody watches any more."""
        ...


class Watcher(Protocol):
    """Who watches."""

    def state_changed(self, topic: str) -> None:
        """There is a newer state of that topic."""
        ...


class LiveState:
    """One topic; `source` is looked at while somebody has joined."""

    def __init__(self, runtime: Runtime, source: StateSource) -> None:
        self.source: Final = source
        self._runtime = runtime
        self._watchers: dict[Watcher, None] = {}
        self._sampling: asyncio.Task[None] | None = None

    @property
    def is_sampled(self) -> bool:
        """Whether it is looked at."""
        return self._sampling is not None

    def join(self, watcher: Watcher) -> None:
        """Tell of what is newer from now on. Raises `RuntimeNotStarted`."""
        clock = self._runtime.clock
        self._watchers[watcher] = None
        if self._sampling is None:
            self._sampling = asyncio.create_task(self._sample(clock), name=self.source.topic)

    def leave(self, watcher: Watcher) -> None:
        """Tell no more; harmless for who has not joined."""
        self._watchers.pop(watcher, None)
        if not self._watchers and self._sampling is not None:
            self._sampling.cancel()
            self._sampling = None
            self.source.forget()

    async def _sample(self, clock: Clock) -> None:
        while True:
            due = clock.monotonic() + self.source.period
            if await self._looked():
                for watcher in list(self._watchers):
                    watcher.state_changed(self.source.topic)
            await pause(clock, max(0.0, due - clock.monotonic()))

    async def _looked(self) -> bool:
        try:
            return await self.source.look()
        except QuarterjackError as error:  # such as when the runtime has stopped
            logger.info("%s can't be looked at: %s", self.source.topic, error)
        except Exception:
            logger.exception("%s can't be looked at", self.source.topic)
        return False


class LiveStates:
    """One per application."""

    def __init__(self, runtime: Runtime) -> None:
        sources: tuple[StateSource, ...] = (ServerStates(runtime), ActorStates(runtime))
        self._by_topic = {each.topic: LiveState(runtime, each) for each in sources}
        self._logs: dict[tuple[str, str], LiveState] = {}
        self._runtime = runtime

    def find(self, topic: str) -> LiveState | None:
        """The state of that topic; None: it is not one that is watched."""
        return self._by_topic.get(topic)

    def logs(self, execution_id: str, step: str) -> LiveState:
        """What a step writes: one for all who watch it, forgotten when nobody does."""
        self._logs = {key: each for key, each in self._logs.items() if each.is_sampled}
        key = (execution_id, step)
        if key not in self._logs:
            self._logs[key] = LiveState(self._runtime, LogStates(self._runtime, *key))
        return self._logs[key]
