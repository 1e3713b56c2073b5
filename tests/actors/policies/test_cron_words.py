"""What an expression means, in plain English: nothing left out, nothing made up."""

from datetime import date, timedelta
from functools import cache
from random import Random

import pytest
from cron_cases import random_field
from cron_model import Job

from quarterjack.actors.policies.cron import CronExpression
from quarterjack.actors.policies.cron_fields import CronError
from quarterjack.actors.policies.cron_words import describe


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("* * * * *", "Every minute"),
        ("* * * * * *", "Every second"),
        ("*/10 * * * * *", "Every 10 seconds"),
        ("30 * * * * *", "At second 30 of every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("0,30 * * * *", "Every 30 minutes"),
        ("*/45 * * * *", "At minutes 0 and 45 of every hour"),
        ("7-59/15 * * * *", "At minutes 7, 22, 37 and 52 of every hour"),
        ("10-20 * * * *", "At minutes 10 to 20 of every hour"),
        ("1-59/2 * * * *", "At every 2nd of the minutes 1 to 59 of every hour"),
        ("5-5 * * * *", "At minute 5 of every hour"),
        ("0 3 * * *", "At 03:00 every day"),
        ("30 0 3 * * *", "At 03:00:30 every day"),
        ("0 */7 * * *", "At 00:00, 07:00, 14:00 and 21:00 every day"),
        ("0 */2 * * *", "At minute 0 of every 2nd of the hours 0 to 22"),
        (
            "*/15 9-17 * * 1-5",
            "Every 15 minutes from 09:00 to 17:59, on Monday to Friday",
        ),
        ("* 9-12,14 * * *", "Every minute from 09:00 to 12:59 and 14:00 to 14:59"),
        (
            "*/5 */15 2,3 * * *",
            "Every 5 seconds of minutes 0, 15, 30 and 45 of hours 2 and 3",
        ),
        ("0 9 * * mon,wed,fri", "At 09:00, on Monday, Wednesday and Friday"),
        ("0 9 * * 6,7", "At 09:00, on Saturday and Sunday"),
        ("30 2 1,15 * *", "At 02:30, on days 1 and 15 of the month"),
        ("0 0 L * *", "At 00:00, on the last day of the month"),
        ("0 0 15,L * *", "At 00:00, on day 15 and the last day of the month"),
        ("0 0 LW * *", "At 00:00, on the last weekday (Monday to Friday) of the month"),
        (
            "0 0 15W * *",
            "At 00:00, on the weekday (Monday to Friday) nearest to day 15 of the month",
        ),
        ("0 0 * * 5L", "At 00:00, on the last Friday of the month"),
        (
            "0 0 * * 5#1,mon#3",
            "At 00:00, on the first Friday and the third Monday of the month",
        ),
        ("0 0 13 * 5", "At 00:00, on day 13 of the month, and also on every Friday"),
        ("0 0 1-7 * */7", "At 00:00, on days 1 to 7 of the month, if that is a Sunday"),
        ("0 0 1-31 * 5", "At 00:00 every day"),
        ("0 0 1 1 *", "At 00:00, on January 1"),
        ("0 0 29 2 *", "At 00:00, on February 29 (in leap years)"),
        ("0 0 * jan-mar,dec *", "At 00:00 every day, in January to March and December"),
        ("* * * 2 *", "Every minute, in February"),
        ("0 0 1 */6 *", "At 00:00, on day 1 of the month, in January and July"),
        ("@hourly", "At minute 0 of every hour"),
    ],
)
def test_an_expression_is_told_in_plain_english(expression: str, words: str) -> None:
    assert describe(CronExpression(expression)) == words


@cache
def matching_days(fields: str) -> tuple[date, ...]:
    """Of four years."""
    job, first = Job(f"0 0 {fields}"), date(2027, 1, 1)
    days = (first + timedelta(days=each) for each in range(4 * 365 + 1))
    return tuple(filter(job.is_day, days))


def meaning(text: str, cron: CronExpression) -> object:
    """The times of a day, and the days."""
    return [field.values for field in cron.fields[:3]], matching_days(" ".join(text.split()[3:]))


def test_two_expressions_that_are_told_alike_mean_the_same() -> None:
    random, alike = Random(1), 0
    told: dict[str, object] = {}
    for _ in range(4_000):
        second = random.choice(["0", "0", "30", "*/20", "*"])
        minute, hour = random.choice(["0", "*/15", "*"]), random_field(random, 0, 23)
        day = random.choice(["*", "1", "*/2", "1-31", "15w", "lw", "l", "15,l", "1-31/2"])
        month, weekday = random.choice(["*", "2", "1,2"]), random.choice(["*", "5", "*/6", "0-7"])
        text = f"{second} {minute} {hour} {day} {month} {weekday}"
        try:
            cron = CronExpression(text)
        except CronError:
            continue
        words, means = describe(cron), meaning(text, cron)
        alike += words in told
        assert told.setdefault(words, means) == means, (words, text)
    assert alike > 100
