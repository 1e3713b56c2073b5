"""Expressions in plain English."""

import pytest

from quarterjack.http.cli.cron_words import in_words


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/5 * * * *", "every 5 minutes"),
        ("5-55/10 * * * *", "every 10 minutes from 5 to 55 of every hour"),
        ("17 * * * *", "at minute 17 of every hour"),
        ("09,39 * * * *", "at minutes 9 and 39 of every hour"),
        ("1-5,30 * * * *", "at minutes 1-5 and 30 of every hour"),
        ("25 6 * * *", "at 06:25 every day"),
        ("0 0,12 * * *", "at 00:00 and 12:00 every day"),
        ("30 7-23 * * *", "at minute 30 of every hour from 7 to 23"),
        ("0 */12 * * *", "at minute 0 of every 12 hours"),
        ("47 6 * * 7", "at 06:47 on Sunday"),
        ("0 0 * * MON-FRI", "at 00:00 on Monday to Friday"),
        ("52 6 1 * *", "at 06:52 on day 1 of the month"),
        ("0 0 1,15 * *", "at 00:00 on days 1 and 15 of the month"),
        ("0 0 1-7 * *", "at 00:00 on days 1-7 of the month"),
        ("0 0 l * *", "at 00:00 on the last day of the month"),
        ("0 0 13 * 5", "at 00:00 on day 13 of the month and on every Friday"),
        ("0 0 */2 * 1", "at 00:00 on days */2 of the month, if it is on Monday"),
        ("0 0 29 2 *", "at 00:00 on day 29 of the month, in February"),
        ("0 0 1 jan,jul *", "at 00:00 on day 1 of the month, in January and July"),
        ("30 0 3 * * *", "at second 30, at 03:00 every day"),
        ("0 0 3 * * *", "at 03:00 every day"),
        ("@weekly", "at 00:00 on Sunday"),
        ("@Hourly", "at minute 0 of every hour"),
    ],
)
def test_what_an_expression_says(expression: str, words: str) -> None:
    assert in_words(expression) == words
