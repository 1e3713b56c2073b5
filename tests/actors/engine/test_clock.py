"""The machine's clocks, and timers on the loop."""

import asyncio
import threading
from datetime import UTC, timedelta
from typing import Any

from quarterjack.actors.engine import SystemClock, Timer


def test_the_wall_clock_is_aware_and_in_utc() -> None:
    async def main() -> timedelta | None:
        return SystemClock(asyncio.get_running_loop()).now().utcoffset()

    assert asyncio.run(main()) == timedelta(0)


def test_the_clock_counts_in_one_direction_and_both_clocks_agree() -> None:
    async def main() -> tuple[float, float]:
        clock = SystemClock(asyncio.get_running_loop())
        started, first = clock.now(), clock.monotonic()
        fired = asyncio.Event()
        clock.call_later(0.02, fired.set)
        await fired.wait()
        assert clock.now().tzinfo is UTC
        return clock.monotonic() - first, (clock.now() - started).total_seconds()

    monotonic, wall = asyncio.run(main())
    assert monotonic > 0
    assert wall > 0


def test_a_timer_never_fires_early() -> None:
    async def main() -> list[float]:
        clock = SystemClock(asyncio.get_running_loop())
        early: list[float] = []
        done = asyncio.Event()

        def fire(due: float, number: int) -> None:
            early.extend([due - clock.monotonic()] if clock.monotonic() < due - 1e-3 else [])
            if number == 19:
                done.set()

        for number in range(20):
            span = number * 0.002
            due = clock.monotonic() + span
            clock.call_later(span, lambda due=due, number=number: fire(due, number))  # type: ignore[misc]
        await done.wait()
        return early

    assert asyncio.run(main()) == []


def test_timers_fire_in_the_order_of_their_due_time() -> None:
    async def main() -> list[str]:
        clock = SystemClock(asyncio.get_running_loop())
        fired: list[str] = []
        done = asyncio.Event()
        clock.call_later(0.02, done.set)
        clock.call_later(0.01, lambda: fired.append("second"))
        clock.call_later(0, lambda: fired.append("first"))
        await done.wait()
        return fired

    assert asyncio.run(main()) == ["first", "second"]


def test_a_cancelled_timer_does_not_fire() -> None:
    async def main() -> list[str]:
        clock = SystemClock(asyncio.get_running_loop())
        fired: list[str] = []
        done = asyncio.Event()
        timer = clock.call_later(0.001, lambda: fired.append("cancelled"))
        timer.cancel()
        clock.call_later(0.01, done.set)
        await done.wait()
        return fired

    assert asyncio.run(main()) == []


def test_a_timer_of_another_thread_fires_on_the_loops() -> None:
    async def main() -> bool:
        clock = SystemClock(asyncio.get_running_loop())
        fired: list[int] = []
        done = asyncio.Event()

        def fire() -> None:
            fired.append(threading.get_ident())
            done.set()

        await asyncio.to_thread(clock.call_later, 0.001, fire)
        await done.wait()
        return fired == [threading.get_ident()]

    assert asyncio.run(main())


def test_a_timer_of_another_thread_is_cancelled_before_it_is_armed() -> None:
    async def main() -> list[str]:
        clock = SystemClock(asyncio.get_running_loop())
        fired: list[str] = []
        done = asyncio.Event()

        def set_and_cancel() -> None:
            clock.call_later(0, lambda: fired.append("cancelled")).cancel()

        thread = threading.Thread(target=set_and_cancel)
        thread.start()
        thread.join()  # the loop has not had a chance to arm it
        clock.call_later(0.005, done.set)
        await done.wait()
        return fired

    assert asyncio.run(main()) == []


def test_a_timer_of_another_thread_is_cancelled_after_it_is_armed() -> None:
    async def main() -> tuple[bool, bool]:
        loop = asyncio.get_running_loop()
        timer: Any = await asyncio.to_thread(SystemClock(loop).call_later, 3600, lambda: None)
        armed: asyncio.TimerHandle = timer._handle
        before = armed.cancelled()
        await asyncio.to_thread(timer.cancel)
        return before, armed.cancelled()

    assert asyncio.run(main()) == (False, True)


def test_cancelling_after_the_loop_is_closed_is_harmless() -> None:
    async def main() -> Timer:
        clock = SystemClock(asyncio.get_running_loop())
        return await asyncio.to_thread(clock.call_later, 3600, lambda: None)

    asyncio.run(main()).cancel()
