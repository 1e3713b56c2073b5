"""When a server looks for garbage: a full look holds up all, for half a second with 10,000 actors awake.

The looks at what is new go on as Python makes them. A full one waits until the server has next to nothing
to do, or until so much is new that memory would grow without it.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Final

_EVERY: Final = 1.0
"""Seconds between two questions whether now is the time."""
_IDLE: Final = 0.2
"""Up to this share of a processor a server has next to nothing to do."""
_WORTH: Final = 10
_MOST: Final = 250
"""Looks at what is new since the last full one: worth another one, and too many without. Each stands for some
7,000 objects that have come and not gone."""
_NEVER: Final = 1_000_000_000


class Garbage:
    """Takes over from Python when full looks are made, until `stop`. On the loop that it is started on."""

    def __init__(self, processor_seconds: Callable[[], float] = time.process_time) -> None:
        self._processor_seconds = processor_seconds
        self._before = gc.get_threshold()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Leave what is there now out of all looks: it stays."""
        gc.collect()
        gc.freeze()
        new, middle, _ = self._before
        gc.set_threshold(new, middle, _NEVER)
        self._loop = asyncio.get_running_loop()
        self._used = self._processor_seconds()
        self._timer = self._loop.call_later(_EVERY, self._ask)

    def stop(self) -> None:
        """Let Python decide again; without effect when it was not started, as when a server can't begin."""
        if self._timer is None:
            return
        self._timer.cancel()
        gc.set_threshold(*self._before)
        gc.unfreeze()

    def _ask(self) -> None:
        used, self._used = self._used, self._processor_seconds()
        is_idle = self._used - used < _IDLE * _EVERY
        looks = gc.get_count()[2]
        if looks > _MOST or (looks > _WORTH and is_idle):
            gc.collect()
            self._used = self._processor_seconds()
        self._timer = self._loop.call_later(_EVERY, self._ask)
