"""Where a runtime's loop lives: on a thread of its own (embedding), or on the caller's (the server)."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from quarterjack.actors.engine import Reply

T = TypeVar("T")


class LoopThread:
    """An asyncio loop on a thread of its own, from construction to `close`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="quarterjack-loop", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> Reply[T]:
        """Run a coroutine there."""
        return reply_of(asyncio.run_coroutine_threadsafe(coroutine, self.loop))

    def close(self) -> None:
        """End the loop and its thread; from any thread, without waiting on the loop's own."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)

    def _work(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
        finally:
            self.loop.close()


def reply_of(future: "Future[T]") -> Reply[T]:
    """A reply that comes with a thread's future."""
    reply: Reply[T] = Reply()

    def hand_over(done: "Future[T]") -> None:
        error = done.exception()
        if error is None:
            reply.set(done.result())
        else:
            reply.set_exception(error)

    future.add_done_callback(hand_over)
    return reply


def in_thread(function: Callable[[], T], name: str) -> Reply[T]:
    """Run a blocking function on a thread made for it."""
    reply: Reply[T] = Reply()

    def work() -> None:
        try:
            reply.set(function())
        except BaseException as error:
            reply.set_exception(error)

    threading.Thread(target=work, name=f"quarterjack-{name}", daemon=True).start()
    return reply
