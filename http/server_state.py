"""How the server is, for those who watch it: looked at once a second for all of them. On the loop."""

import asyncio
import logging
from typing import Final

from quarterjack.runtime import Runtime
from quarterjack.storage import QuarterjackError
from quarterjack.storage.standing import Standing

from .answers import answered
from .shapes.states import ServerState
from .state_frame import StateFrame

logger = logging.getLogger("quarterjack.http.live")
_PATIENCE: Final = 0.5
"""Seconds that the counts may take; when they take longer, the last ones are told again meanwhile."""


class ServerStates:
    """The topic `server`."""

    topic: Final = "server"
    period: Final = 1.0
    for_limited: Final = True

    def __init__(self, runtime: Runtime) -> None:
        self.version = 0
        self._runtime = runtime
        self._counting: asyncio.Task[Standing | None] | None = None
        self._counted: Standing | None = None
        self._full: StateFrame | None = None
        self._limited: StateFrame | None = None

    async def look(self) -> bool:
        """Look at it; it is always otherwise than before. Raises `RuntimeNotStarted`."""
        runtime = self._runtime
        await self._count()
        now = runtime.clock.now()
        how = (now, runtime.last_seq, runtime.health(), runtime.readiness())
        self._full = self._frame(ServerState.of(*how, self._counted))
        self._limited = self._frame(ServerState.of(*how, None))
        self.version += 1
        return True

    def frame(self, had: int, *, limited: bool) -> StateFrame | None:
        """What somebody is told who has the state of that version; None: there is nothing newer."""
        if had == self.version:
            return None
        return self._limited if limited else self._full

    def forget(self) -> None:
        """Nobody watches any more."""
        if self._counting is not None:
            self._counting.cancel()
        self._counting = self._counted = self._full = self._limited = None

    def _frame(self, state: ServerState) -> StateFrame:
        return StateFrame(self.topic, state.model_dump())

    async def _count(self) -> None:
        """Read the counts, if they are there soon; only one read is under way."""
        if self._counting is None:
            self._counting = asyncio.create_task(self._read())
        done, _ = await asyncio.wait({self._counting}, timeout=_PATIENCE)
        for each in done:
            self._counted = each.result()
            self._counting = None

    async def _read(self) -> Standing | None:
        try:
            return await answered(self._runtime.standing())
        except QuarterjackError as error:
            logger.warning("schedules and executions can't be counted: %s", error)
            return None
