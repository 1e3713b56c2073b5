"""Random cases for cron expressions: a time zone, a change of its clock, a line, and when one asks.

Most of the fields that are made up match close to the change, so that it matters.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo, available_timezones

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=each) for each in (1, 60, 3_600, 86_400))
FIRST_YEAR, LAST_YEAR = 1972, 2037
"""From when on all clocks are ahead of UTC by whole minutes; till when all rules are listed."""
FAMOUS = [
    ("Australia/Lord_Howe", 2026),  # half an hour of daylight saving
    ("Asia/Beirut", 2026),  # a gap at midnight
    ("America/Havana", 2026),  # the same, and an overlap at one
    ("Pacific/Apia", 2011),  # a day left out
    ("Pacific/Kwajalein", 1993),  # the same
    ("Antarctica/Vostok", 1994),  # seven hours back
    ("Antarctica/Casey", 2010),  # three hours back
    ("Antarctica/Troll", 2026),  # two hours of daylight saving
    ("America/Caracas", 2016),  # half an hour forwards, for good
    ("Asia/Pyongyang", 2018),  # the same
    ("Asia/Kathmandu", 1985),  # a quarter of an hour, for good
    ("Europe/Moscow", 2011),  # an hour forwards, for good
    ("Europe/Istanbul", 2016),  # daylight saving that stayed
    ("Africa/Casablanca", 2026),  # an hour back for Ramadan
    ("Europe/Dublin", 2026),  # daylight saving that is negative in winter
    ("America/Scoresbysund", 2024),  # another zone, on the day of daylight saving
]


@dataclass(frozen=True)
class Change:
    """The clock of a zone is put forwards, or back."""

    zone: str
    at: datetime
    jump: timedelta


@dataclass(frozen=True)
class Case:
    """What is asked, and how far one looks."""

    change: Change
    expression: str
    after: datetime
    begin: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.expression!r} in {self.change.zone} after {self.after.isoformat()}"


@lru_cache(maxsize=1_024)
def changes(zone: str, year: int) -> tuple[Change, ...]:
    """The changes of a year, by looking at the clock each day, and then each second."""
    place, found = ZoneInfo(zone), []
    day = datetime(year, 1, 1, tzinfo=UTC)
    while day.year == year:
        before, after = ahead(place, day), ahead(place, day + DAY)
        if before != after:
            low, high = day, day + DAY
            while high - low > SECOND:
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if ahead(place, middle) == before else (low, middle)
            found.append(Change(zone, high, after - before))
        day += DAY
    return tuple(found)


def ahead(zone: ZoneInfo, instant: datetime) -> timedelta:
    """How much the clock is ahead of UTC."""
    return instant.astimezone(zone).utcoffset() or timedelta(0)


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """All of the world's, by the names of their places."""
    return sorted(
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/"))
    )


def random_change(random: Random) -> Change:
    """One in four is famous."""
    while True:
        if random.random() < 0.25:
            found = changes(*random.choice(FAMOUS))
        else:
            year = random.randint(FIRST_YEAR, LAST_YEAR)
            found = changes(random.choice(zones()), year)
        if found:
            return random.choice(found)


def random_case(random: Random, change: Change, *, with_seconds: bool = False) -> Case:
    """What is due from before the change until all is as ever."""
    around = DAY + abs(change.jump)
    begin, end = change.at - 2 * DAY, change.at + around
    if with_seconds:
        begin, end = change.at - 2 * HOUR, change.at + min(around, abs(change.jump) + 2 * HOUR)
    expression = random_expression(random, change)
    if with_seconds:
        expression = f"{random_field(random, 0, 59)} {expression}"
    after = change.at + random_distance(random, change)
    return Case(change, expression, max(after, begin), begin, end)


def random_distance(random: Random, change: Change) -> timedelta:
    """From the change to the instant that one asks for, also within an overlap's second pass."""
    near = [timedelta(0), SECOND, MINUTE, change.jump, change.jump / 2, HOUR / 2, HOUR]
    if random.random() < 0.5:
        return random.choice([1, -1]) * random.choice(near)
    return random.randint(-30 * 3_600, 6 * 3_600) * SECOND


def random_expression(random: Random, change: Change) -> str:
    """Five fields that tend to match near the change."""
    clock = change.at.astimezone(ZoneInfo(change.zone))
    near = sorted({(clock.hour + random.randint(-3, 2)) % 24 for _ in range(2)})
    hour = random.choice(["*", ",".join(map(str, near)), random_field(random, 0, 23)])
    day, weekday = "*", "*"
    if random.random() < 0.3:
        day = random.choice([str(clock.day), "l", random_field(random, 1, 28)])
    if random.random() < 0.3:
        weekday = random_field(random, 0, 6)
    month = random.choice(["*", "*", str(clock.month), f"*/{random.randint(1, 3)}"])
    return f"{random_field(random, 0, 59)} {hour} {day} {month} {weekday}"


def random_field(random: Random, lowest: int, highest: int) -> str:
    """Stars, lists, ranges, steps."""
    span = highest - lowest + 1
    if random.random() < 0.35:
        return random.choice(["*", f"*/{random.randint(1, span)}"])
    items = []
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        first = random.randint(lowest, highest)
        last = random.randint(first, highest)
        step = random.randint(1, span)
        items.append(random.choice([str(first), f"{first}-{last}", f"{first}-{last}/{step}"]))
    return ",".join(items)
