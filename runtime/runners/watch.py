"""A thread that waits for many files and moments at once, and calls back: one for all workers."""

import heapq
import itertools
import logging
import os
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

logger = logging.getLogger("quarterjack.runners")
_JOIN_SECONDS: Final = 5.0
Callback = Callable[[], None]


class Watch:
    """All callbacks run on its thread; an exception in one is logged. `add`, `remove` and `later` are
    for that thread, `soon` is for all."""

    def __init__(self, name: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._moments: list[tuple[float, int, Callback]] = []
        self._numbers = itertools.count()
        self._calls: deque[Callback] = deque()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._closed = False
        self._ended = False
        self._open = threading.Lock()
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._woken)
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def add(self, file: int, callback: Callback, *, write: bool = False) -> None:
        """Call back whenever there is something to read (or room to write)."""
        event = selectors.EVENT_WRITE if write else selectors.EVENT_READ
        self._selector.register(file, event, callback)

    def remove(self, file: int) -> None:
        """No more; harmless when it was not added."""
        with suppress(KeyError, ValueError):
            self._selector.unregister(file)

    def later(self, seconds: float, callback: Callback) -> None:
        """Call back once, after so many seconds."""
        heapq.heappush(self._moments, (time.monotonic() + seconds, next(self._numbers), callback))

    def soon(self, callback: Callback) -> None:
        """Call back once, now; from any thread."""
        self._calls.append(callback)
        with self._open, suppress(OSError):  # full: it wakes anyway
            if not self._ended:
                os.write(self._wake_write, b"\0")

    def close(self) -> None:
        """End the thread, and wait for it."""
        self._closed = True
        self.soon(lambda: None)
        if threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_SECONDS)

    def _work(self) -> None:
        try:
            while not self._closed:
                for key, _ in self._selector.select(self._wait()):
                    # An earlier callback of this round may have removed it.
                    if self._selector.get_map().get(key.fd) is key:
                        _guarded(key.data)
                self._call_due()
        finally:
            with self._open:
                self._ended = True
                self._selector.close()
                os.close(self._wake_read)
                os.close(self._wake_write)

    def _wait(self) -> float | None:
        if self._calls:
            return 0
        return max(0, self._moments[0][0] - time.monotonic()) if self._moments else None

    def _call_due(self) -> None:
        while self._calls:
            _guarded(self._calls.popleft())
        while self._moments and self._moments[0][0] <= time.monotonic():
            _guarded(heapq.heappop(self._moments)[2])

    def _woken(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._wake_read, 4_096)


def _guarded(callback: Callback) -> None:
    try:
        callback()
    except Exception:
        logger.exception("a callback about a worker process failed")
