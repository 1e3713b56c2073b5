"""When a schedule is due, all told: its rule, from `startAt` to `endAt`, with jitter and exclusions. Pure.

A due instant is one that the rule gives. It fires at that instant, or up to `jitter` later; on an
excluded day it is decided, too, but makes no execution.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from quarterjack.storage import (
    CalendarDays,
    FieldError,
    InvalidInput,
    Schedule,
    ScheduleConfig,
    ScheduleId,
    Trigger,
)

from .exclusions import ExclusionError, Exclusions
from .triggers import rule_of, zone_of

_MICROSECOND = timedelta(microseconds=1)
_MOST_SKIPPED = 10_000
"""Rows of excluded days that are passed over in search of the next instant that fires."""


class Occurrence(NamedTuple):
    """A due instant, and when it fires."""

    due: datetime
    fires_at: datetime

    @property
    def jitter(self) -> timedelta:
        """By how much it is put off."""
        return self.fires_at - self.due


class Timetable:
    """Of the schedule `key`; raises `InvalidInput` that names the field for what makes no sense."""

    def __init__(
        self,
        key: ScheduleId,
        config: ScheduleConfig,
        created_at: datetime,
        calendars: Mapping[str, CalendarDays] | None = None,
    ) -> None:
        self._key = key
        self._config = config
        self._zone: ZoneInfo = zone_of(config)
        self._rule = rule_of(config, created_at, key)
        self._exclusions = _exclusions(config, calendars)
        self.trigger: Trigger = self._rule.trigger

    @classmethod
    def of(
        cls, schedule: Schedule, calendars: Mapping[str, CalendarDays] | None = None
    ) -> "Timetable":
        """That of a stored schedule."""
        return cls(schedule.id, schedule.schedule_config, schedule.created_at, calendars)

    def next(self, after: datetime) -> Occurrence | None:
        """The first due instant later than `after`, excluded or not; None: there is none."""
        start, end = self._config.start_at, self._config.end_at
        if start is not None and after < start:
            after = start - _MICROSECOND
        due = self._rule.next(after)
        if due is None or (end is not None and due >= end):
            return None
        return self.occurrence(due)

    def is_due(self, instant: datetime) -> bool:
        """Whether it is one of the due instants."""
        found = self.next(instant - _MICROSECOND)
        return found is not None and found.due == instant

    def count(self, after: datetime, until: datetime) -> int:
        """How many due instants are later than `after` and not later than `until`; exactly, and fast."""
        start, end = self._config.start_at, self._config.end_at
        if start is not None:
            after = max(after, start - _MICROSECOND)
        if end is not None:
            until = min(until, end - _MICROSECOND)
        return self._rule.count(after, until)

    def last(self, known: datetime, until: datetime) -> datetime:
        """The last due instant not later than `until`; `known` is a due one that is not later."""
        none_after = until
        while (following := self._next_up_to(known, until)) is not None:
            middle = following + (none_after - following) / 2
            found = self._next_up_to(middle, until)
            if found is None:
                none_after, known = middle, following
            else:
                known = found
        return known

    def _next_up_to(self, after: datetime, until: datetime) -> datetime | None:
        found = self.next(after)
        return None if found is None or found.due > until else found.due

    def next_firing(self, after: datetime) -> Occurrence | None:
        """The first due instant later than `after` that is not excluded."""
        for _ in range(_MOST_SKIPPED):
            found = self.next(after)
            if found is None or self.excluded_by(found.due) is None:
                return found
            last = self._exclusions.end_after(found.due.astimezone(self._zone).date())
            try:
                midnight = datetime.combine(last + timedelta(days=1), time(), self._zone)
                after = max(found.due, midnight.astimezone(UTC) - _MICROSECOND)
            except OverflowError:
                return None
        return None

    def occurrence(self, due: datetime) -> Occurrence:
        """A due instant with the jitter that it has, the same whenever it is asked for."""
        longest = self._config.jitter
        if not longest:
            return Occurrence(due, due)
        digest = hashlib.blake2b(f"{self._key} {due.isoformat()}".encode(), digest_size=8).digest()
        share = int.from_bytes(digest) / 2**64
        return Occurrence(due, due + longest * share)

    def excluded_by(self, due: datetime) -> str | None:
        """The entry of `exclude` that a due instant falls under, by the schedule's own calendar day."""
        if not self._exclusions:
            return None
        return self._exclusions.entry_for(due.astimezone(self._zone).date())

    def from_(self, first: datetime | None) -> Iterator[Occurrence]:
        """The due instants from one of them on, excluded or not."""
        found = None if first is None else self.occurrence(first)
        while found is not None:
            yield found
            found = self.next(found.due)

    def firing_from(self, first: datetime | None) -> Iterator[Occurrence]:
        """The due instants from one of them on that are not excluded."""
        found = None if first is None else self.occurrence(first)
        if found is not None and self.excluded_by(found.due) is not None:
            found = self.next_firing(found.due)
        while found is not None:
            yield found
            found = self.next_firing(found.due)

    def check(self, now: datetime) -> None:
        """Raise `InvalidInput` for a cron expression of which nothing is ever due."""
        if self.trigger is Trigger.CRON and self._rule.next(now) is None:
            raise InvalidInput.field("scheduleConfig", "cron", msg="that is never due")


def _exclusions(config: ScheduleConfig, calendars: Mapping[str, CalendarDays] | None) -> Exclusions:
    try:
        return Exclusions(config.exclude, calendars)
    except ExclusionError:
        errors = []
        for index, entry in enumerate(config.exclude):
            try:
                Exclusions([entry])
            except ExclusionError as error:
                errors.append(FieldError(("scheduleConfig", "exclude", index), str(error)))
        raise InvalidInput(errors) from None
