"""How late the loop's timers come."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from quarterjack.actors.engine import LoopLag, SystemClock, Timer, VirtualClock

QUARTER = timedelta(seconds=0.25)


class LateClock:
    """A clock whose timers come when the test says so, as those of a blocked loop do."""

    def __init__(self) -> None:
        self._clock = VirtualClock()
        self.late = iter([0.0])

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return self._clock.call_later(seconds + next(self.late, 0.0), callback)

    def leap(self) -> bool:
        return self._clock.leap()


def test_timers_in_time_are_no_lag() -> None:
    clock = VirtualClock()
    lag = LoopLag(clock)
    for _ in range(8):
        clock.leap()

    assert clock.monotonic() == 2
    assert lag.worst == 0


def test_before_the_first_sample_there_is_no_lag() -> None:
    assert LoopLag(VirtualClock()).worst == 0


def test_the_worst_of_the_last_ten_seconds_is_told() -> None:
    clock = LateClock()
    clock.late = iter([0.01, 0.5, 0.02])
    lag = LoopLag(clock)
    worst = [lag.worst for _ in range(43) if clock.leap()]

    assert worst[:3] == pytest.approx([0.01, 0.5, 0.5])
    assert worst[40:43] == pytest.approx([0.5, 0.02, 0])


def test_a_stopped_measurement_leaves_no_timer() -> None:
    clock = VirtualClock()
    lag = LoopLag(clock)
    clock.leap()
    lag.stop()

    assert clock.next_timer() is None


def test_a_blocked_loop_is_seen() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        lag = LoopLag(SystemClock(loop))
        sampled = asyncio.Event()
        time.sleep(0.3)  # noqa: ASYNC251 - this is the blockage
        loop.call_later(0, sampled.set)
        await sampled.wait()
        lag.stop()
        return lag.worst

    assert asyncio.run(main()) > 0.04
