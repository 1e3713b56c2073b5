"""How many restarts are too many, and how long to wait before the next."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.engine import Backoff, Intensity
from quarterjack.actors.engine.restart_intensity import RestartHistory


@pytest.mark.parametrize(
    ("restarts", "times", "verdicts"),
    [
        pytest.param(0, [0], [True], id="none-allowed"),
        pytest.param(1, [0, 1], [False, True], id="second-within-the-period"),
        pytest.param(1, [0, 5.001], [False, False], id="second-after-the-period"),
        pytest.param(1, [0, 5], [False, True], id="second-at-its-very-end"),
        pytest.param(2, [0, 3, 6, 7], [False, False, False, True], id="sliding"),
    ],
)
def test_more_restarts_than_allowed_within_the_period_are_too_many(
    restarts: int, times: list[float], verdicts: list[bool]
) -> None:
    history = RestartHistory(Intensity(restarts, timedelta(seconds=5)))

    assert [history.record(time) for time in times] == verdicts


def test_the_wait_grows_by_the_factor_up_to_the_longest() -> None:
    history = RestartHistory(Intensity(9, timedelta(minutes=1)))
    backoff = Backoff(timedelta(seconds=1), factor=2, longest=timedelta(seconds=5))
    waits = [history.record(time) or history.wait(backoff) for time in range(5)]

    assert waits == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 5, 5)]


def test_the_wait_is_the_first_again_after_a_quiet_period() -> None:
    history = RestartHistory(Intensity(9, timedelta(minutes=1)))
    backoff = Backoff(timedelta(seconds=1), factor=2)
    for time in (0, 1, 2):
        history.record(time)
    before = history.wait(backoff)
    history.record(62.5)

    assert (before, history.wait(backoff)) == (timedelta(seconds=4), timedelta(seconds=1))


@given(
    first=st.timedeltas(timedelta(0), timedelta(hours=1)),
    factor=st.floats(1, 100),
    longest=st.timedeltas(timedelta(hours=1), timedelta(days=1)),
)
@settings(max_examples=50, deadline=None, database=None)
def test_the_wait_never_shrinks_and_never_exceeds_the_longest(
    first: timedelta, factor: float, longest: timedelta
) -> None:
    history = RestartHistory(Intensity(1_000, timedelta(minutes=1)))
    backoff = Backoff(first, factor, longest)
    waits = [timedelta() if history.record(0) else history.wait(backoff) for _ in range(200)]

    assert waits[0] == first
    assert max(waits) <= longest
    assert all(earlier <= later for earlier, later in pairwise(waits))
