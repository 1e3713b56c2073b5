"""Rules of every kind behind one interface."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quarterjack.actors.policies.triggers import rule_of
from quarterjack.storage import ScheduleConfig, ScheduleId, Trigger

CREATED = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEY = ScheduleId("sch_1")
HOUR = timedelta(hours=1)


def config(**fields: Any) -> ScheduleConfig:
    """A configuration from its wire form."""
    return ScheduleConfig.model_validate(fields)


def instants(found: ScheduleConfig, count: int) -> list[datetime | None]:
    """The due instants from the creation on."""
    rule, after = rule_of(found, CREATED, KEY), CREATED
    dues: list[datetime | None] = []
    for _ in range(count):
        due = rule.next(after)
        dues.append(due)
        after = due or after
    return dues


def test_several_lines_are_due_whenever_one_of_them_is() -> None:
    found = config(cron=["0 15 * * *", "0 14 * * *"], timezone="UTC")

    assert instants(found, 3) == [CREATED + 2 * HOUR, CREATED + 3 * HOUR, CREATED + 26 * HOUR]


def test_an_interval_counts_from_the_creation() -> None:
    assert instants(config(interval="2h"), 2) == [CREATED + 2 * HOUR, CREATED + 4 * HOUR]


def test_an_interval_counts_from_its_anchor_whenever_that_was() -> None:
    past = config(interval="2h", anchor="2026-01-01T11:30:00Z")
    future = config(interval="2h", anchor="2026-01-02T12:00:00Z")

    half = timedelta(minutes=30)
    assert instants(past, 2) == [CREATED + HOUR + half, CREATED + 3 * HOUR + half]
    assert instants(future, 2) == [CREATED + 24 * HOUR, CREATED + 26 * HOUR]


def test_an_interval_with_a_start_counts_from_that() -> None:
    found = config(interval="2h", startAt="2026-01-01T12:30:00Z")

    assert instants(found, 2) == [CREATED + HOUR / 2, CREATED + 2 * HOUR + HOUR / 2]


def test_an_interval_ends_with_the_calendar() -> None:
    rule = rule_of(config(interval="1h"), CREATED, KEY)

    assert rule.next(datetime(9999, 12, 31, 23, 59, tzinfo=UTC)) is None


def test_once_is_once() -> None:
    assert instants(config(at="2026-01-01T13:00:00Z"), 2) == [CREATED + HOUR, None]
    assert instants(config(at="2026-01-01T11:00:00Z"), 1) == [None]


def test_a_manual_schedule_is_never_due() -> None:
    assert instants(config(manual=True), 1) == [None]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"interval": "1h"}, [0, 1, 24]),
        ({"interval": "90m", "anchor": "2026-01-01T12:00:00Z"}, [0, 0, 16]),
        ({"interval": "1h", "anchor": "2027-01-01T12:00:00Z"}, [0, 0, 0]),
        ({"at": "2026-01-01T13:00:00Z"}, [0, 1, 1]),
        ({"at": "2026-01-01T12:00:00Z"}, [0, 0, 0]),
        ({"manual": True}, [0, 0, 0]),
        ({"event": "arrived"}, [0, 0, 0]),
        ({"cron": ["0 * * * *", "0 13,14 * * *"]}, [0, 1, 24]),
    ],
)
def test_instants_are_counted_without_looking_at_each(
    fields: dict[str, Any], expected: list[int]
) -> None:
    rule = rule_of(config(**fields), CREATED, KEY)

    found = [rule.count(CREATED, CREATED + hours * HOUR) for hours in (0, 1, 24)]

    assert found == expected
    assert rule.count(CREATED + HOUR, CREATED) == 0


@pytest.mark.parametrize(
    ("fields", "trigger"),
    [
        ({"cron": "@daily"}, Trigger.CRON),
        ({"interval": 60}, Trigger.INTERVAL),
        ({"at": "2030-01-01T00:00:00Z"}, Trigger.AT),
        ({"manual": True}, Trigger.MANUAL),
        ({"event": "arrived"}, Trigger.EVENT),
    ],
)
def test_a_rule_knows_its_trigger(fields: dict[str, Any], trigger: Trigger) -> None:
    found = config(**fields)

    assert rule_of(found, CREATED, KEY).trigger is trigger
