"""Rates: how they are written, and that no stretch of time ever has too many starts."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.policies.rate import Rate, RateWindow


@pytest.mark.parametrize(
    ("text", "starts", "seconds", "shown"),
    [
        ("10/min", 10, 60, "10/min"),
        ("5/s", 5, 1, "5/s"),
        ("100/h", 100, 3_600, "100/h"),
        ("1/10s", 1, 10, "1/10s"),
        ("1/day", 1, 86_400, "1/d"),
        (" 3 / 2 hours ", 3, 7_200, "3/2h"),
        ("7/1h 30m", 7, 5_400, "7/1h 30m"),
        ("100000/500ms", 100_000, 0.5, "100000/500ms"),
    ],
)
def test_a_rate_is_read_and_shown(text: str, starts: int, seconds: float, shown: str) -> None:
    rate = Rate.parse(text)

    assert rate == (starts, timedelta(seconds=seconds))
    assert str(rate) == shown
    assert Rate.parse(shown) == Rate.parse(rate) == rate


@pytest.mark.parametrize(
    "given", ["", "10", "10/", "/s", "ten/s", "-1/s", "1.5/s", "1/x", 10, None]
)
def test_what_is_no_rate_is_told_how_to_write_one(given: object) -> None:
    with pytest.raises(ValueError, match="10/min"):
        Rate.parse(given)


@pytest.mark.parametrize("given", ["0/s", "100001/s", "1/0s", "1/100us", "1/2 days", "1/1w"])
def test_a_rate_has_its_limits(given: str) -> None:
    with pytest.raises(ValueError, match="1 to 100,000 starts in a millisecond to a day"):
        Rate.parse(given)


@given(
    st.integers(1, 5),
    st.integers(1_000, 20_000),
    st.lists(st.integers(0, 15_000), min_size=1, max_size=60),
)
@settings(max_examples=100, deadline=None, database=None)
def test_no_stretch_has_too_many_starts_and_none_waits_too_long(
    most: int, length: int, gaps: list[int]
) -> None:
    window = RateWindow(Rate(most, timedelta(microseconds=length)))
    now, starts = 0, list[int]()
    for gap in gaps:
        now += gap
        opens_at = window.opens_at()
        at = now if opens_at is None else max(now, opens_at)
        window.record(at)
        starts.append(at)
        now = at

        stretch = [each for each in starts if at - length < each <= at]
        assert len(stretch) <= most
        if opens_at is not None and opens_at == at:  # a moment earlier was one too many
            assert sum(1 for each in starts[:-1] if at - 1 - length < each) >= most
