"""The days of a calendar: ranges in order and apart from each other, and how they are stored."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

import msgpack

from .records import CalendarDays

_DAY = timedelta(days=1)
_MOST_SHARED = 128


def merged(ranges: Iterable[tuple[date, date]]) -> CalendarDays:
    """The same days, in order; what overlaps or follows the day after becomes one range.

    >>> merged([(date(2026, 5, 2), date(2026, 5, 3)), (date(2026, 5, 1), date(2026, 5, 1))])
    ((datetime.date(2026, 5, 1), datetime.date(2026, 5, 3)),)
    """
    found: list[tuple[date, date]] = []
    for first, last in sorted(ranges):
        if found and (found[-1][1] == date.max or first <= found[-1][1] + _DAY):
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def pack_days(days: CalendarDays) -> bytes:
    """The days as they are stored."""
    packed: bytes = msgpack.packb([day.toordinal() for ends in days for day in ends])
    return packed


@lru_cache(maxsize=_MOST_SHARED)
def unpack_days(packed: bytes) -> CalendarDays:
    """The days as they were packed; many schedules share what this gives for the same calendar."""
    ends = [date.fromordinal(number) for number in msgpack.unpackb(packed)]
    return tuple(pairwise(ends))[::2]
