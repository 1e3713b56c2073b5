"""The due instants of a cron expression in a time zone, by the rules of cron(8) and crontab(5).

croniter finds the matching *wall-clock* times; what a change of the clock does to them is decided here:
a job whose minute or hour field begins with `*` follows the wall clock (twice in an overlap, not at all
in a gap); any other runs at the end of a gap, and once, at the first pass, in an overlap. Changes of
more than three hours are corrections: times that they leave out are skipped.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, CroniterError, croniter


class CronError(ValueError):
    """The expression is wrong; `field` names the one that is (None: the whole)."""

    def __init__(self, field: str | None, problem: str) -> None:
        self.field = field
        super().__init__(f"Bad {field}: {problem}" if field else problem)


class _Field(NamedTuple):
    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()
    special: str = r"(?!)"


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Final = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day-of-month", 1, 31, special=r"l"),
    _Field("month", 1, 12, _MONTHS),
    _Field("day-of-week", 0, 7, _DAYS, special=r"l[0-7]|[0-7]#[1-5]"),
)
ALIASES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
LONGEST: Final = 256
_ITEM = re.compile(r"(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:/([0-9]+))?", re.ASCII)
_CORRECTION = timedelta(hours=3)
_SECOND = timedelta(seconds=1)
_SCAN = timedelta(hours=12)
_SAMPLE = datetime(2023, 12, 31)  # noqa: DTZ001 - a wall-clock time


class CronExpression:
    """A checked expression of 5 fields, 6 with seconds first, or an `@` name.

    >>> CronExpression("0 3 * * *").next(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    datetime.datetime(2026, 1, 1, 3, 0, tzinfo=datetime.timezone.utc)
    """

    def __init__(self, text: str) -> None:
        self.text = text
        fields = _split(text)
        self.fields = tuple(
            _checked(field, part) for field, part in zip(_FIELDS, fields, strict=True)
        )
        self.is_wildcard = self.fields[1].startswith("*") or self.fields[2].startswith("*")
        if "#" in self.fields[5] and self.fields[3] != "*":
            raise CronError("day-of-week", "`#` can't stand beside a restricted day-of-month")
        try:
            self._next_wall(_SAMPLE)
        except CroniterBadDateError:
            raise CronError("day-of-month", "that date never comes") from None
        except (CroniterError, ValueError) as error:
            raise CronError(None, f"{text!r} is no cron expression: {error}") from None

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        """The first due instant later than `after` (both in UTC); None: there is none before 9999."""
        try:
            return (
                self._next_wildcard(after, zone)
                if self.is_wildcard
                else self._next_fixed(after, zone)
            )
        except (ValueError, OverflowError):  # the calendar ends with the year 9999
            return None

    def _next_wall(self, wall: datetime) -> datetime:
        found: datetime = croniter(
            " ".join(self.fields),
            wall,
            second_at_beginning=True,
            implement_cron_bug=True,
            max_years_between_matches=30,
        ).get_next(datetime)
        return found

    def _next_fixed(self, after: datetime, zone: ZoneInfo) -> datetime:
        wall = _wall(after, zone)
        if _offset(after - 2 * _CORRECTION, zone) != _offset(after, zone):
            wall -= 2 * _CORRECTION
        while True:
            wall = self._next_wall(wall)
            instant = _instant_of_fixed(wall, zone)
            if instant is not None and instant > after:
                return instant

    def _next_wildcard(self, after: datetime, zone: ZoneInfo) -> datetime:
        while True:
            offset = _offset(after, zone)
            found = (self._next_wall((after + offset).replace(tzinfo=None)) - offset).replace(
                tzinfo=UTC
            )
            change = _first_change(after, found, zone)
            if change is None:
                return found
            before = change - _SECOND
            if self._is_due_at(change, zone):
                return change
            after = max(change, before)

    def _is_due_at(self, instant: datetime, zone: ZoneInfo) -> bool:
        wall = _wall(instant, zone)
        return self._next_wall(wall - _SECOND) == wall


def _split(text: str) -> list[str]:
    if len(text) > LONGEST:
        raise CronError(None, f"a cron expression has at most {LONGEST} characters")
    if not text.isascii():
        raise CronError(None, "a cron expression is plain ASCII; retype its spaces and signs")
    if text.strip().startswith("@"):
        alias = ALIASES.get(text.strip().lower())
        if alias is None:
            raise CronError(None, f"{text.strip()!r} is none of {', '.join(ALIASES)}")
        text = alias
    fields = text.lower().split()
    if len(fields) == 5:
        return ["0", *fields]
    if len(fields) != 6:
        raise CronError(
            None, f"a cron expression has 5 fields, or 6 with seconds first; this has {len(fields)}"
        )
    return fields


def _checked(field: _Field, text: str) -> str:
    return ",".join(_checked_item(field, item) for item in text.split(","))


def _checked_item(field: _Field, item: str) -> str:
    if re.fullmatch(field.special, item):
        return item
    found = _ITEM.fullmatch(item)
    if found is None:
        raise CronError(field.name, f"`{item:.40}` is not understood")
    first, last, step = found.groups()
    if step is not None and not 1 <= _number(field, step, any_size=True) <= field.highest + 1:
        raise CronError(field.name, f"the step of `{item}` is not in 1–{field.highest + 1}")
    if first == "*":
        if last is not None:
            raise CronError(field.name, f"`{item}` is not understood")
        return item
    low = _number(field, first)
    if last is None:
        if step is not None:
            raise CronError(
                field.name, f"`{item}` has a step without a range; write {low}-…/{step}"
            )
        return str(low)
    high = _number(field, last)
    if high < low:
        raise CronError(field.name, f"the range `{item}` is reversed")
    if low == high:  # croniter would take `5-5` for the whole field
        return str(low)
    return f"{low}-{high}" + (f"/{step}" if step else "")


def _number(field: _Field, text: str, *, any_size: bool = False) -> int:
    if text in field.names:
        return field.names.index(text) + field.lowest
    if not text.isdigit() or len(text) > 4:
        raise CronError(field.name, f"`{text:.40}` is not in {field.lowest}–{field.highest}")
    number = int(text)
    if not any_size and not field.lowest <= number <= field.highest:
        raise CronError(field.name, f"`{text}` is not in {field.lowest}–{field.highest}")
    return number


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _instant_of_fixed(wall: datetime, zone: ZoneInfo) -> datetime | None:
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall(instant, zone) == wall:
        return instant
    change = _first_change(instant - 48 * timedelta(hours=1), instant + _SCAN * 4, zone)
    if change is None:
        return None
    jump = _offset(change, zone) - _offset(change - _SECOND, zone)
    return change if jump <= _CORRECTION else None


def _first_change(after: datetime, until: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant in (after, until] at which the zone's offset is another than just before."""
    offset = _offset(after, zone)
    low = after
    while low < until:
        high = min(low + _SCAN, until)
        if _offset(high, zone) != offset:
            break
        low = high
    else:
        return None
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle <= low:
            break
        if _offset(middle, zone) == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
