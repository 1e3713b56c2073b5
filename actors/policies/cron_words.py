"""A cron expression in plain English: what its fields stand for, not how they are written. Pure.

>>> describe(CronExpression("*/15 9-17 * * mon-fri"))
'Every 15 minutes from 09:00 to 17:59, on Monday to Friday'
"""

from collections.abc import Sequence
from itertools import product
from typing import Final

from .cron import CronExpression
from .cron_fields import CronField

_MOST_TIMES: Final = 4
"""Of a day that are named one by one."""
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth")
_WORKING: Final = "weekday (Monday to Friday)"


def describe(expression: CronExpression) -> str:
    """When the fields of an expression match."""
    second, minute, hour, day, month, weekday = expression.fields
    times = _times(second.values, minute.values, hour.values)
    clock = times or _clock(second.values, minute.values, hour.values)
    days = _days(day, month, weekday)
    if times and not days:
        clock += " every day"
    months = "" if _is_date(day, month, weekday) else _months(month.values)
    text = ", ".join(part for part in (clock, days, months) if part)
    return text[0].upper() + text[1:]


# The time of day


def _times(seconds: Sequence[int], minutes: Sequence[int], hours: Sequence[int]) -> str:
    """All of them, if they are few."""
    if len(seconds) * len(minutes) * len(hours) > _MOST_TIMES:
        return ""
    shown = [
        f"{hour:02}:{minute:02}" + ("" if tuple(seconds) == (0,) else f":{second:02}")
        for hour, minute, second in product(hours, minutes, seconds)
    ]
    return f"at {_and(shown)}"


def _clock(seconds: Sequence[int], minutes: Sequence[int], hours: Sequence[int]) -> str:
    every_hour = len(hours) == 24
    if tuple(seconds) == (0,):
        rhythm = _rhythm("minute", minutes, 60)
        if rhythm:
            return rhythm + _spans(hours)
        return f"at {_set('minute', minutes, 60)} of {_set('hour', hours, 24)}"
    rhythm = _rhythm("second", seconds, 60)
    first = rhythm or f"at {_set('second', seconds, 60)}"
    if len(minutes) < 60:
        return f"{first} of {_set('minute', minutes, 60)} of {_set('hour', hours, 24)}"
    if every_hour and rhythm:
        return first
    return first + ("" if rhythm else " of every minute") + _spans(hours)


def _rhythm(unit: str, values: Sequence[int], count: int) -> str:
    """`every 15 minutes`, if that is what it is in each hour and from one to the next."""
    if len(values) == count:
        return f"every {unit}"
    if len(values) < 2 or count % len(values) or values[0] != 0:
        return ""
    step = count // len(values)
    return f"every {step} {unit}s" if tuple(values) == tuple(range(0, count, step)) else ""


def _spans(hours: Sequence[int]) -> str:
    if len(hours) == 24:
        return ""
    return " from " + _and([f"{first:02}:00 to {last:02}:59" for first, last in _runs(hours)])


# Days and months


def _days(day: CronField, month: CronField, weekday: CronField) -> str:
    """On which days; nothing if on all."""
    if _is_date(day, month, weekday):
        leap = " (in leap years)" if (month.values, day.values) == ((2,), (29,)) else ""
        return f"on {_MONTHS[month.values[0] - 1]} {day.values[0]}{leap}"
    both = day.is_starred or weekday.is_starred
    all_days, all_weekdays = len(day.values) == 31, len(weekday.values) == 7
    if not both and (all_days or all_weekdays):
        return ""
    numbers = "" if all_days else f"on {_numbers(day)}"
    names = "" if all_weekdays else f"on {_weekdays(weekday)}"
    if not (numbers and names):
        return numbers or names
    if both:
        return f"{numbers}, if that is a {_or([_WEEKDAYS[each] for each in weekday.values])}"
    return f"{numbers}, and also {names.replace('on ', 'on every ', 1)}"


def _is_date(day: CronField, month: CronField, weekday: CronField) -> bool:
    """Whether it is a date, such as 1 January."""
    plain = not day.is_special and not day.last and weekday.is_any
    return plain and len(month.values) == 1 and len(day.values) == 1


def _numbers(day: CronField) -> str:
    if day.nearest == 31:
        return f"the last {_WORKING} of the month"
    if day.nearest is not None:
        return f"the {_WORKING} nearest to day {day.nearest} of the month"
    parts = [_set("day", day.values, 31)] if day.values else []
    parts += ["the last day"] if day.last else []
    return f"{_and(parts)} of the month"


def _weekdays(weekday: CronField) -> str:
    special = [f"the {_ORDINALS[n - 1]} {_WEEKDAYS[each]}" for each, n in weekday.nth]
    special += [f"the last {_WEEKDAYS[each]}" for each in weekday.last_of]
    if special:
        return f"{_and(special)} of the month"
    from_monday = sorted(weekday.values, key=lambda each: (each - 1) % 7)
    return _and(_names([(each - 1) % 7 + 1 for each in from_monday], (*_WEEKDAYS, "Sunday")))


def _months(values: Sequence[int]) -> str:
    if len(values) == 12:
        return ""
    return "in " + _and(_names(values, ("", *_MONTHS)))


# Numbers and lists


def _set(unit: str, values: Sequence[int], count: int) -> str:
    """`minute 7`, `minutes 7 and 22`, `every 2nd of the minutes 1 to 59`, `every minute`."""
    if len(values) == count:
        return f"every {unit}"
    if len(values) == 1:
        return f"{unit} {values[0]}"
    step = values[1] - values[0]
    even = tuple(values) == tuple(range(values[0], values[-1] + 1, step))
    if even and step > 1 and len(values) > _MOST_TIMES:
        return f"every {_nth(step)} of the {unit}s {values[0]} to {values[-1]}"
    return f"{unit}s {_and(_names(values, range(count + 1)))}"


def _names(values: Sequence[int], names: Sequence[object]) -> list[str]:
    """Three and more in a row are `a to c`."""
    shown: list[str] = []
    for first, last in _runs(values):
        if last - first > 1:
            shown.append(f"{names[first]} to {names[last]}")
        else:
            shown += [str(names[each]) for each in range(first, last + 1)]
    return shown


def _runs(values: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of values that follow one another."""
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return runs


def _nth(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number in (11, 12, 13) else ending}"


def _and(items: Sequence[str]) -> str:
    return _joined(items, "and")


def _or(items: Sequence[str]) -> str:
    return _joined(items, "or")


def _joined(items: Sequence[str], word: str) -> str:
    *most, last = items
    return f"{', '.join(most)} {word} {last}" if most else last
