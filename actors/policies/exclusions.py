"""The days on which a schedule does not fire: dates, ranges of dates, named calendars. Pure."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from operator import itemgetter

from quarterjack.storage import CalendarDays
from quarterjack.storage.calendar_names import calendar_of

_DATES = re.compile(r"(\d{4}-\d{2}-\d{2})(?:/(\d{4}-\d{2}-\d{2}))?")
_CALENDAR = "calendar:"
_DAY = timedelta(days=1)
_first = itemgetter(0)


class ExclusionError(ValueError):
    """An entry of `exclude` is no date, range of dates or calendar."""


class Exclusions:
    """`entries` are those of a schedule; `calendars` those that they name, as far as they exist.

    Raises `ExclusionError` for an entry that is not understood.
    """

    def __init__(
        self, entries: Sequence[str], calendars: Mapping[str, CalendarDays] | None = None
    ) -> None:
        self._entries: list[tuple[str, CalendarDays]] = []
        for entry in entries:
            name = calendar_of(entry)
            if name is not None:
                days = (calendars or {}).get(name, ())
            elif entry.startswith(_CALENDAR):
                raise ExclusionError(
                    f"{entry!r:.60} names no calendar; a name has 1 to 100 letters, digits, '_', '.' "
                    "or '-'"
                )
            else:
                days = (range_of(entry),)
            self._entries.append((entry, days))

    def __bool__(self) -> bool:
        return any(days for _, days in self._entries)

    def entry_for(self, day: date) -> str | None:
        """The entry that excludes a day, as it was given; None: it is not excluded."""
        covering = (entry for entry, days in self._entries if _end(days, day) is not None)
        return next(covering, None)

    def end_after(self, day: date) -> date:
        """The last day of the row of excluded days that an excluded day is in."""
        while True:
            ends = [_end(days, day) for _, days in self._entries]
            last = max((end for end in ends if end is not None), default=None)
            if last is None:
                return day - _DAY
            if last == date.max:
                return last
            day = last + _DAY


def range_of(entry: str) -> tuple[date, date]:
    """The first and the last day of a date or a range of dates. Raises `ExclusionError`.

    >>> range_of("2026-12-24/2027-01-01")
    (datetime.date(2026, 12, 24), datetime.date(2027, 1, 1))
    """
    found = _DATES.fullmatch(entry)
    try:
        if found is None:
            raise ValueError
        first = date.fromisoformat(found.group(1))
        last = date.fromisoformat(found.group(2) or found.group(1))
    except ValueError:
        raise ExclusionError(
            f"{entry!r:.60} is not understood; write a date (2026-12-25) or a range of dates "
            "(2026-12-24/2027-01-01)"
        ) from None
    if last < first:
        raise ExclusionError(f"the range {entry!r} is reversed")
    return first, last


def _end(days: CalendarDays, day: date) -> date | None:
    """The end of the range that a day is in; None: it is in none."""
    index = bisect_right(days, day, key=_first)
    if index == 0 or days[index - 1][1] < day:
        return None
    return days[index - 1][1]
