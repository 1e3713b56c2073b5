"""When a schedule is due, all told: start, end, jitter, excluded days, and what may not be said."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from quarterjack.actors.policies.timetable import Timetable
from quarterjack.storage import CalendarDays, InvalidInput, ScheduleConfig, ScheduleId

CREATED = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEY = ScheduleId("sch_1")
HOUR = timedelta(hours=1)
HOLIDAYS: dict[str, CalendarDays] = {"bank": ((date(2026, 1, 3), date(2026, 1, 4)),)}


def timetable(key: ScheduleId = KEY, **fields: Any) -> Timetable:
    """Of a configuration in its wire form."""
    return Timetable(key, ScheduleConfig.model_validate(fields), CREATED, HOLIDAYS)


def days(found: Timetable, count: int) -> list[int]:
    """The days of January on which it fires."""
    first = found.next_firing(CREATED)
    assert first is not None
    return [each.due.day for each in islice(found.firing_from(first.due), count)]


def test_nothing_is_due_before_the_start_or_from_the_end_on() -> None:
    found = timetable(
        interval="1h",
        anchor="2026-01-01T00:00:00Z",
        startAt="2026-01-02T00:00:00Z",
        endAt="2026-01-02T02:00:00Z",
    )

    first = found.next(CREATED)
    assert first is not None
    assert [each.due.hour for each in found.from_(first.due)] == [0, 1]
    assert first.due == datetime(2026, 1, 2, tzinfo=UTC)


def test_an_excluded_day_is_due_but_does_not_fire() -> None:
    found = timetable(cron="0 0 * * *", exclude=["2026-01-02", "2026-01-05/2026-01-06"])

    first = found.next(CREATED)
    assert first is not None
    assert found.excluded_by(first.due) == "2026-01-02"
    assert days(found, 4) == [3, 4, 7, 8]


def test_a_day_is_excluded_where_the_schedule_is() -> None:
    found = timetable(cron="0 5 * * *", timezone="Asia/Tokyo", exclude=["2026-01-02"])

    assert found.excluded_by(datetime(2026, 1, 1, 20, tzinfo=UTC)) == "2026-01-02"
    assert found.excluded_by(datetime(2026, 1, 2, 20, tzinfo=UTC)) is None


def test_a_calendar_excludes_its_days() -> None:
    found = timetable(cron="0 0 * * *", exclude=["calendar:bank", "2026-01-02", "calendar:none"])

    assert days(found, 2) == [5, 6]


def test_a_rule_of_which_every_day_is_excluded_fires_never() -> None:
    found = timetable(cron="* * * * *", exclude=["0001-01-01/9999-12-31"])

    assert found.next_firing(CREATED) is None


def test_many_excluded_days_are_passed_over_at_once() -> None:
    found = timetable(cron="* * * * * *", exclude=["2026-01-01/2035-12-31"])

    first = found.next_firing(CREATED)

    assert first is not None
    assert first.due == datetime(2036, 1, 1, tzinfo=UTC)


@given(st.integers(0, 10_000), st.integers(1, 86_400))
@settings(max_examples=100, deadline=None, database=None)
def test_jitter_puts_off_and_is_the_same_each_time(hours: int, seconds: int) -> None:
    found = timetable(interval="1h", anchor="2026-01-01T00:00:00Z", jitter=seconds)
    due = CREATED + hours * HOUR

    one, again = found.occurrence(due), found.occurrence(due)

    assert one == again
    assert timedelta(0) <= one.jitter < timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "fields",
    [
        {"interval": "7m"},
        {"cron": ["*/20 * * * *", "0 0 1 * *"], "timezone": "Asia/Kathmandu"},
        {"cron": "*/5 * * * *", "startAt": "2026-01-02T00:01:00Z"},
        {"cron": "*/5 * * * *", "endAt": "2026-01-02T00:05:00Z"},
        {"interval": "1h", "startAt": "2026-01-02T00:00:00Z", "endAt": "2026-01-02T03:00:00Z"},
        {"at": "2026-01-02T00:00:00Z"},
    ],
    ids=lambda fields: " ".join(fields),
)
def test_count_and_last_are_those_of_looking_at_each(fields: dict[str, Any]) -> None:
    found, until = timetable(**fields), CREATED + 26 * HOUR
    first = found.next(CREATED)
    assert first is not None

    dues = [each.due for each in takewhile(lambda each: each.due <= until, found.from_(first.due))]

    assert found.count(CREATED, until) == len(dues)
    assert found.count(first.due, until) == len(dues) - 1
    for place in (0, len(dues) // 2, len(dues) - 1):
        assert found.last(first.due, dues[place]) == dues[place]
        assert found.last(first.due, dues[place] + timedelta(seconds=59)) == dues[place]
    assert found.last(first.due, until) == dues[-1]
    assert all(found.is_due(due) for due in dues)
    assert not found.is_due(dues[-1] + timedelta(seconds=1))


def test_the_last_instant_of_a_year_of_seconds_is_found_at_once() -> None:
    found = timetable(cron="* * * * * *", endAt="2026-12-31T00:00:00Z")

    last = found.last(CREATED + HOUR, CREATED + timedelta(days=1_000))

    assert last == datetime(2026, 12, 30, 23, 59, 59, tzinfo=UTC)


def test_jitter_spreads_schedules_and_instants() -> None:
    one, other = (
        timetable(ScheduleId(key), interval="1h", jitter="30m") for key in ("sch_1", "sch_2")
    )
    dues = [CREATED + hours * HOUR for hours in range(200)]

    spread = [one.occurrence(due).jitter for due in dues]

    assert len(set(spread)) == 200
    assert 13 * 60 < sum(spread, timedelta(0)).total_seconds() / 200 < 17 * 60
    assert spread != [other.occurrence(due).jitter for due in dues]


def test_occurrences_come_in_the_order_in_which_they_are_due() -> None:
    found = timetable(cron="* * * * *", jitter="10m")
    first = found.next(CREATED)
    assert first is not None

    dues = [each.due for each in islice(found.from_(first.due), 50)]

    assert all(later - earlier == timedelta(minutes=1) for earlier, later in pairwise(dues))


@pytest.mark.parametrize(
    ("fields", "loc"),
    [
        ({"cron": "* * *"}, ("cron",)),
        ({"cron": ["@daily", "x"]}, ("cron", 1)),
        ({"cron": "@daily", "timezone": "Nowhere/Land"}, ("timezone",)),
        ({"cron": "@daily", "timezone": "../etc/passwd"}, ("timezone",)),
        ({"cron": "@daily", "timezone": "\0"}, ("timezone",)),
        ({"cron": "@daily", "exclude": ["2026-12-25", "xmas"]}, ("exclude", 1)),
        ({"cron": "@daily", "exclude": ["2026-02-30"]}, ("exclude", 0)),
        ({"cron": "@daily", "exclude": ["2026-02-03/2026-02-01"]}, ("exclude", 0)),
        ({"cron": "@daily", "exclude": ["calendar:no name"]}, ("exclude", 0)),
    ],
)
def test_what_makes_no_sense_is_named(fields: dict[str, Any], loc: tuple[str | int, ...]) -> None:
    with pytest.raises(InvalidInput) as refused:
        timetable(**fields)
    assert [error.loc for error in refused.value.errors] == [("scheduleConfig", *loc)]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {
                "cron": "@daily",
                "startAt": "2026-02-01T00:00:00Z",
                "endAt": "2026-02-01T00:00:00Z",
            },
            "endAt is not after startAt",
        ),
        ({"manual": True, "maxRuns": 3}, "maxRuns can't go with manual"),
        ({"event": "x", "jitter": "1s"}, "jitter can't go with event"),
    ],
)
def test_what_does_not_go_together_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        timetable(**fields)
