"""A clock that moves only when told, or leaps to the next timer: a year of schedules in milliseconds."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

from .clock import Timer

_NOW = timedelta(0)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class _VirtualTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class VirtualClock:
    """Wall and monotonic time advance together, except for `jump`, which moves the wall clock alone.

    Timers fire in the order of their instants; those of the same instant in the order they were set.
    """

    def __init__(self, start: datetime = EPOCH) -> None:
        self._start = start
        self._elapsed = timedelta(0)
        self._jumped = timedelta(0)
        self._timers: list[tuple[timedelta, int, _VirtualTimer]] = []
        self._order = count()

    def now(self) -> datetime:
        """The virtual wall clock, in UTC."""
        return self._start + self._elapsed + self._jumped

    def monotonic(self) -> float:
        """Virtual seconds since the start."""
        return self._elapsed.total_seconds()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back when the clock has been moved so far."""
        timer = _VirtualTimer(callback)
        at = self._elapsed + timedelta(seconds=max(0.0, seconds))
        heapq.heappush(self._timers, (at, next(self._order), timer))
        return timer

    def next_timer(self) -> timedelta | None:
        """How far away the next timer is; None: there is none."""
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return max(self._timers[0][0] - self._elapsed, _NOW) if self._timers else None

    def leap(self, limit: timedelta | None = None) -> bool:
        """Move to the next timer, at most by `limit`, and call it back; False: there was none."""
        distance = self.next_timer()
        if distance is None or (limit is not None and distance > limit):
            self._elapsed += limit or timedelta(0)
            return False
        at, _, timer = heapq.heappop(self._timers)
        self._elapsed = max(at, self._elapsed)
        if timer.callback is not None:
            timer.callback()
        return True

    def stall(self, span: timedelta) -> None:
        """Let time pass in which nobody can do anything: timers on the way are late."""
        self._elapsed += span

    def forget_timers(self) -> None:
        """Let nothing that was set happen, as when the process has died."""
        self._timers.clear()

    def jump(self, span: timedelta) -> None:
        """Set the wall clock forwards (or back, if negative) while no monotonic time passes."""
        self._jumped += span
