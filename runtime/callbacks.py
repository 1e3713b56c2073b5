"""Events for embedders: their callbacks run one after the other on a thread made for them.

An exception in a callback is logged, and changes nothing for the others.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor

from quarterjack.actors.broadcaster import Published
from quarterjack.storage import Event

logger = logging.getLogger("quarterjack.callbacks")
Callback = Callable[[Event], object]


class CallbackThread:
    """A thread that begins with the first callback; `inline` True runs them where they are offered."""

    def __init__(self, *, inline: bool = False) -> None:
        self._inline = inline
        self._executor: Executor | None = None

    def run(self, callback: Callback, event: Event) -> None:
        """Call back soon."""
        if self._inline:
            _call(callback, event)
            return
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="quarterjack-callbacks")
        self._executor.submit(_call, callback, event)

    def close(self) -> None:
        """Wait for the callbacks that were promised."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True)


class CallbackSubscriber:
    """Gives each matching event to a callback."""

    def __init__(self, callback: Callback, thread: CallbackThread) -> None:
        self._callback = callback
        self._thread = thread

    def offer(self, published: Published, ids: tuple[str, ...]) -> None:  # noqa: ARG002
        """On the loop: hand it over."""
        self._thread.run(self._callback, published.event)


def _call(callback: Callback, event: Event) -> None:
    try:
        callback(event)
    except Exception:
        logger.exception(
            "a callback for %s failed",
            event.type,
            extra={"scheduleId": event.schedule_id, "executionId": event.execution_id},
        )
