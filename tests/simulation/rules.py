"""When a schedule is due by its rule, told by what the tests know of cron, not by the product."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from cron_model import Job, runs

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
"""Instants are whole microseconds since 1970, as they are stored."""


def micros(instant: datetime) -> int:
    """An aware datetime as an instant."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def instant(micros: int) -> datetime:
    """An instant as an aware datetime."""
    return EPOCH + timedelta(microseconds=micros)


def parsed(text: str) -> int:
    """An instant from ISO 8601."""
    return micros(datetime.fromisoformat(text))


def due_instants(config: dict[str, Any], anchor: int, begin: int, end: int) -> Iterator[int]:
    """All with begin < instant < end, in order.

    Intervals count from their anchor, else from `startAt`, else from `anchor`.
    """
    first = max(begin + 1, parsed(config["startAt"])) if config.get("startAt") else begin + 1
    last = min(end, parsed(config["endAt"])) if config.get("endAt") else end
    for found in _by_rule(config, anchor, begin, end):
        if first <= found < last:
            yield found


def is_excluded(config: dict[str, Any], due: int, days: Collection[str] = ()) -> bool:
    """Whether the local day of an instant is one of the excluded ones, or of these."""
    zone = ZoneInfo(config.get("timezone", "UTC"))
    day = instant(due).astimezone(zone).date().isoformat()
    return day in config.get("exclude", ()) or day in days


def _by_rule(config: dict[str, Any], anchor: int, begin: int, end: int) -> Iterator[int]:
    if "at" in config:
        yield parsed(config["at"])
    elif "interval" in config:
        span = int(config["interval"]) * SECOND
        counted_from = config.get("anchor") or config.get("startAt")
        start = parsed(counted_from) if counted_from else anchor
        number = max(0, (begin - start) // span)
        while (found := start + number * span) < end:
            yield found
            number += 1
    elif "cron" in config:
        first = begin // _STRETCH
        for stretch in range(first, -(-end // _STRETCH)):
            yield from _of_cron(config["cron"], config["timezone"], stretch)


_STRETCH = 86_400 * SECOND
_HOUR = timedelta(hours=1)
_SETTLED = 4 * _HOUR
"""So long after its clock was put forwards or back, a cron is as if it never had been."""


@lru_cache(maxsize=20_000)
def _of_cron(expression: str, zone: str, stretch: int) -> tuple[int, ...]:
    """Of a day; many runs ask for the same ones."""
    begin, end = instant(stretch * _STRETCH), instant((stretch + 1) * _STRETCH)
    offset, *others = _offsets(zone, begin - _SETTLED, end)
    if others:
        slowly = runs(Job(expression), ZoneInfo(zone), begin - _SETTLED, end)
        return tuple(micros(each) for each in slowly if each > begin)
    return tuple(micros(each) for each in runs_in_order(Job(expression), offset, begin, end))


@lru_cache(maxsize=20_000)
def _offsets(zone: str, begin: datetime, end: datetime) -> frozenset[timedelta]:
    """From UTC, at each hour."""
    found = (begin + each * _HOUR for each in range((end - begin) // _HOUR + 1))
    offsets = (each.astimezone(ZoneInfo(zone)).utcoffset() for each in found)
    return frozenset(each for each in offsets if each is not None)


def runs_in_order(
    job: Job, offset: timedelta, begin: datetime, end: datetime
) -> Iterator[datetime]:
    """As the cron's `runs`, but quickly: for a time in which the clock is not put forwards or back."""
    midnight = datetime.combine((begin + offset).date(), time(), UTC)
    while midnight <= end + offset:
        times = product(*map(sorted, (job.hours, job.minutes, job.seconds)))
        for hour, minute, second in times if job.is_day(midnight.date()) else ():
            found = midnight + timedelta(hours=hour, minutes=minute, seconds=second) - offset
            if begin < found <= end:
                yield found
        midnight += timedelta(days=1)
