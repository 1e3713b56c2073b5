"""The days on which a schedule does not fire: dates, ranges of dates, named calendars. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from quarterjack.storage import CalendarDays

_CALENDAR = re.compile(r"calendar:([A-Za-z0-9_.-]{1,100})")
_DATES = re.compile(r"(\d{4}-\d{2}-\d{2})(?:/(\d{4}-\d{2}-\d{2}))?")
_DAY = timedelta(days=1)


class ExclusionError(ValueError):
    """An entry of `exclude` is no date, range of dates or calendar."""


class _Span(NamedTuple):
    first: date
    last: date
    entry: str


def calendar_of(entry: str) -> str | None:
    """The name of the calendar that an entry of `exclude` names; None: it is about dates.

    >>> calendar_of("calendar:bank-holidays")
    'bank-holidays'
    """
    found = _CALENDAR.fullmatch(entry)
    return None if found is None else found.group(1)


class Exclusions:
    """`entries` are those of a schedule; `calendars` those that they name, as far as they exist.

    Raises `ExclusionError` for an entry that is not understood.
    """

    def __init__(
        self, entries: Sequence[str], calendars: Mapping[str, CalendarDays] | None = None
    ) -> None:
        self._spans: list[_Span] = []
        for entry in entries:
            name = calendar_of(entry)
            if name is None:
                self._spans.append(_span(entry))
            else:
                days = (calendars or {}).get(name, ())
                self._spans.extend(_Span(first, last, entry) for first, last in days)

    def __bool__(self) -> bool:
        return bool(self._spans)

    def entry_for(self, day: date) -> str | None:
        """The entry that excludes a day, as it was given; None: it is not excluded."""
        return next((span.entry for span in self._spans if span.first <= day <= span.last), None)

    def end_after(self, day: date) -> date:
        """The last day of the row of excluded days that an excluded day is in."""
        while True:
            last = max(
                (span.last for span in self._spans if span.first <= day <= span.last), default=None
            )
            if last is None:
                return day - _DAY
            if last == date.max:
                return last
            day = last + _DAY


def _span(entry: str) -> _Span:
    found = _DATES.fullmatch(entry)
    try:
        if found is None:
            raise ValueError
        first = date.fromisoformat(found.group(1))
        last = date.fromisoformat(found.group(2) or found.group(1))
    except ValueError:
        raise ExclusionError(
            f"{entry!r:.60} is not understood; write a date (2026-12-25), a range of dates "
            "(2026-12-24/2027-01-01) or calendar:NAME"
        ) from None
    if last < first:
        raise ExclusionError(f"the range {entry!r} is reversed")
    return _Span(first, last, entry)
