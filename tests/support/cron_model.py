"""A cron of the tests' own, slow and simple: it lives through every minute, and looks at the clock.

Written after the manual, cron(8) and crontab(5), and from nothing of the product: no calendar library,
no search, no offsets. Like the daemon it has a *virtual* time, up to which all jobs have been run: what
the clock shows beyond it is compared with that, minute after minute (or second after second, for
expressions with seconds).
"""

import calendar
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NAMES = {
    name: str(number)
    for names, lowest in (
        ("jan feb mar apr may jun jul aug sep oct nov dec", 1),
        ("sun mon tue wed thu fri sat", 0),
    )
    for number, name in enumerate(names.split(), lowest)
}
CORRECTION = timedelta(hours=3)


class Job:
    """What one line of a crontab wants."""

    def __init__(self, expression: str) -> None:
        parts = expression.lower().split()
        self.has_seconds = len(parts) == 6
        if not self.has_seconds:
            parts.insert(0, "0")
        second, minute, hour, self.day, month, self.weekday = parts
        self.tick = timedelta(seconds=1 if self.has_seconds else 60)
        self.is_wildcard = minute.startswith("*") or hour.startswith("*")
        self.both_days = self.day.startswith("*") or self.weekday.startswith("*")
        self.seconds = numbers(second, 0, 59)
        self.minutes = numbers(minute, 0, 59)
        self.hours = numbers(hour, 0, 23)
        self.months = numbers(month, 1, 12)
        self._is_day = lru_cache(maxsize=20_000)(self.is_day)

    def wants(self, wall: datetime) -> bool:
        """Whether it is to run when the clock shows this."""
        return (
            wall.minute in self.minutes
            and wall.hour in self.hours
            and wall.second in self.seconds
            and self._is_day(wall.date())
        )

    def is_day(self, day: date) -> bool:
        """Whether it runs on that day: either field says so; both, if one of them begins with `*`."""
        if day.month not in self.months:
            return False
        said = (
            any(day_says(item, day) for item in self.day.split(",")),
            any(weekday_says(item, day) for item in self.weekday.split(",")),
        )
        return all(said) if self.both_days else any(said)


def numbers(field: str, lowest: int, highest: int) -> set[int]:
    """The numbers that items such as `*`, `7`, `1-5`, `*/15`, `feb` and `10-20/5` stand for."""
    found: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        low, high = (lowest, highest) if span == "*" else (number(first), number(last or first))
        found.update(range(low, high + 1, int(step or 1)))
    return found


def number(text: str) -> int:
    return int(NAMES.get(text, text))


def day_says(item: str, day: date) -> bool:
    """`l`, `lw`, `15w`, or numbers."""
    last = calendar.monthrange(day.year, day.month)[1]
    if item == "l":
        return day.day == last
    if item.endswith("w"):
        wanted = 31 if item == "lw" else int(item[:-1])
        working = [each for each in range(1, last + 1) if day.replace(day=each).weekday() < 5]
        return day.day == min(working, key=lambda each: abs(each - wanted))
    return day.day in numbers(item, 1, 31)


def weekday_says(item: str, day: date) -> bool:
    """`5#3`, `5l`, or numbers; Sunday is 0 and 7."""
    mine = {day.isoweekday(), day.isoweekday() % 7}
    if "#" in item:
        weekday, which = item.split("#")
        return number(weekday) in mine and (day.day - 1) // 7 + 1 == int(which)
    if item.endswith("l"):
        return number(item[:-1]) in mine and (day + timedelta(days=7)).month != day.month
    return bool(mine & numbers(item, 0, 7))


@lru_cache(maxsize=64)
def ticks(
    zone: ZoneInfo, begin: datetime, end: datetime, tick: timedelta
) -> list[tuple[datetime, datetime]]:
    """Each tick after `begin`, up to `end`: the instant, and what the clock on the wall shows."""
    count = (end - begin) // tick
    instants = (begin + each * tick for each in range(count + 1))
    return [(each, each.astimezone(zone).replace(tzinfo=None)) for each in instants]


def runs(job: Job, zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Each instant after `begin`, up to `end`, at which the job is run by a cron that has run before."""
    first, *rest = ticks(zone, begin, end, job.tick)
    virtual = first[1]
    for instant, clock in rest:
        put_forwards = clock - virtual - job.tick
        if put_forwards == timedelta(0) or abs(put_forwards) > CORRECTION:
            virtual = clock
            if job.wants(clock):
                yield instant
        elif put_forwards > timedelta(0):
            missed = (clock - virtual) // job.tick
            shown = [clock - each * job.tick for each in range(missed)]
            virtual = clock
            if any(map(job.wants, shown[:1] if job.is_wildcard else shown)):
                yield instant
        elif job.is_wildcard and job.wants(clock):
            yield instant
