"""The due instants of a cron expression in a time zone, by the rules of cron(8) and crontab(5).

`cron_grammar` reads the expression, `cron_days` finds the days, and what a change of the clock does is
decided here: a job whose minute or hour field begins with `*` is a *wildcard* and follows the wall clock
(twice in an overlap, not at all in a gap); any other is *fixed* and runs once, at the end of the gap that
left its time out, and at the first pass of an overlap. Changes of more than three hours are corrections:
the new time is used at once, by every job. Pure, and safe from any thread.
"""

from bisect import bisect_left
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from .clock_changes import Change, first_change, last_change, offset_at
from .cron_days import CronDays
from .cron_fields import CronError, CronField
from .cron_grammar import parse

__all__ = ["CronError", "CronExpression", "cron_expression"]

_CORRECTION: Final = timedelta(hours=3)
"""A larger change of the clock is one."""
_NEAR: Final = timedelta(days=2)
"""Farther than any clock was ever put forwards or back (a day)."""
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_EARLIEST: Final = datetime(1, 1, 8, tzinfo=UTC)
"""So that there is a calendar before it to look at."""


class CronExpression:
    """A checked expression of 5 fields, 6 with seconds first, or an `@` name.

    `seed` decides what `H` stands for: a schedule's id. Raises `CronError`.

    >>> CronExpression("0 3 * * *").next(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    datetime.datetime(2026, 1, 1, 3, 0, tzinfo=datetime.timezone.utc)
    """

    def __init__(self, text: str, seed: str = "") -> None:
        self.text = text
        self.fields: tuple[CronField, ...] = parse(text, seed)
        second, minute, hour, *days = self.fields
        self.is_wildcard = minute.is_starred or hour.is_starred
        self.is_hashed = any(field.is_hashed for field in self.fields)
        self._seconds = second.values
        self._minutes = minute.values
        self._hours = hour.values
        self._earliest = time(hour.values[0], minute.values[0], second.values[0])
        self._days = CronDays(*days)

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        """The first due instant later than `after` (both in UTC); None: there is none before 10000."""
        try:
            return self._next(max(after, _EARLIEST), zone)
        except OverflowError:
            return None

    def _next(self, after: datetime, zone: ZoneInfo) -> datetime:
        at, offset = after, offset_at(zone, after)
        shown = (after + offset).replace(tzinfo=None)
        change = last_change(zone, after - _NEAR, after)
        if change is not None:
            shown = max(shown, self._begins(change) - _SECOND)
        wall = self._next_wall(shown)
        while True:
            due = (wall - offset).replace(tzinfo=UTC)
            change = first_change(zone, at, min(due, at + _NEAR))
            if change is not None:
                at, offset = change.at, change.after
                wall = self._next_wall(self._begins(change) - _SECOND)
            elif due - at <= _NEAR:
                return max(due, at)  # a time that a gap has left out is due at its end
            else:  # no clock shows a match until shortly before
                at = max(at + _NEAR, due - _NEAR)
                offset = offset_at(zone, at)

    def _begins(self, change: Change) -> datetime:
        """The first time on the clock that counts after a change.

        For a fixed job it is the one that was to come: times that a gap leaves out are not lost, and
        those that an overlap shows again are not new.
        """
        follows = self.is_wildcard or abs(change.jump) > _CORRECTION
        return (change.at + (change.after if follows else change.before)).replace(tzinfo=None)

    def _next_wall(self, shown: datetime) -> datetime:
        """The first match on a clock, later than what it shows."""
        moment = shown.replace(microsecond=0) + _SECOND
        day = self._days.first(moment.date())
        if day == moment.date():
            found = self._time_from(moment.time())
            if found is not None:
                return datetime.combine(day, found)
            day = self._days.first(day + _DAY)
        return datetime.combine(day, self._earliest)

    def _time_from(self, moment: time) -> time | None:
        """The first match of a day that is not earlier than the moment."""
        hours, minutes, seconds = self._hours, self._minutes, self._seconds
        hour = bisect_left(hours, moment.hour)
        if hour == len(hours):
            return None
        if hours[hour] > moment.hour:
            return time(hours[hour], minutes[0], seconds[0])
        minute = bisect_left(minutes, moment.minute)
        if minute < len(minutes) and minutes[minute] == moment.minute:
            second = bisect_left(seconds, moment.second)
            if second < len(seconds):
                return time(moment.hour, moment.minute, seconds[second])
            minute += 1
        if minute < len(minutes):
            return time(moment.hour, minutes[minute], seconds[0])
        if hour + 1 < len(hours):
            return time(hours[hour + 1], minutes[0], seconds[0])
        return None


def cron_expression(text: str, seed: str = "") -> CronExpression:
    """The expression, parsed once for all that ask for it. Raises `CronError`."""
    return _cached(text, seed if "h" in text.lower() else "")


@lru_cache(maxsize=4_096)
def _cached(text: str, seed: str) -> CronExpression:
    return CronExpression(text, seed)
