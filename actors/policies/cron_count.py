"""How many instants of cron lines are due in a stretch of time: exactly, without looking at each. Pure.

Between two changes of the clock, due is what the clock shows: on each day that a line matches, always the
same seconds of the day. They are kept as a number of 86,400 bits, so lines are united by `|`, and an
instant that several lines have counts once. Right after a change, fixed jobs are asked for one by one.
What a clock shows is written as if it were in UTC.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from .clock_changes import Change, first_change, offset_at
from .cron import CronExpression

_UTC: Final = ZoneInfo("UTC")
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_SECONDS_OF_DAY: Final = 86_400
_LONGEST_CHANGE: Final = timedelta(days=2)
"""No clock was ever put back by so much."""


def count(lines: Sequence[CronExpression], zone: ZoneInfo, after: datetime, until: datetime) -> int:
    """How many instants later than `after`, and not later than `until`, at least one line has."""
    return _Counting(lines, zone).between(_next_second(after), _next_second(until))


class _Line:
    """A line as a clock without changes sees it."""

    def __init__(self, line: CronExpression) -> None:
        self.line = line

    @cached_property
    def seconds(self) -> int:
        """The seconds of a day on which it matches: bit 0 is midnight."""
        seconds, minutes, hours = (field.values for field in self.line.fields[:3])
        minute = sum(1 << second for second in seconds)
        hour = sum(minute << 60 * each for each in minutes)
        return sum(hour << 3_600 * each for each in hours)

    def day_from(self, day: date) -> date:
        """The first day that it matches, `day` itself included; the last of all: there is none."""
        found = self.line.next(_midnight(day) - _SECOND, _UTC)
        return date.max if found is None else found.date()

    def shown(self, begin: datetime, seconds: int) -> int:
        """The matches on a clock from `begin` on, for so many seconds: bit 0 is `begin`."""
        found, end = 0, begin + seconds * _SECOND
        day = self.day_from(begin.date())
        while day < date.max and (midnight := _midnight(day)) < end:
            passed = _seconds(midnight - begin)
            found |= self.seconds << passed if passed >= 0 else self.seconds >> -passed
            day = self.day_from(day + _DAY)
        return found & _ones(seconds)


class _Counting:
    """One count of lines in a time zone; bounds are whole seconds, the end is not included."""

    def __init__(self, lines: Sequence[CronExpression], zone: ZoneInfo) -> None:
        self._lines = [_Line(line) for line in lines]
        self._zone = zone
        self._unions: dict[tuple[int, ...], int] = {}

    def between(self, begin: datetime, end: datetime) -> int:
        """The instants in a stretch, whatever the clock does in it."""
        total, at = 0, begin
        for change in self._changes(begin - _LONGEST_CHANGE, end):
            settled = change.at + max(-change.jump, timedelta(0)) + _SECOND
            if at < (until := min(change.at, end)):
                total += self._on_clock(at + change.before, until + change.before)
            if (since := max(at, change.at)) < (until := min(settled, end)):
                total += self._after(change, since, until)
            at = max(at, settled)
        if at < end:
            offset = offset_at(self._zone, at)
            total += self._on_clock(at + offset, end + offset)
        return total

    def _changes(self, after: datetime, until: datetime) -> Iterator[Change]:
        while (change := first_change(self._zone, after, until)) is not None:
            yield change
            after = change.at

    def _after(self, change: Change, begin: datetime, end: datetime) -> int:
        """The instants right after a change, where only wildcards follow the clock."""
        found = 0
        for line in self._lines:
            if line.line.is_wildcard:
                found |= line.shown(begin + change.after, _seconds(end - begin))
                continue
            due = line.line.next(begin - _SECOND, self._zone)
            while due is not None and due < end:
                found |= 1 << _seconds(due - begin)
                due = line.line.next(due, self._zone)
        return found.bit_count()

    def _on_clock(self, begin: datetime, end: datetime) -> int:
        """The matches on a clock that is not changed, day by day."""
        total, last = 0, (end - _SECOND).date()
        days = [line.day_from(begin.date()) for line in self._lines]
        while (day := min(days)) <= last and day < date.max:
            matching = tuple(index for index, each in enumerate(days) if each == day)
            total += self._on_day(matching, _midnight(day), begin, end)
            for index in matching:
                days[index] = self._lines[index].day_from(day + _DAY)
        return total

    def _on_day(
        self, matching: tuple[int, ...], midnight: datetime, begin: datetime, end: datetime
    ) -> int:
        first = max(0, _seconds(begin - midnight))
        past = min(_SECONDS_OF_DAY, _seconds(end - midnight))
        if past - first == _SECONDS_OF_DAY:
            return self._union(matching).bit_count()
        return (self._union(matching) >> first & _ones(past - first)).bit_count()

    def _union(self, matching: tuple[int, ...]) -> int:
        found = self._unions.get(matching)
        if found is None:
            found = 0
            for index in matching:
                found |= self._lines[index].seconds
            self._unions[matching] = found
        return found


def _midnight(day: date) -> datetime:
    """As a clock without a zone shows it."""
    return datetime.combine(day, time(), UTC)


def _next_second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0) + _SECOND


def _seconds(span: timedelta) -> int:
    return span // _SECOND


def _ones(bits: int) -> int:
    return (1 << bits) - 1
