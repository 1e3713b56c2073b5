"""Schedules as a list shows them, in words and with when they fire next: reads that compute, off the loop."""

from dataclasses import dataclass
from datetime import datetime

from quarterjack.actors.policies.schedule_words import in_words
from quarterjack.storage import InvalidInput, Schedule
from quarterjack.storage.database import Reader
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.schedule_summaries import (
    CountedPage,
    ScheduleSummary,
    SummaryFilter,
    schedule_summaries,
)

from .upcoming import next_firing


@dataclass(frozen=True, slots=True)
class ShownSchedule:
    """A schedule as a list shows it."""

    summary: ScheduleSummary
    rule: str
    """In plain English."""
    next_execution: datetime | None


def shown_schedules(
    reader: Reader, wanted: SummaryFilter, page: PageRequest, now: datetime
) -> CountedPage[ShownSchedule]:
    """A page of the schedules that are wanted."""

    def shown(found: ScheduleSummary) -> ShownSchedule:
        base = found.schedule
        rule = in_words(base.schedule_config, base.id)
        return ShownSchedule(found, rule, next_execution(reader, base))

    return schedule_summaries(reader, wanted, page, now).map(shown)


def next_execution(reader: Reader, found: Schedule) -> datetime | None:
    """When it fires next; excluded days are passed over."""
    if not found.schedule_config.exclude:
        return found.next_fire
    try:
        return next_firing(reader, found)
    except InvalidInput:  # one that makes no sense any more, which its own status tells
        return found.next_fire
