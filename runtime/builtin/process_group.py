"""The processes that a command has become: itself, its children and theirs, ended together.

Only those that left the group (`setsid`, daemons) are out of reach.
"""

import asyncio
import os
import signal
from typing import Final

TERM_SECONDS: Final = 1.0
"""How long the processes may take to end by themselves after SIGTERM."""
_LOOK_EVERY: Final = 0.01


class ProcessGroup:
    """Of the process `leader`, which was started in a session of its own."""

    def __init__(self, leader: int) -> None:
        self._id = leader
        self._gone = False

    async def end(self, patience: float = 0.0) -> None:
        """End what does not end by itself within `patience` seconds: SIGTERM, 1 s later SIGKILL.

        When this is cancelled, SIGKILL is sent at once.
        """
        try:
            if not await self._gone_within(patience):
                self._send(signal.SIGTERM)
                await self._gone_within(TERM_SECONDS)
        finally:
            self._send(signal.SIGKILL)

    async def _gone_within(self, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self._send(0) and loop.time() < end:
            await _moment(loop)
        return self._gone

    def _send(self, number: int) -> bool:
        """Send a signal to all, unless they are gone: the number may be somebody else's by then."""
        if not self._gone:
            try:
                os.killpg(self._id, number)
            except ProcessLookupError:
                self._gone = True
            except PermissionError:  # they are another user's by now: there, but out of reach
                pass
        return not self._gone


async def _moment(loop: asyncio.AbstractEventLoop) -> None:
    passed = loop.create_future()
    timer = loop.call_later(_LOOK_EVERY, passed.set_result, None)
    try:
        await passed
    finally:
        timer.cancel()
