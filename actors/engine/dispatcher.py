"""Gives ready actors their turns, in fair batches.

`LoopDispatcher` runs them on an asyncio loop that they share with others (aiohttp), `ThreadDispatcher`
one on a thread of its own, `SeededDispatcher` on the caller's thread, in an order made of a seed.
"""

import asyncio
import logging
import math
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pykka

from .current import mark_actor_thread, running_actors
from .errors import NothingLeftToRun
from .reply import Reply
from .virtual_clock import VirtualClock

if TYPE_CHECKING:
    from .cell import Cell

logger = logging.getLogger("quarterjack.actors")
_TURN = 64
"""Messages that one actor may handle before the next has its turn."""
_BURST = 512
"""Messages between two looks at the loop's sockets and timers."""
_SLICE_SECONDS = 0.01
"""Time between two such looks, however few messages that were."""
_SLOW_SECONDS = 0.005


class Dispatcher(Protocol):
    """Runs the cells that are given to it, each on one thread at a time."""

    def schedule(self, cell: "Cell") -> None:
        """Give the cell a turn soon; from any thread."""
        ...

    def new_reply(self) -> Reply[Any]:
        """A reply for somebody who asks one of its actors."""
        ...

    def close(self) -> None:
        """Run nothing any more."""
        ...


class LoopDispatcher:
    """Many actors on one asyncio loop; what runs over 5 ms is logged with its name."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._ready: deque[Cell] = deque()
        self._awake = False
        self._closed = False
        self._context = copy_context()  # not that of whoever happens to wake the actors
        mark_actor_thread(active=True)

    def schedule(self, cell: "Cell") -> None:
        """Give the cell a turn soon; from any thread."""
        cell.scheduled = True
        self._ready.append(cell)
        if not self._awake:
            self._awake = True
            self._wake()

    def new_reply(self) -> Reply[Any]:
        """A reply that threads and loops can wait for."""
        return Reply()

    def close(self) -> None:
        """Run nothing any more; on the loop's thread."""
        if not self._closed:
            self._closed = True
            mark_actor_thread(active=False)

    def _wake(self) -> None:
        context = self._context.copy()
        if threading.get_ident() == self._thread:
            self._loop.call_soon(self._drain, context=context)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._drain, context=context)

    def _drain(self) -> None:
        left = _BURST
        until = time.perf_counter() + _SLICE_SECONDS
        ready = self._ready
        while ready and left > 0 and not self._closed:
            cell = ready.popleft()
            count, ended = self._turn(cell)
            left = 0 if ended > until else left - count
            cell.scheduled = False
            if cell.has_work() and not cell.scheduled:
                cell.scheduled = True
                ready.append(cell)
        if ready and not self._closed:
            self._wake()
            return
        self._awake = False
        if ready and not self._closed:  # another thread saw us awake just before
            self._awake = True
            self._wake()

    def _turn(self, cell: "Cell") -> tuple[int, float]:
        """Give it one; how many messages that counts for, and when it ended."""
        before = time.perf_counter()
        count = cell.run(_TURN)
        ended = time.perf_counter()
        took = ended - before
        if took > _SLOW_SECONDS:
            logger.warning(
                "%s held the loop for %.1f ms (%d messages)",
                cell.path,
                took * 1e3,
                count,
                extra={"actor": cell.path},
            )
        return max(1, count), ended


class ThreadDispatcher:
    """One actor, or a few, on a thread of its own, where handlers may block."""

    def __init__(self, name: str) -> None:
        self._ready: queue.SimpleQueue[Cell | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"quarterjack-{name}", daemon=True)
        self._thread.start()

    def schedule(self, cell: "Cell") -> None:
        """Give the cell a turn soon; from any thread."""
        cell.scheduled = True
        self._ready.put(cell)

    def new_reply(self) -> Reply[Any]:
        """A reply that threads and loops can wait for."""
        return Reply()

    def close(self) -> None:
        """Let the thread end after what it does now."""
        self._ready.put(None)

    def join(self) -> None:
        """Wait for the thread's end, at most 5 s, unless called on it."""
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)

    def has_ended(self) -> bool:
        """Whether the thread is gone."""
        return not self._thread.is_alive()

    def _work(self) -> None:
        with running_actors():
            while (cell := self._ready.get()) is not None:
                cell.run(_BURST)
                cell.scheduled = False
                if cell.has_work() and not cell.scheduled:
                    self.schedule(cell)


class SeededDispatcher:
    """Everything on the thread that calls `run_until_idle`; which ready actor is next, a seed decides.

    Without a seed it is the one that became ready first. For tests and simulation.
    """

    def __init__(self, clock: VirtualClock, seed: int | None = None) -> None:
        self._clock = clock
        self._random = None if seed is None else random.Random(seed)
        self._ready: list[Cell] = []
        self._running = False
        self._closed = False

    def schedule(self, cell: "Cell") -> None:
        """Give the cell a turn in the next `run_until_idle`."""
        if not self._closed:
            cell.scheduled = True
            self._ready.append(cell)

    def new_reply(self) -> Reply[Any]:
        """A reply that comes true by running the actors, and leaping through time, when waited for."""
        return Reply(self._wait)

    def close(self) -> None:
        """Run nothing any more; also within a turn, which is the last then."""
        self._closed = True
        self._ready.clear()

    @property
    def closed(self) -> bool:
        """Whether nothing runs any more."""
        return self._closed

    def run_until_idle(self, turns: float = math.inf) -> None:
        """Give turns until every mailbox is empty, or so many were given."""
        if self._running:
            return
        self._running = True
        try:
            with running_actors():
                while self._ready and turns > 0:
                    self._turn(self._next())
                    turns -= 1
        finally:
            self._running = False

    def advance(self, span: timedelta) -> None:
        """Move the clock by a span, with every timer on the way and all that follows from it."""
        self.run_until_idle()
        left = span
        while not self._closed:
            distance = self._clock.next_timer()
            if distance is None or distance > left:
                break
            left -= distance
            self._clock.leap()
            self.run_until_idle()
        else:
            return
        self._clock.leap(left)
        self.run_until_idle()

    def run_until(self, condition: Callable[[], bool], limit: timedelta | None = None) -> bool:
        """Run, leaping to timer after timer, until the condition holds; False: it did not."""
        self.run_until_idle()
        left = limit
        while not condition():
            distance = None if self._closed else self._clock.next_timer()
            if distance is None or (left is not None and distance > left):
                return False
            left = None if left is None else left - distance
            self._clock.leap()
            self.run_until_idle()
        return True

    def _next(self) -> "Cell":
        if self._random is None or len(self._ready) == 1:
            return self._ready.pop(0)
        return self._ready.pop(int(self._random.random() * len(self._ready)))

    def _turn(self, cell: "Cell") -> None:
        cell.run(1 if self._random else _TURN)
        cell.scheduled = False
        if cell.has_work() and not cell.scheduled:
            self.schedule(cell)

    def _wait(self, reply: Reply[Any], timeout: float | None) -> None:
        limit = None if timeout is None else timedelta(seconds=timeout)
        if self.run_until(reply.done, limit):
            return
        if timeout is not None:
            raise pykka.Timeout(f"no answer within {timeout} virtual seconds")
        raise NothingLeftToRun("every mailbox and timer is empty, and still there is no answer")
