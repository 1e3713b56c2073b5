"""Time as an object: wall clock, monotonic seconds and timers. Nothing else in the program reads a clock."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

_JUMP: Final = timedelta(seconds=1)


class Timer(Protocol):
    """Something that will happen, unless it is cancelled."""

    def cancel(self) -> None:
        """Let it not happen; harmless when it has."""
        ...


class Clock(Protocol):
    """Where an actor's time comes from."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC. It can jump in both directions."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; their zero means nothing."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back, on the actors' loop, when so many monotonic seconds have passed."""
        ...


class _CrossThreadTimer:
    """A timer that is set from another thread than the loop's."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None
        self._cancelled = False

    def arm(self, seconds: float, callback: Callable[[], None]) -> None:
        if not self._cancelled:
            self._handle = self._loop.call_later(seconds, callback)

    def cancel(self) -> None:
        self._cancelled = True
        if self._handle is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._handle.cancel)


class WallJumps:
    """Notices when the wall clock was set, or the machine slept: it moved otherwise than monotonic time.

    Slow corrections (NTP slews by 500 ppm) are followed without a word.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall = clock.now()
        self._monotonic = clock.monotonic()

    def look(self) -> timedelta:
        """By how much it has jumped since the last look (negative: back); nothing below a second."""
        wall, monotonic = self._clock.now(), self._clock.monotonic()
        jump = (wall - self._wall) - timedelta(seconds=monotonic - self._monotonic)
        self._wall, self._monotonic = wall, monotonic
        return jump if abs(jump) >= _JUMP else timedelta(0)


def wall_clock() -> datetime:
    """The machine's wall clock, aware, in UTC; from any thread."""
    return datetime.now(UTC)


class SystemClock:
    """The machine's clocks, and timers on an asyncio loop. Made on the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        return wall_clock()

    def monotonic(self) -> float:
        """Seconds since some moment before."""
        return time.monotonic()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back on the loop."""
        if threading.get_ident() == self._thread:
            return self._loop.call_later(seconds, callback)
        timer = _CrossThreadTimer(self._loop)
        self._loop.call_soon_threadsafe(timer.arm, seconds, callback)
        return timer
