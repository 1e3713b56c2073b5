"""Due instants of cron expressions: what matches, and what changes of the clock do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cron_model import Job, runs
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.policies.cron import CronExpression, cron_expression
from quarterjack.actors.policies.cron_grammar import ALIASES


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


PARIS, NEW_YORK, LORD_HOWE = "Europe/Paris", "America/New_York", "Australia/Lord_Howe"


CLOCK_CHANGES = [
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
        "0 12 30 12 *",
        "Pacific/Apia",
        "2011-01-01T00:00:00",
        ["2012-12-30 12:00:00+1400"],
        id="a date that was left out does not come that year",
    ),
    pytest.param(
        "*/30 * * * *",
        "Pacific/Apia",
        "2011-12-30T09:29:00",
        ["2011-12-29 23:30:00-1000", "2011-12-31 00:00:00+1400"],
        id="a wildcard leaves a day out, too",
    ),
    pytest.param(
        "30 0 * * *",
        "Asia/Beirut",
        "2026-03-28T12:00:00",
        ["2026-03-29 01:00:00+0300", "2026-03-30 00:30:00+0300"],
        id="a gap at midnight belongs to the day that begins late",
    ),
    pytest.param(
        "0 0 * * 0",
        "America/Havana",
        "2026-03-07T12:00:00",
        ["2026-03-08 01:00:00-0400", "2026-03-15 00:00:00-0400"],
        id="a midnight that was left out, of a day of the week",
    ),
    pytest.param(
        "@daily",
        "America/Havana",
        "2026-10-31T12:00:00",
        ["2026-11-01 00:00:00-0400", "2026-11-02 00:00:00-0500"],
        id="a midnight that comes twice",
    ),
    pytest.param(
        "@hourly",
        "America/Havana",
        "2026-11-01T03:59:00",
        [
            "2026-11-01 00:00:00-0400",
            "2026-11-01 00:00:00-0500",
            "2026-11-01 01:00:00-0500",
        ],
        id="hourly goes on through an overlap",
    ),
    pytest.param(
        "0-59 0-23 * * *",
        PARIS,
        "2026-10-25T00:58:00",
        ["2026-10-25 02:59:00+0200", "2026-10-25 03:00:00+0100"],
        id="every hour by number is no star",
    ),
    pytest.param(
        "0-59/20 0-23 * * *",
        PARIS,
        "2026-03-29T00:39:00",
        ["2026-03-29 01:40:00+0100", "2026-03-29 03:00:00+0200", "2026-03-29 03:20:00+0200"],
        id="what is due at a gap's end anyhow is due once",
    ),
    pytest.param(
        "*/30 2 * * *",
        PARIS,
        "2026-10-24T23:59:00",
        [
            "2026-10-25 02:00:00+0200",
            "2026-10-25 02:30:00+0200",
            "2026-10-25 02:00:00+0100",
            "2026-10-25 02:30:00+0100",
            "2026-10-26 02:00:00+0100",
        ],
        id="one star makes a wildcard",
    ),
    pytest.param(
        "15,45 */2 * * *",
        PARIS,
        "2026-03-29T00:00:00",
        ["2026-03-29 04:15:00+0200", "2026-03-29 04:45:00+0200"],
        id="a star in the hours, too",
    ),
    pytest.param(
        "10,50 30 2 * * *",
        PARIS,
        "2026-03-28T12:00:00",
        ["2026-03-29 03:00:00+0200", "2026-03-30 02:30:10+0200"],
        id="seconds of a fixed time in the gap are due once",
    ),
    pytest.param(
        "0,30 30 2 * * *",
        PARIS,
        "2026-10-25T00:30:00",
        ["2026-10-25 02:30:30+0200", "2026-10-26 02:30:00+0100"],
        id="seconds of a fixed time in the overlap are of the first pass",
    ),
    pytest.param(
        "30 2 * * *",
        PARIS,
        "2026-10-25T01:00:00",
        ["2026-10-26 02:30:00+0100"],
        id="asked in the second pass, the first is past",
    ),
    pytest.param(
        "30 3 * * *",
        PARIS,
        "2026-10-25T01:15:00",
        ["2026-10-25 03:30:00+0100"],
        id="asked in the second pass, what follows it is to come",
    ),
    pytest.param(
        "30 2 29 3 *",
        PARIS,
        "2016-03-30T00:00:00",
        ["2017-03-29 02:30:00+0200"],
        id="a date in another year",
    ),
    pytest.param(
        "30 2 29 3 *",
        PARIS,
        "2025-03-30T00:00:00",
        ["2026-03-29 03:00:00+0200", "2027-03-29 02:30:00+0200"],
        id="a date that falls into a gap, years before",
    ),
    pytest.param(
        "45 2 1 5 *",
        "America/Caracas",
        "2015-06-01T00:00:00",
        ["2016-05-01 03:00:00-0400", "2017-05-01 02:45:00-0400"],
        id="half an hour forwards, for good",
    ),
    pytest.param(
        "5 0 * * *",
        "Asia/Kathmandu",
        "1985-12-31T00:00:00",
        ["1986-01-01 00:15:00+0545", "1986-01-02 00:05:00+0545"],
        id="a quarter of an hour forwards, for good",
    ),
    pytest.param(
        "30 1 26 10 *",
        "Europe/Moscow",
        "2013-11-01T00:00:00",
        ["2014-10-26 01:30:00+0400", "2015-10-26 01:30:00+0300"],
        id="an hour back, for good",
    ),
    pytest.param(
        "30 1 * * *",
        "Antarctica/Troll",
        "2026-03-28T12:00:00",
        ["2026-03-29 03:00:00+0200", "2026-03-30 01:30:00+0200"],
        id="two hours of gap",
    ),
    pytest.param(
        "30 0 * * *",
        "Antarctica/Casey",
        "2010-03-04T00:00:00",
        ["2010-03-05 00:30:00+1100", "2010-03-06 00:30:00+0800"],
        id="three hours of overlap are none too many",
    ),
    pytest.param(
        "30 2 18 10 *",
        "Antarctica/Casey",
        "2009-01-01T00:00:00",
        ["2009-10-18 05:00:00+1100", "2010-10-18 02:30:00+0800"],
        id="three hours of gap are none too many",
    ),
    pytest.param(
        "30 22 * * *",
        "Antarctica/Vostok",
        "1994-01-31T00:00:00",
        ["1994-01-31 22:30:00+0700", "1994-01-31 22:30:00+0000"],
        id="seven hours back are a correction: the new time counts",
    ),
    pytest.param(
        "0 3 * * *",
        "Antarctica/Vostok",
        "1994-10-31T12:00:00",
        ["1994-11-02 03:00:00+0700"],
        id="seven hours forwards are a correction: what they leave out is skipped",
    ),
    pytest.param(
        "0 0 * * *",
        "Asia/Kathmandu",
        "2026-01-01T00:00:00",
        ["2026-01-02 00:00:00+0545"],
        id="a quarter of an hour",
    ),
]


@pytest.mark.parametrize(("expression", "zone", "after", "expected"), CLOCK_CHANGES)
def test_what_clock_changes_do(expression: str, zone: str, after: str, expected: list[str]) -> None:
    assert due(expression, zone, after, len(expected)) == expected


@pytest.mark.parametrize(("expression", "zone", "after", "expected"), CLOCK_CHANGES)
def test_the_model_says_the_same(
    expression: str, zone: str, after: str, expected: list[str]
) -> None:
    wanted = [datetime.strptime(each, "%Y-%m-%d %H:%M:%S%z").astimezone(UTC) for each in expected]
    asked = datetime.fromisoformat(after).replace(tzinfo=UTC)
    begin, end = wanted[0] - timedelta(hours=30), wanted[0] + timedelta(hours=27)

    lived = runs(Job(ALIASES.get(expression, expression)), ZoneInfo(zone), begin, end)
    found = [instant for instant in lived if instant > asked]
    assert found[: len(wanted)] == [instant for instant in wanted if instant <= end]


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


def test_there_is_no_instant_after_the_last_year() -> None:
    last = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)

    for expression in ("0 0 1 1 *", "* * * * *", "0 0 29 2 */7", "0 0 * * 5#1"):
        assert CronExpression(expression).next(last, ZoneInfo("Asia/Tokyo")) is None


def test_the_calendar_begins_with_the_first_year() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)

    found = CronExpression("0 0 1 2 *").next(first, ZoneInfo("America/New_York"))
    assert found is not None
    assert (found.year, found.month) == (1, 2)


def test_an_instant_within_a_second_is_followed_by_the_next_second() -> None:
    asked = datetime(2026, 1, 1, 2, 59, 59, 999_999, tzinfo=UTC)

    assert CronExpression("0 3 * * *").next(asked, ZoneInfo("UTC")) == datetime(
        2026, 1, 1, 3, tzinfo=UTC
    )


def test_an_expression_is_parsed_once_for_all() -> None:
    assert cron_expression("1 2 3 4 *", "a") is cron_expression("1 2 3 4 *", "b")
    assert cron_expression("H 2 3 4 *", "a") is cron_expression("H 2 3 4 *", "a")
    assert cron_expression("H 2 3 4 *", "a") is not cron_expression("H 2 3 4 *", "b")


def test_threads_may_share_an_expression() -> None:
    shared, zone = CronExpression("0 0 13 * 5"), ZoneInfo(PARIS)
    years = [datetime(year, 1, 1, tzinfo=UTC) for year in range(1990, 2050)]
    alone = [CronExpression("0 0 13 * 5").next(year, zone) for year in years]

    def ask(_: int) -> list[datetime | None]:
        return [shared.next(year, zone) for year in years]

    with ThreadPoolExecutor(4) as threads:
        assert all(found == alone for found in threads.map(ask, range(20)))
