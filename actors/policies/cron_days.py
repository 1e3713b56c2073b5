"""The days on which a cron expression matches: croniter's answers, asked for as seldom as possible.

croniter knows the calendar (months, weekdays, last days) and crontab(5)'s rule for the two day fields:
either, but both when one of them begins with `*`. It is asked for days on a naive calendar only; the
time of day and the changes of the clock are ours. Pure, and safe from any thread.
"""

import copy
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Final, NamedTuple

from croniter import croniter

from .cron_fields import CronField, ever_comes

_MIDNIGHT: Final = time()
_SECOND: Final = timedelta(seconds=1)
_NO_DAY: Final = "there is no such day before the year 10000"
_SAMPLE: Final = datetime(2026, 1, 1)  # noqa: DTZ001 - a day of the calendar
_MOST_YEARS: Final = 50
"""Between two matches there are at most 40: leap days on one weekday, around the year 2100."""


class CronDays:
    """The days that the fields for day-of-month, month and day-of-week mean."""

    def __init__(self, day: CronField, month: CronField, weekday: CronField) -> None:
        self._every = day.is_any and month.is_any and weekday.is_any
        self._rare = _rare_days(day, month, weekday)
        numbers = day.plain if ever_comes(day, month) else "*"
        self._text = f"0 0 0 {numbers} {month.plain} {weekday.plain}"
        self._known = (date.max, date.min)

    def first(self, day: date) -> date:
        """The first match, `day` itself included. Raises `OverflowError` if there is none before 10000."""
        if self._every:
            return day
        asked, found = self._known
        if not asked <= day <= found:
            asked, found = day, self._find(day)
            self._known = (asked, found)
        return found

    @cached_property
    def _finder(self) -> croniter:
        return croniter(
            self._text,
            _SAMPLE,
            second_at_beginning=True,
            implement_cron_bug=True,
            max_years_between_matches=_MOST_YEARS,
        )

    def _find(self, day: date) -> date:
        if self._rare is not None:
            day = self._rare.first(day)
        finder = copy.copy(self._finder)  # it remembers where it is
        start = datetime.combine(day, _MIDNIGHT) - _SECOND
        try:
            found: datetime = finder.get_next(datetime, start_time=start)
        except ValueError:  # the calendar ends with the year 9999
            raise OverflowError(_NO_DAY) from None
        return found.date()


class _RareDays(NamedTuple):
    """Dates that count only on some weekdays: croniter would try year after year for them."""

    months: tuple[int, ...]
    days: tuple[int, ...]
    last: bool
    weekdays: frozenset[int]

    def first(self, day: date) -> date:
        """The first of them from `day` on."""
        for year in range(day.year, date.max.year + 1):
            for month in self.months:
                last = monthrange(year, month)[1]
                for each in (*self.days, last) if self.last else self.days:
                    found = date(year, month, min(each, last))
                    if found.day == each and found >= day and self._is_weekday(found):
                        return found
        raise OverflowError(_NO_DAY)

    def _is_weekday(self, day: date) -> bool:
        return day.isoweekday() % 7 in self.weekdays


def _rare_days(day: CronField, month: CronField, weekday: CronField) -> _RareDays | None:
    if weekday.nth:
        only_leap_days = (
            month.values == (2,) and all(n == 5 for _, n in weekday.nth) and not weekday.last_of
        )
        weekdays = frozenset(each for each, _ in weekday.nth)
        return _RareDays((2,), (29,), False, weekdays) if only_leap_days else None
    both = day.is_starred or weekday.is_starred
    if not both or day.is_any or day.is_special or weekday.is_special:
        return None
    return _RareDays(month.values, day.values, day.last, frozenset(weekday.values))
