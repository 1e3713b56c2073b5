"""What schedules did in a span of time, and what they will do: the past is read, the future worked out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final

from quarterjack.actors.policies.timetable import Timetable
from quarterjack.storage import InvalidInput, Schedule
from quarterjack.storage.schedule_summaries import CountedPage
from quarterjack.storage.timeline import Past, Span

MOST_COMING: Final = 200
LONGEST: Final = timedelta(days=7)
_AROUND: Final = timedelta(hours=6)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A schedule's past and future in a span."""

    past: Past
    coming: list[datetime]
    """When it fires next."""
    coming_truncated: bool
    """Whether it fires more often than that."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of schedules with what they did and will do in a span."""

    span: Span
    now: datetime
    rows: CountedPage[TimelineRow]


def span_around(now: datetime, since: datetime | None, until: datetime | None) -> Span:
    """The span that is asked for; six hours before and after now, where nothing is said.

    Raises `InvalidInput` for one that has no length, or is longer than a week.
    """
    try:
        if since is None:
            since = min(now, until or now) - _AROUND
        if until is None:
            until = max(now, since) + _AROUND
    except OverflowError:
        raise InvalidInput.field("until", msg="there is no calendar for that span") from None
    if until <= since:
        raise InvalidInput.field("until", msg="it is not after since")
    if until - since > LONGEST:
        raise InvalidInput.field("until", msg="a timeline has at most 7 days")
    return Span(since, until)


def timeline_of(past: CountedPage[Past], span: Span, now: datetime) -> Timeline:
    """With what is to come; for many schedules that takes a while."""
    return Timeline(span, now, past.map(lambda each: _row(each, span, now)))


def _row(past: Past, span: Span, now: datetime) -> TimelineRow:
    try:
        coming = list(islice(_coming(past, span, now), MOST_COMING + 1))
    except (InvalidInput, OverflowError):  # a rule that makes no sense any more; the end of time
        coming = []
    return TimelineRow(past, coming[:MOST_COMING], len(coming) > MOST_COMING)


def _coming(past: Past, span: Span, now: datetime) -> Iterator[datetime]:
    found, start = past.schedule, max(span.since, now)
    if found.next_fire is None or found.next_due is None or start >= span.until:
        return iter(())
    timetable = Timetable.of(found, past.calendar_days)
    if found.next_fire >= start:
        first: datetime | None = found.next_due
    else:
        following = timetable.next_firing(start - _MICROSECOND)
        first = None if following is None else following.due
    fires = takewhile(lambda each: each.fires_at < span.until, timetable.firing_from(first))
    return (each.fires_at for each in islice(fires, _left(found, timetable, first)))


def _left(found: Schedule, timetable: Timetable, first: datetime | None) -> int | None:
    """How many of the instants from `first` on its `maxRuns` leaves it; None: all."""
    limit = found.schedule_config.max_runs
    if limit is None or first is None or found.next_due is None:
        return None
    before = timetable.count(found.next_due - _MICROSECOND, first - _MICROSECOND)
    return max(0, limit - found.runs - before)
