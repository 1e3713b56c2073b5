"""Waiting on a loop, by a clock that can be another than the machine's."""

import asyncio

from quarterjack.actors.engine import Clock


async def pause(clock: Clock, seconds: float) -> None:
    """Wait until so many seconds have passed."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = clock.call_later(seconds, lambda: None if over.done() else over.set_result(None))
    try:
        await over
    finally:
        timer.cancel()
