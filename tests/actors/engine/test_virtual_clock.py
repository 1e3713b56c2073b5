"""The clock that moves only when it is told to."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.engine import VirtualClock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_time_stands_still_until_it_is_told_to_move() -> None:
    clock = VirtualClock(START)
    clock.call_later(1, lambda: None)

    assert (clock.now(), clock.monotonic()) == (START, 0)
    assert (clock.now(), clock.monotonic()) == (START, 0)


def test_a_leap_goes_to_the_next_timer() -> None:
    clock = VirtualClock(START)
    fired: list[str] = []
    clock.call_later(90, lambda: fired.append("later"))
    clock.call_later(60, lambda: fired.append("sooner"))

    assert clock.next_timer() == timedelta(seconds=60)
    assert clock.leap()
    assert fired == ["sooner"]
    assert (clock.now(), clock.monotonic()) == (START + 60 * SECOND, 60)


def test_a_leap_stops_at_its_limit() -> None:
    clock = VirtualClock(START)
    fired: list[str] = []
    clock.call_later(60, lambda: fired.append("due"))

    assert not clock.leap(59 * SECOND)
    assert (fired, clock.monotonic()) == ([], 59)
    assert clock.leap(SECOND)
    assert (fired, clock.monotonic()) == (["due"], 60)


def test_without_timers_a_leap_moves_by_its_limit_or_not_at_all() -> None:
    clock = VirtualClock(START)

    assert clock.next_timer() is None
    assert not clock.leap()
    assert clock.now() == START
    assert not clock.leap(SECOND)
    assert clock.now() == START + SECOND


def test_a_cancelled_timer_never_fires() -> None:
    clock = VirtualClock(START)
    fired: list[str] = []
    timer = clock.call_later(1, lambda: fired.append("cancelled"))
    clock.call_later(2, lambda: fired.append("kept"))
    timer.cancel()
    timer.cancel()

    assert clock.next_timer() == 2 * SECOND
    clock.leap()
    assert fired == ["kept"]


def test_a_timer_of_the_same_instant_can_cancel_the_next() -> None:
    clock = VirtualClock(START)
    fired: list[str] = []
    clock.call_later(1, lambda: victim.cancel())
    victim = clock.call_later(1, lambda: fired.append("victim"))

    clock.leap()
    assert (clock.leap(), fired) == (False, [])


def test_a_timer_in_the_past_is_due_now() -> None:
    clock = VirtualClock(START)
    fired: list[float] = []
    clock.call_later(-5, lambda: fired.append(clock.monotonic()))
    clock.leap()

    assert fired == [0]


def test_a_jump_moves_the_wall_clock_alone() -> None:
    clock = VirtualClock(START)
    clock.call_later(60, lambda: None)

    clock.jump(timedelta(hours=2))
    assert (clock.now(), clock.monotonic()) == (START + timedelta(hours=2), 0)
    clock.jump(timedelta(hours=-3))
    assert (clock.now(), clock.monotonic()) == (START - timedelta(hours=1), 0)
    assert clock.next_timer() == 60 * SECOND


@given(spans=st.lists(st.integers(0, 20), max_size=20))
@settings(max_examples=50, deadline=None, database=None)
def test_timers_fire_by_due_time_then_by_the_order_they_were_set(spans: list[int]) -> None:
    clock = VirtualClock(START)
    fired: list[tuple[float, int]] = []
    for number, span in enumerate(spans):
        clock.call_later(span, lambda number=number: fired.append((clock.monotonic(), number)))  # type: ignore[misc]
    while clock.leap():
        pass

    assert fired == sorted((span, number) for number, span in enumerate(spans))
