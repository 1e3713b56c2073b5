"""When a schedule is due: cron lines, an interval, one instant, or only by hand; as one interface. Pure."""

from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from quarterjack.storage import InvalidInput, ScheduleConfig, ScheduleId, Trigger

from . import cron_count
from .cron import CronError, CronExpression, cron_expression
from .time_zones import UnknownTimeZone, time_zone


class Rule(Protocol):
    """The due instants of a schedule."""

    trigger: Trigger

    def next(self, after: datetime) -> datetime | None:
        """The first due instant later than `after`; None: there is none."""
        ...

    def count(self, after: datetime, until: datetime) -> int:
        """How many due instants are later than `after` and not later than `until`; exactly, and fast."""
        ...


class CronRule:
    """Due whenever one of the lines is."""

    trigger = Trigger.CRON

    def __init__(self, lines: tuple[CronExpression, ...], zone: ZoneInfo) -> None:
        self._lines = lines
        self._zone = zone
        self._known: dict[CronExpression, tuple[datetime, datetime | None]] = {}

    def next(self, after: datetime) -> datetime | None:
        """The first due instant later than `after`."""
        found = [self._next_of(line, after) for line in self._lines]
        return min((instant for instant in found if instant is not None), default=None)

    def count(self, after: datetime, until: datetime) -> int:
        """How many due instants are later than `after` and not later than `until`."""
        return cron_count.count(self._lines, self._zone, after, until)

    def _next_of(self, line: CronExpression, after: datetime) -> datetime | None:
        """As the line says; one that is far away is not looked for again while others are due."""
        asked, found = self._known.get(line, (after, after))
        if not asked <= after or (found is not None and found <= after):
            found = line.next(after, self._zone)
            self._known[line] = (after, found)
        return found


class IntervalRule:
    """Due every `interval` from the anchor on, so that restarts do not shift it."""

    trigger = Trigger.INTERVAL

    def __init__(self, interval: timedelta, anchor: datetime) -> None:
        self._interval = interval
        self._anchor = anchor

    def next(self, after: datetime) -> datetime | None:
        """The first due instant later than `after`; the anchor itself is the first of all."""
        if after < self._anchor:
            return self._anchor
        try:
            return self._anchor + ((after - self._anchor) // self._interval + 1) * self._interval
        except OverflowError:
            return None

    def count(self, after: datetime, until: datetime) -> int:
        """How many due instants are later than `after` and not later than `until`."""
        return max(0, self._up_to(until) - self._up_to(after))

    def _up_to(self, instant: datetime) -> int:
        """How many there are in all until then."""
        return max(0, (instant - self._anchor) // self._interval + 1)


class OnceRule:
    """Due once."""

    trigger = Trigger.AT

    def __init__(self, at: datetime) -> None:
        self._at = at

    def next(self, after: datetime) -> datetime | None:
        """The instant, while it is to come."""
        return self._at if after < self._at else None

    def count(self, after: datetime, until: datetime) -> int:
        """One, if it is in between."""
        return int(after < self._at <= until)


class ManualRule:
    """Never due by itself."""

    trigger = Trigger.MANUAL

    def next(self, after: datetime) -> datetime | None:  # noqa: ARG002
        """There is none."""
        return None

    def count(self, after: datetime, until: datetime) -> int:  # noqa: ARG002
        """There are none."""
        return 0


class EventRule:
    """Due whenever its event comes, so never by the clock."""

    trigger = Trigger.EVENT

    def next(self, after: datetime) -> datetime | None:  # noqa: ARG002
        """There is none."""
        return None

    def count(self, after: datetime, until: datetime) -> int:  # noqa: ARG002
        """There are none."""
        return 0


def rule_of(config: ScheduleConfig, created_at: datetime, key: ScheduleId) -> Rule:
    """The rule that a configuration describes.

    An interval without an anchor counts from `startAt`, else from creation; the id decides what `H` in
    a cron expression stands for. Raises `InvalidInput` that names the field: a bad cron expression, an
    unknown time zone.
    """
    zone = zone_of(config)
    if config.cron is not None:
        lines = (_line(config, index, key) for index in range(len(config.cron)))
        return CronRule(tuple(lines), zone)
    if config.interval is not None:
        first = created_at + config.interval
        return IntervalRule(config.interval, config.anchor or config.start_at or first)
    if config.at is not None:
        return OnceRule(config.at)
    if config.event is not None:
        return EventRule()
    return ManualRule()


def zone_of(config: ScheduleConfig) -> ZoneInfo:
    """The time zone of a schedule. Raises `InvalidInput`."""
    try:
        return time_zone(config.timezone)
    except UnknownTimeZone as error:
        raise _wrong("timezone", problem=str(error)) from None


def _line(config: ScheduleConfig, index: int, key: ScheduleId) -> CronExpression:
    assert config.cron is not None
    try:
        return cron_expression(config.cron[index], key)
    except CronError as error:
        place = ("cron",) if len(config.cron) == 1 else ("cron", index)
        raise _wrong(*place, problem=str(error)) from None


def _wrong(*place: str | int, problem: str) -> InvalidInput:
    return InvalidInput.field("scheduleConfig", *place, msg=problem)
