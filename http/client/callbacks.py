"""Events for callbacks: they run one after the other on a thread made for them.

An exception in a callback is logged, and changes nothing for the others. A slow one holds up the
others, and no server.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from quarterjack.storage import QuarterjackError

from ..shapes.events import Event
from .event_stream import EventStream

logger = logging.getLogger("quarterjack.http.client")
Callback = Callable[[Event], object]


class Callbacks:
    """By the ids of their subscriptions; `follow` on the loop, the others from any thread."""

    def __init__(self) -> None:
        self._streams: dict[str, EventStream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._executor: ThreadPoolExecutor | None = None

    def follow(self, subscription: str, stream: EventStream, callback: Callback) -> None:
        """Call back for each event of the stream."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="quarterjack-callbacks")
        self._streams[subscription] = stream
        task = asyncio.get_running_loop().create_task(
            _follow(stream, callback, self._executor), name=subscription
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def end(self, subscription: str) -> bool:
        """No more calls for that one; False: there is none of that id."""
        stream = self._streams.pop(subscription, None)
        if stream is None:
            return False
        stream.close()
        return True

    async def stop(self) -> None:
        """No more calls but the one that is being made."""
        for subscription in list(self._streams):
            self.end(subscription)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Wait for that one."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)


async def _follow(stream: EventStream, callback: Callback, executor: ThreadPoolExecutor) -> None:
    loop = asyncio.get_running_loop()
    try:
        async for event in stream:
            await loop.run_in_executor(executor, _call, callback, event)
    except QuarterjackError as error:
        logger.error("a callback gets no more events: %s", error)


def _call(callback: Callback, event: Event) -> None:
    try:
        callback(event)
    except Exception:
        logger.exception("a callback for %s failed", event.type)
