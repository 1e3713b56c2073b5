"""`H`: a value for each schedule, the same for ever."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from quarterjack.actors.policies.cron import CronExpression
from quarterjack.actors.policies.cron_grammar import parse
from quarterjack.actors.policies.triggers import rule_of
from quarterjack.storage import ScheduleConfig, ScheduleId

MANY = 6_000
UTC_ZONE = ZoneInfo("UTC")


def texts(expression: str, seed: str) -> str:
    """The expression with what `H` stands for."""
    return " ".join(field.text for field in parse(expression, seed))


def test_a_schedule_keeps_its_values_in_every_version() -> None:
    # These are promised: if they change, the schedules of all users move.
    assert texts("H H H H H H", "sch_1") == "54 5 1 26 4 3"
    assert texts("H/15 H(8-17) * * *", "sch_1") == "0 5-59/15 11 * * *"
    assert texts("H H * * *", "") == "0 7 1 * * *"


@pytest.mark.parametrize(
    ("text", "lowest", "highest"),
    [
        ("H * * * *", 0, 59),
        ("H(20-29) * * * *", 20, 29),
        ("H(7-7) * * * *", 7, 7),
    ],
)
def test_schedules_are_spread_evenly(text: str, lowest: int, highest: int) -> None:
    minutes = Counter(parse(text, f"sch_{each}")[1].values[0] for each in range(MANY))

    assert set(minutes) == set(range(lowest, highest + 1))
    fair = MANY / len(minutes)
    assert all(0.6 * fair <= count <= 1.4 * fair for count in minutes.values())


def test_steps_begin_anywhere_in_the_first_one() -> None:
    firsts = {parse("H/15 * * * *", f"sch_{each}")[1].values for each in range(500)}

    assert firsts == {tuple(range(first, 60, 15)) for first in range(15)}
    assert {len(parse("H(0-29)/40 * * * *", str(each))[1].values) for each in range(99)} == {1}


def test_a_hashed_day_comes_in_every_month() -> None:
    days = {parse("0 0 H * *", f"sch_{each}")[3].values[0] for each in range(MANY)}
    weekdays = {parse("0 0 * * H", f"sch_{each}")[5].values[0] for each in range(500)}

    assert days == set(range(1, 29))
    assert weekdays == set(range(7))


def test_the_fields_of_a_schedule_are_hashed_apart() -> None:
    pairs = {tuple(each.values for each in parse("H H * * *", str(n))[1:3]) for n in range(MANY)}

    assert len(pairs) > 1_000  # of 1,440


def test_a_hashed_field_is_no_star() -> None:
    assert not CronExpression("H H * * *", "sch_1").is_wildcard
    assert not CronExpression("H 0-23 * * *", "sch_1").is_wildcard
    assert CronExpression("H * * * *", "sch_1").is_wildcard
    assert CronExpression("H * * * *", "sch_1").is_hashed
    assert not CronExpression("5 * * * thu").is_hashed


def test_the_seed_of_a_schedule_is_its_id() -> None:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    config = ScheduleConfig.model_validate({"cron": "H H * * *"})
    dues = [
        rule_of(config, made, ScheduleId(key)).next(made) for key in ("sch_1", "sch_1", "sch_2")
    ]

    assert dues[0] == dues[1] == CronExpression("H H * * *", "sch_1").next(made, UTC_ZONE)
    assert dues[2] == CronExpression("H H * * *", "sch_2").next(made, UTC_ZONE) != dues[0]
