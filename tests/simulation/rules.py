"""When a schedule is due by its rule, told by what the tests know of cron, not by the product."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
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


def is_excluded(config: dict[str, Any], due: int) -> bool:
    """Whether the local day of an instant is one of the excluded ones."""
    zone = ZoneInfo(config.get("timezone", "UTC"))
    return instant(due).astimezone(zone).date().isoformat() in config.get("exclude", ())


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


_STRETCH = 14 * 86_400 * SECOND


@lru_cache(maxsize=2_000)
def _of_cron(expression: str, zone: str, stretch: int) -> tuple[int, ...]:
    """Of two weeks; many runs ask for the same ones."""
    begin, end = instant(stretch * _STRETCH), instant((stretch + 1) * _STRETCH)
    return tuple(micros(each) for each in runs(Job(expression), ZoneInfo(zone), begin, end))
