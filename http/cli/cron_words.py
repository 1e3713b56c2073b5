"""A cron expression in plain English, for those who read it. Pure; for expressions that were checked."""

from collections.abc import Sequence
from typing import Final

from quarterjack.actors.policies.cron import ALIASES

_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MOST_TIMES: Final = 6


def in_words(expression: str) -> str:
    """What the expression says.

    >>> in_words("25 6 * * *"), in_words("*/10 * * * *"), in_words("@hourly")
    ('at 06:25 every day', 'every 10 minutes', 'at minute 0 of every hour')
    >>> in_words("0 0,12 1 jan mon")
    'at 00:00 and 12:00 on day 1 of the month and on every Monday, in January'
    """
    text = ALIASES.get(expression.strip().lower(), expression).lower()
    *seconds, minute, hour, day, month, weekday = text.split()
    found = _time(minute, hour)
    if seconds and seconds[0] != "0":
        found = f"{_part('second', seconds[0])}, {found}"
    found += _day(day, weekday, has_hour=_plain(hour.split(",")))
    return found if month == "*" else f"{found}, in {_named(month, _MONTHS, 1)}"


def _time(minute: str, hour: str) -> str:
    hours, minutes = hour.split(","), minute.split(",")
    if _plain(hours) and _plain(minutes) and len(hours) * len(minutes) <= _MOST_TIMES:
        times = [f"{int(h):02}:{int(m):02}" for h in hours for m in minutes]
        return f"at {_listed(times)}"
    if hour == "*":
        return _part("minute", minute) + ("" if minute.startswith("*") else " of every hour")
    return f"{_part('minute', minute)} of {_part('hour', hour).removeprefix('at ')}"


def _part(unit: str, field: str) -> str:
    """One field: `at minute 5`, `every 10 minutes from 5 to 55`.

    >>> _part("minute", "5-55/10"), _part("hour", "*/2"), _part("hour", "7-23"), _part("minute", "9,39")
    ('every 10 minutes from 5 to 55', 'every 2 hours', 'every hour from 7 to 23', 'at minutes 9 and 39')
    """
    items = field.split(",")
    if _plain(items):
        return f"at {unit}{'s' * (len(items) > 1)} {_listed([str(int(item)) for item in items])}"
    if len(items) > 1:
        return f"at {unit}s {_listed(items)}"
    span, _, step = field.partition("/")
    every = f"every {unit}" if step in ("", "1") else f"every {step} {unit}s"
    first, _, last = span.partition("-")
    return every if span == "*" else f"{every} from {first} to {last}"


def _day(day: str, weekday: str, *, has_hour: bool) -> str:
    by_day = "" if day == "*" else f" on {_of_month(day)}"
    by_weekday = "" if weekday == "*" else f" on {_named(weekday, _DAYS, 0)}"
    if by_day and by_weekday:
        either = not day.startswith("*") and not weekday.startswith("*")
        every = by_weekday.replace(" on ", " on every ", 1) if either else by_weekday
        return f"{by_day} and{every}" if either else f"{by_day}, if it is{by_weekday}"
    return by_day or by_weekday or (" every day" if has_hour else "")


def _of_month(day: str) -> str:
    if day == "l":
        return "the last day of the month"
    items = day.split(",")
    if _plain(items):
        return f"day{'s' * (len(items) > 1)} {_listed([str(int(item)) for item in items])} of the month"
    return f"days {day} of the month"


def _named(field: str, names: Sequence[str], first: int) -> str:
    """Names for the numbers of a field; what is no number or name stays as it is.

    >>> _named("mon-fri", _DAYS, 0), _named("0,6", _DAYS, 0), _named("l5", _DAYS, 0)
    ('Monday to Friday', 'Sunday and Saturday', 'l5')
    """

    def name(item: str) -> str:
        if item.isdecimal():
            return names[(int(item) - first) % len(names)]
        return next((each for each in names if each[:3].lower() == item), item)

    return _listed([" to ".join(map(name, item.split("-"))) for item in field.split(",")])


def _plain(items: Sequence[str]) -> bool:
    return all(item.isdecimal() for item in items)


def _listed(items: Sequence[str]) -> str:
    """As a sentence lists things.

    >>> _listed(["a", "b", "c"])
    'a, b and c'
    """
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last
