"""A step of upkeep is as large as those before it say that it may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterjack.actors.policies.pace import TARGET, Pace


def settled(pace: Pace, seconds_a_row: float, fixed: float = 0.0, steps: int = 40) -> Pace:
    """After many steps, each of which does as much as it may."""
    for _ in range(steps):
        pace = pace.after(pace.amount, fixed + pace.amount * seconds_a_row)
    return pace


@pytest.mark.parametrize("micros", [8, 25, 100])
def test_steps_come_to_take_as_long_as_they_may(micros: int) -> None:
    for begin in (Pace(20), Pace(1_000)):
        pace = settled(begin, micros / 1e6)
        assert pace.amount * micros / 1e6 == pytest.approx(TARGET, rel=0.15)


def test_however_slow_it_is_a_few_rows_go_with_each_step() -> None:
    assert settled(Pace(), 1.0).amount == Pace().least


def test_where_no_time_passes_steps_are_as_large_as_allowed() -> None:
    assert settled(Pace(), 0.0).amount == Pace().most


def test_little_to_do_says_nothing_about_doing_more() -> None:
    assert Pace(400).after(3, 0.0004) == Pace(400)
    assert Pace(400).after(3, 3 * TARGET).amount < 400


def test_one_step_that_was_held_up_does_not_end_all_progress() -> None:
    before = settled(Pace(), 20e-6)
    after = before.after(before.amount, 0.5)
    assert after.amount >= before.amount // 2
    assert settled(after, 20e-6, steps=6).amount == pytest.approx(before.amount, rel=0.15)


@given(
    st.integers(20, 1_000),
    st.lists(st.tuples(st.integers(0, 2_000), st.floats(0, 10, allow_subnormal=False))),
)
def test_it_never_leaves_its_bounds(begin: int, steps: list[tuple[int, float]]) -> None:
    pace = Pace(begin)
    for done, seconds in steps:
        pace = pace.after(done, seconds)
        assert pace.least <= pace.amount <= pace.most
