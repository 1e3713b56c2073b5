"""On which days an expression matches: against the model, over years of days."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cron_cases import random_field
from cron_model import Job
from croniter import croniter

from quarterjack.actors.policies.cron import CronExpression
from quarterjack.actors.policies.cron_fields import CronError

DAY = timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")


def days(expression: str, after: date, count: int) -> list[date]:
    """The days of the next instants."""
    found: list[date] = []
    cron = CronExpression(expression)
    instant = datetime(after.year, after.month, after.day, 23, 59, tzinfo=UTC)
    for _ in range(count):
        due = cron.next(instant, UTC_ZONE)
        assert due is not None
        found.append(due.date())
        instant = due
    return found


def expected(expression: str, after: date, count: int) -> list[date]:
    """The model's, day by day."""
    found: list[date] = []
    job, day = Job(expression), after
    while len(found) < count:
        day += DAY
        if job.is_day(day):
            found.append(day)
    return found


def random_days(random: Random) -> str:
    """Fields for day-of-month, month and day-of-week, odd ones too."""
    month = random.choice(["*", "2", "1-2", "4,6,9,11", random_field(random, 1, 12)])
    weekday = random.choice(["*", random_field(random, 0, 6).replace("6", "7")])
    last = random.choice(["l", "l,15", "l,30,31", f"l,{random.randint(1, 31)}"])
    odd = random.choice(["29", "30", "31", "30,31", "29-31", last, random_field(random, 1, 31)])
    special = [
        ("*", f"{random.randint(0, 7)}#{random.randint(1, 5)}"),
        ("*", f"{random.randint(0, 7)}l"),
        ("*", "mon#1,3#5,0l"),
        ("*", "5#5"),
        (random.choice(["lw", "1w", "15w", "31w", f"{random.randint(1, 31)}w"]), "*"),
    ]
    day, weekday = (odd, weekday) if random.random() < 0.6 else random.choice(special)
    return f"0 0 {day} {month} {weekday}"


@pytest.mark.parametrize("seed", range(4))
def test_the_days_are_those_of_the_model(seed: int) -> None:
    random, compared, refused = Random(seed), 0, 0
    while compared < 120:
        expression = random_days(random)
        after = date(random.randint(1950, 2150), random.randint(1, 12), random.randint(1, 28))
        try:
            found = days(expression, after, 3)
        except CronError as error:
            assert "never comes" in str(error), expression
            job, year = Job(expression), date(2000, 1, 1)
            assert not any(job.is_day(year + each * DAY) for each in range(28 * 366)), expression
            refused += 1
        else:
            assert found == expected(expression, after, 3), expression
            compared += 1
    assert refused


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("0 0 29 2 *", ["2028-02-29", "2032-02-29"]),
        ("0 0 29 2 */7", ["2032-02-29", "2060-02-29", "2088-02-29", "2128-02-29"]),
        ("0 0 * 2 5#5", ["2036-02-29", "2064-02-29", "2092-02-29", "2104-02-29"]),
        ("0 0 31 */12 */7", ["2027-01-31", "2038-01-31", "2044-01-31", "2049-01-31"]),
        ("0 0 L 2 */7", ["2027-02-28", "2032-02-29", "2038-02-28", "2049-02-28"]),
        ("0 0 31 2 5", ["2026-02-06", "2026-02-13", "2026-02-20", "2026-02-27", "2027-02-05"]),
        ("0 0 1-7 * */7", ["2026-01-04", "2026-02-01", "2026-03-01"]),
        ("0 0 */10 * 1", ["2026-05-11", "2026-06-01", "2026-08-31"]),
        ("0 0 LW * *", ["2026-01-30", "2026-02-27", "2026-03-31"]),
        ("0 0 1W 2,8 *", ["2026-02-02", "2026-08-03", "2027-02-01"]),
    ],
)
def test_rare_days_are_found(expression: str, found: list[str]) -> None:
    wanted = [date.fromisoformat(each) for each in found]

    assert days(expression, date(2025, 12, 31), len(wanted)) == wanted


RARE = ["0 0 29 2 */7", "0 0 * 2 5#5", "0 0 31 */12 */7", "0 0 31 2 5", "0 0 31 1,3,5 */7"]


@pytest.mark.parametrize("expression", RARE)
def test_no_expression_makes_croniter_search_for_years(
    expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []
    ask = vars(croniter)["_get_next_nearest_diff"]

    def counted(*arguments: Any) -> Any:
        looked_at.append(1)
        return ask(*arguments)

    monkeypatch.setattr(croniter, "_get_next_nearest_diff", staticmethod(counted))
    days(expression, date(2072, 3, 1), 1)

    assert len(looked_at) <= 40


def test_croniter_is_asked_once_for_a_match(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[datetime] = []
    ask = croniter.get_next

    def counted(self: croniter, kind: Any, start_time: datetime) -> Any:
        asked.append(start_time)
        return ask(self, kind, start_time=start_time)

    monkeypatch.setattr(croniter, "get_next", counted)
    cron, instant = CronExpression("*/10 * * * mon-fri"), datetime(2026, 1, 2, tzinfo=UTC)
    for _ in range(200):
        due = cron.next(instant, UTC_ZONE)
        assert due is not None
        instant = due

    assert len(asked) <= 3
    assert days("*/10 * * * *", date(2026, 1, 1), 5) == [date(2026, 1, 2)] * 5
    assert len(asked) <= 3
