"""Counting what is due in a stretch of time: as exact as looking at each instant, and far quicker."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.policies.cron import CronExpression
from quarterjack.actors.policies.cron_count import count

DAY = timedelta(days=1)
CHANGES = [
    pytest.param("Europe/Paris", "2026-03-29T01:00:00Z", id="an hour forwards"),
    pytest.param("Europe/Paris", "2026-10-25T01:00:00Z", id="an hour back"),
    pytest.param("Australia/Lord_Howe", "2026-10-03T15:30:00Z", id="half an hour forwards"),
    pytest.param("Australia/Lord_Howe", "2026-04-04T15:00:00Z", id="half an hour back"),
    pytest.param("America/Havana", "2026-03-08T05:00:00Z", id="midnight is left out"),
    pytest.param("America/Havana", "2026-11-01T05:00:00Z", id="midnight comes twice"),
    pytest.param("Asia/Beirut", "2023-03-29T22:00:00Z", id="a day begins at one"),
    pytest.param("Pacific/Apia", "2011-12-30T10:00:00Z", id="a day is left out"),
    pytest.param("Asia/Kathmandu", "1985-12-31T18:30:00Z", id="a quarter of an hour for good"),
]
TABS = [
    ["*/20 * * * *"],
    ["30 2 * * *"],
    ["0 0 * * *"],
    ["0-59/9 0-23 * * *"],
    ["15 */2 * * *", "15,45 0-3 * * *"],
    ["*/30 0 * * * *", "0 0,2,3 * * 0", "59 59 1 * * *"],
    ["0 0 l * *", "7 * 1-7 * 1"],
]


def seen(lines: list[str], zone: str, after: datetime, until: datetime) -> int:
    """By looking at every instant."""
    found: set[datetime] = set()
    for line in lines:
        found.update(takewhile(lambda due: due <= until, _instants(line, zone, after)))
    return len(found)


def _instants(line: str, zone: str, after: datetime) -> Iterator[datetime]:
    expression, place = CronExpression(line), ZoneInfo(zone)
    due = expression.next(after, place)
    while due is not None:
        yield due
        due = expression.next(due, place)


def counted(lines: list[str], zone: str, after: datetime, until: datetime) -> int:
    return count([CronExpression(line) for line in lines], ZoneInfo(zone), after, until)


@pytest.mark.parametrize("lines", TABS, ids=" and ".join)
@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_a_count_over_a_change_of_the_clock_is_exact(
    zone: str, change: str, lines: list[str]
) -> None:
    at = datetime.fromisoformat(change)

    for after, until in (
        (at - DAY, at + DAY),
        (at - timedelta(minutes=40), at),
        (at, at + timedelta(minutes=50)),
        (at - timedelta(seconds=1), at + timedelta(seconds=1)),
        (at + timedelta(minutes=20, microseconds=1), at + timedelta(hours=3, microseconds=-1)),
    ):
        assert counted(lines, zone, after, until) == seen(lines, zone, after, until), after


MINUTES = st.sampled_from(["*", "*/7", "0", "0,15,45", "1-59/13"])
HOURS = st.sampled_from(["*", "*/2", "2", "1-3", "0-23", "23,0,1"])
DAYS = st.sampled_from(["*", "*", "13", "*/2", "l"])
WEEKDAYS = st.sampled_from(["*", "*", "0", "1-5", "*/2"])
LINES = st.builds("{} {} {} * {}".format, MINUTES, HOURS, DAYS, WEEKDAYS)
PLACES = st.sampled_from(
    ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Havana", "UTC"]
)


@given(
    st.lists(LINES, min_size=1, max_size=3),
    PLACES,
    st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(0, 26 * 3_600),
)
@settings(max_examples=100, deadline=None, database=None)
def test_a_count_is_what_looking_at_each_gives(
    lines: list[str], zone: str, after: datetime, seconds: int
) -> None:
    until = after + timedelta(seconds=seconds)

    assert counted(lines, zone, after, until) == seen(lines, zone, after, until)


@given(
    st.lists(LINES, min_size=1, max_size=3),
    PLACES,
    st.datetimes(datetime(2025, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.lists(st.integers(0, 400 * 86_400), min_size=3, max_size=3).map(sorted),
)
@settings(max_examples=60, deadline=None, database=None)
def test_a_stretch_has_what_its_parts_have(
    lines: list[str], zone: str, base: datetime, seconds: list[int]
) -> None:
    first, middle, last = (base + timedelta(seconds=each) for each in seconds)

    parts = counted(lines, zone, first, middle) + counted(lines, zone, middle, last)
    assert counted(lines, zone, first, last) == parts


def test_a_year_of_seconds_is_counted_in_a_moment() -> None:
    first, last = datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)

    began = time.perf_counter()
    found = counted(["* * * * * *"], "Europe/Paris", first, last)

    assert time.perf_counter() - began < 0.5
    assert found == 365 * 86_400


@pytest.mark.parametrize(
    ("lines", "days", "expected"),
    [
        (["* * * * *"], 3_652, 3_652 * 1_440),
        (["0 0 29 2 *"], 3_652, 2),
        (["0 12 * * *", "0 12 * * 1-5", "0 13 * * 1-5"], 28, 28 + 20),
        (["0 0 1 1 *"], 300, 0),
    ],
)
def test_long_stretches(lines: list[str], days: int, expected: int) -> None:
    after = datetime(2025, 1, 6, 6, tzinfo=UTC)

    assert counted(lines, "UTC", after, after + days * DAY) == expected


def test_nothing_is_in_an_empty_or_reversed_stretch() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)

    assert counted(["* * * * * *"], "UTC", at, at) == 0
    assert counted(["* * * * * *"], "UTC", at + DAY, at) == 0
