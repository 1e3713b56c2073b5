"""Cron expressions: what matches, what clock changes do, and what is refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.policies.cron import ALIASES, CronError, CronExpression


def due(expression: str, zone: str, after: str, count: int) -> list[str]:
    """The next instants as local wall time with offset, from an instant in UTC."""
    cron, place = CronExpression(expression), ZoneInfo(zone)
    instant = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = []
    for _ in range(count):
        following = cron.next(instant, place)
        assert following is not None
        assert following > instant
        instant = following
        found.append(instant.astimezone(place).strftime("%Y-%m-%d %H:%M:%S%z"))
    return found


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("* * * * *", "2026-01-01T00:00:00", ["2026-01-01 00:01:00+0000"]),
        ("0 3 * * *", "2026-01-01T03:00:00", ["2026-01-02 03:00:00+0000"]),
        ("*/10 * * * * *", "2026-01-01T00:00:51", ["2026-01-01 00:01:00+0000"]),
        ("30 */6 * * *", "2026-01-01T00:31:00", ["2026-01-01 06:30:00+0000"]),
        ("0 9-17/4 * * *", "2026-01-01T10:00:00", ["2026-01-01 13:00:00+0000"]),
        ("0 0 1,15 * *", "2026-01-02T00:00:00", ["2026-01-15 00:00:00+0000"]),
        ("0 0 31 * *", "2026-02-01T00:00:00", ["2026-03-31 00:00:00+0000"]),
        ("0 0 l * *", "2026-02-01T00:00:00", ["2026-02-28 00:00:00+0000"]),
        ("0 0 L 2 *", "2028-01-01T00:00:00", ["2028-02-29 00:00:00+0000"]),
        ("0 0 29 2 *", "2026-01-01T00:00:00", ["2028-02-29 00:00:00+0000"]),
        ("0 0 * jan-mar mon", "2026-02-27T00:00:00", ["2026-03-02 00:00:00+0000"]),
        ("0 0 * * 7", "2026-01-01T00:00:00", ["2026-01-04 00:00:00+0000"]),
        ("0 0 * * 0", "2026-01-01T00:00:00", ["2026-01-04 00:00:00+0000"]),
        ("0 0 * * 5#3", "2026-01-01T00:00:00", ["2026-01-16 00:00:00+0000"]),
        ("0 0 * * l5", "2026-01-01T00:00:00", ["2026-01-30 00:00:00+0000"]),
        (
            "0 0 13 * 5",
            "2026-01-01T00:00:00",
            ["2026-01-02 00:00:00+0000", "2026-01-09 00:00:00+0000", "2026-01-13 00:00:00+0000"],
        ),
        ("5-5 * * * *", "2026-01-01T00:00:00", ["2026-01-01 00:05:00+0000"]),
    ],
)
def test_what_an_expression_stands_for(expression: str, after: str, expected: list[str]) -> None:
    assert due(expression, "UTC", after, len(expected)) == expected


@pytest.mark.parametrize("name", ALIASES)
def test_a_name_stands_for_its_expression(name: str) -> None:
    after = "2026-01-01T12:00:00"

    assert due(name, "Asia/Kathmandu", after, 3) == due(ALIASES[name], "Asia/Kathmandu", after, 3)


PARIS, NEW_YORK, LORD_HOWE = "Europe/Paris", "America/New_York", "Australia/Lord_Howe"


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        pytest.param(
            "30 2 * * *",
            PARIS,
            "2026-03-28T12:00:00",
            ["2026-03-29 03:00:00+0200", "2026-03-30 02:30:00+0200"],
            id="a fixed time in the gap runs right after it",
        ),
        pytest.param(
            "15,45 2 * * *",
            PARIS,
            "2026-03-28T12:00:00",
            ["2026-03-29 03:00:00+0200", "2026-03-30 02:15:00+0200"],
            id="several fixed times in the gap run once",
        ),
        pytest.param(
            "30 2 * * *",
            PARIS,
            "2026-10-24T12:00:00",
            ["2026-10-25 02:30:00+0200", "2026-10-26 02:30:00+0100"],
            id="a fixed time in the overlap runs once",
        ),
        pytest.param(
            "*/30 * * * *",
            PARIS,
            "2026-03-29T00:29:00",
            ["2026-03-29 01:30:00+0100", "2026-03-29 03:00:00+0200", "2026-03-29 03:30:00+0200"],
            id="a wildcard leaves the gap out",
        ),
        pytest.param(
            "*/30 * * * *",
            PARIS,
            "2026-10-24T23:59:00",
            [
                "2026-10-25 02:00:00+0200",
                "2026-10-25 02:30:00+0200",
                "2026-10-25 02:00:00+0100",
                "2026-10-25 02:30:00+0100",
                "2026-10-25 03:00:00+0100",
            ],
            id="a wildcard runs through both passes of the overlap",
        ),
        pytest.param(
            "30 2 * * *",
            NEW_YORK,
            "2026-03-07T12:00:00",
            ["2026-03-08 03:00:00-0400", "2026-03-09 02:30:00-0400"],
            id="New York, gap",
        ),
        pytest.param(
            "30 1 * * *",
            NEW_YORK,
            "2026-10-31T12:00:00",
            ["2026-11-01 01:30:00-0400", "2026-11-02 01:30:00-0500"],
            id="New York, overlap",
        ),
        pytest.param(
            "15 2 * * *",
            LORD_HOWE,
            "2026-10-03T12:00:00",
            ["2026-10-04 02:30:00+1100", "2026-10-05 02:15:00+1100"],
            id="half an hour of gap",
        ),
        pytest.param(
            "45 1 * * *",
            LORD_HOWE,
            "2026-04-04T12:00:00",
            ["2026-04-05 01:45:00+1100", "2026-04-06 01:45:00+1030"],
            id="half an hour of overlap",
        ),
        pytest.param(
            "0 12 * * *",
            "Pacific/Apia",
            "2011-12-29T00:00:00",
            ["2011-12-29 12:00:00-1000", "2011-12-31 12:00:00+1400"],
            id="a day that was left out is a correction",
        ),
        pytest.param(
            "0 0 * * *",
            "Asia/Kathmandu",
            "2026-01-01T00:00:00",
            ["2026-01-02 00:00:00+0545"],
            id="a quarter of an hour",
        ),
    ],
)
def test_what_clock_changes_do(expression: str, zone: str, after: str, expected: list[str]) -> None:
    assert due(expression, zone, after, len(expected)) == expected


@pytest.mark.parametrize("zone", [PARIS, NEW_YORK, LORD_HOWE, "UTC", "Africa/Casablanca"])
def test_a_daily_job_runs_once_on_each_day_of_a_year(zone: str) -> None:
    for expression in ("30 2 * * *", "0 0 * * *", "30 1 * * *"):
        days = [each[:10] for each in due(expression, zone, "2026-01-01T20:00:00", 365)]
        assert len(set(days)) == 365


MINUTE = st.lists(st.integers(0, 59), min_size=1, max_size=3)
HOUR = st.lists(st.integers(0, 23), min_size=1, max_size=3)
WEEKDAY = st.lists(st.integers(0, 6), min_size=1, max_size=3)
ANY: st.SearchStrategy[list[int]] = st.just([])


def _field(numbers: list[int]) -> str:
    return ",".join(map(str, numbers)) or "*"


@given(MINUTE | ANY, HOUR | ANY, WEEKDAY | ANY, st.integers(0, 10**6))
@settings(max_examples=40, deadline=None, database=None)
def test_the_next_instant_is_the_first_minute_that_matches(
    minutes: list[int], hours: list[int], weekdays: list[int], start: int
) -> None:
    cron = CronExpression(f"{_field(minutes)} {_field(hours)} * * {_field(weekdays)}")
    after = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=start)
    minute = after.replace(second=0) + timedelta(minutes=1)
    while not (
        (not minutes or minute.minute in minutes)
        and (not hours or minute.hour in hours)
        and (not weekdays or minute.isoweekday() % 7 in weekdays)
    ):
        minute += timedelta(minutes=1)

    assert cron.next(after, ZoneInfo("UTC")) == minute


@pytest.mark.parametrize(
    ("expression", "field", "told"),
    [
        ("61 * * * *", "minute", "`61` is not in 0–59"),
        ("60 * * * * *", "second", "`60` is not in 0–59"),
        ("* 24 * * *", "hour", "`24` is not in 0–23"),
        ("* * 0 * *", "day-of-month", "`0` is not in 1–31"),
        ("* * 32 * *", "day-of-month", "`32` is not in 1–31"),
        ("* * * 13 *", "month", "`13` is not in 1–12"),
        ("* * * foo *", "month", "`foo` is not in 1–12"),
        ("* * * * 8", "day-of-week", "`8` is not in 0–7"),
        ("* * * * mon-xyz", "day-of-week", "`xyz` is not in 0–7"),
        ("5-3 * * * *", "minute", "reversed"),
        ("*/0 * * * *", "minute", "the step"),
        ("*/99999 * * * *", "minute", "`99999`"),
        ("1/5 * * * *", "minute", "a step without a range"),
        ("*-5 * * * *", "minute", "not understood"),
        ("? * * * *", "minute", "not understood"),
        ("1,,2 * * * *", "minute", "not understood"),
        ("r * * * *", "minute", "`r`"),
        ("0 0 1 * 5#2", "day-of-week", "can't stand beside"),
        ("0 0 30 2 *", "day-of-month", "never comes"),
        ("9" * 200 + " * * * *", "minute", "is not in 0–59"),
    ],
)
def test_the_wrong_field_is_named(expression: str, field: str, told: str) -> None:
    with pytest.raises(CronError) as refused:
        CronExpression(expression)
    assert refused.value.field == field
    assert str(refused.value).startswith(f"Bad {field}: ")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("", "this has 0"),
        ("* * * *", "this has 4"),
        ("* * * * * * *", "this has 7"),
        ("@foo", "none of @yearly"),
        ("* * * * *" + " " * 300, "at most 256 characters"),
        ("5\xa0* * * *", "plain ASCII"),
    ],
)
def test_a_wrong_whole_is_told(expression: str, told: str) -> None:
    with pytest.raises(CronError) as refused:
        CronExpression(expression)
    assert refused.value.field is None
    assert told in str(refused.value)


def test_there_is_no_instant_after_the_last_year() -> None:
    last = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)

    assert CronExpression("0 0 1 1 *").next(last, ZoneInfo("UTC")) is None
