"""When the clocks of a time zone are changed, and by how much. Pure, remembered, from any thread.

Found by comparing the offsets at the ends of two-day blocks: no two changes of any zone lie that
close together (the closest are four days apart, in Freetown in 1939).
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BLOCK: Final = timedelta(days=2)
_SECOND: Final = timedelta(seconds=1)


class Change(NamedTuple):
    """From the instant `at` on, the clock is `after` ahead of UTC; until then it was `before`."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def jump(self) -> timedelta:
        """By how much the clock is put forwards."""
        return self.after - self.before


def offset_at(zone: ZoneInfo, instant: datetime) -> timedelta:
    """How much the zone's clock is ahead of UTC."""
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def first_change(zone: ZoneInfo, after: datetime, until: datetime) -> Change | None:
    """The first change later than `after`, and not later than `until`."""
    for block in range((after - _EPOCH) // _BLOCK, (until - _EPOCH) // _BLOCK + 1):
        change = _change_in(zone, block)
        if change is not None and after < change.at <= until:
            return change
    return None


def last_change(zone: ZoneInfo, after: datetime, until: datetime) -> Change | None:
    """The last change later than `after`, and not later than `until`."""
    for block in range((until - _EPOCH) // _BLOCK, (after - _EPOCH) // _BLOCK - 1, -1):
        change = _change_in(zone, block)
        if change is not None and after < change.at <= until:
            return change
    return None


@lru_cache(maxsize=16_384)
def _change_in(zone: ZoneInfo, block: int) -> Change | None:
    """The change in the block: after the last second before it, up to its own last second."""
    low = _EPOCH + block * _BLOCK - _SECOND
    high = low + _BLOCK
    before, after = offset_at(zone, low), offset_at(zone, high)
    if before == after:
        return None
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        if offset_at(zone, middle) == before:
            low = middle
        else:
            high = middle
    return Change(high, before, after)
