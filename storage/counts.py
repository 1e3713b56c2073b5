"""Reads of what was counted as it happened: by hour, by day, and how long executions take.

An execution counts when it ended, a due instant that made none when it was due. Hours and days are those
of UTC.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from peewee import SQL, fn

from .database import Reader
from .duration_buckets import percentile
from .ids import ScheduleId, WorkflowId
from .instants import EPOCH, from_micros
from .queries import schedule
from .selects import Select, tuples
from .statistics_tables import ScheduleDayRow, WorkflowDurationRow, WorkflowHourRow

_MICROSECOND: Final = timedelta(microseconds=1)
_BEFORE_1970: Final = (EPOCH - datetime(1, 1, 1, tzinfo=UTC)) // _MICROSECOND


class Interval(StrEnum):
    """How long a bucket is."""

    HOUR = "hour"
    DAY = "day"

    @property
    def span(self) -> timedelta:
        """Its length."""
        return timedelta(hours=1) if self is Interval.HOUR else timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StatisticsFilter:
    """Which buckets are wanted: those that [`since`, `until`) touches, of one workflow or schedule or of all.

    Until now, if nothing else is said, from 24 hours or 30 days before that. Hours are not known by schedule.
    """

    by: Interval = Interval.HOUR
    since: datetime | None = None
    until: datetime | None = None
    workflow_id: WorkflowId | None = None
    schedule_id: ScheduleId | None = None
    workflows: Collection[WorkflowId] | None = None
    """Only theirs; None: all."""


@dataclass(frozen=True, slots=True)
class DaysFilter:
    """Which days of a schedule are wanted: `since` to `until`, both included; by default the last 366."""

    since: date | None = None
    until: date | None = None
    workflows: Collection[WorkflowId] | None = None
    """Only what it did as theirs; None: all."""


class Counts(NamedTuple):
    """How many executions ended how, and how many due instants made none."""

    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    cancelled: int = 0
    skipped: int = 0
    missed: int = 0

    @property
    def executions(self) -> int:
        """How many have ended."""
        return self.succeeded + self.failed + self.timed_out + self.cancelled


class Bucket(NamedTuple):
    """An hour or a day, by its first instant, with what happened then."""

    start: datetime
    counts: Counts


class Day(NamedTuple):
    """A day, with what happened then."""

    day: date
    counts: Counts
    average_duration: timedelta | None
    """Of those that succeeded."""


@dataclass(frozen=True, slots=True)
class WorkflowStatistics:
    """How a workflow's executions went; the durations are those of the ones that succeeded."""

    since: datetime
    until: datetime
    counts: Counts
    average_duration: timedelta | None
    p50: timedelta | None
    p95: timedelta | None
    days: list[Day]

    @property
    def success_rate(self) -> float | None:
        """The share (0–1) of those that ended that succeeded."""
        ended = self.counts.executions
        return self.counts.succeeded / ended if ended else None


def buckets(
    reader: Reader, wanted: StatisticsFilter, since: datetime, until: datetime
) -> list[Bucket]:
    """The buckets that begin from `since` to before `until` and have something, oldest first."""
    if wanted.schedule_id is not None:
        first, end = since.date(), (until - _MICROSECOND).date()
        found = _days_of(reader, wanted.schedule_id, first, end, wanted)
        return [Bucket(midnight(day), counts) for day, counts, _ in found]
    row: Any = WorkflowHourRow
    span = wanted.by.span // _MICROSECOND
    number = (
        row.hour.cast("INTEGER") + _BEFORE_1970
    ) / span  # positive, so that it is rounded down
    query = row.select(number.coerce(False).alias("number"), *_sums(row)).where(
        (row.hour >= since) & (row.hour < until)
    )
    query = _of_workflows(query, row, wanted).group_by(SQL("number")).order_by(SQL("number"))
    return [
        Bucket(from_micros(number * span - _BEFORE_1970), Counts(*counts))
        for number, *counts in tuples(reader, query)
        if any(counts)
    ]


def schedule_days(
    reader: Reader, key: ScheduleId, wanted: DaysFilter, since: date, until: date
) -> list[Day]:
    """The days of a schedule that have something, oldest first.

    Raises `NotFound` for a schedule of which nothing is known at all.
    """
    found = _days_of(reader, key, since, until, StatisticsFilter(workflows=wanted.workflows))
    if not found:
        schedule(reader, key)  # one that is not known is no empty list
    return found


def workflow_statistics(
    reader: Reader, key: WorkflowId, since: datetime, until: datetime
) -> WorkflowStatistics:
    """How a workflow's executions went, from a midnight until now."""
    wanted = StatisticsFilter(Interval.DAY, workflow_id=key)
    by_day = {each.start.date(): each.counts for each in buckets(reader, wanted, since, until)}
    histogram: dict[int, int] = {}
    durations: dict[date, tuple[int, int]] = {}
    row: Any = WorkflowDurationRow
    query = row.select(row.day, row.bucket, row.executions, row.duration_sum).where(
        (row.workflow_id == key) & row.day.between(since.date(), until.date())
    )
    for day, bucket, executions, spent in tuples(reader, query):
        histogram[bucket] = histogram.get(bucket, 0) + executions
        before, spent_before = durations.get(day, (0, 0))
        durations[day] = before + executions, spent_before + spent
    counts = Counts(*map(sum, zip(*by_day.values(), strict=True))) if by_day else Counts()
    spent, in_order = sum(spent for _, spent in durations.values()), sorted(histogram.items())
    days = [Day(day, each, _average(*durations.get(day, (0, 0)))) for day, each in by_day.items()]
    average = _average(sum(histogram.values()), spent)
    median, late = percentile(in_order, 0.5), percentile(in_order, 0.95)
    return WorkflowStatistics(since, until, counts, average, median, late, days)


def floor_of(instant: datetime, by: Interval) -> datetime:
    """The first instant of the hour or day that an instant lies in."""
    whole = instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return whole if by is Interval.HOUR else whole.replace(hour=0)


def midnight(day: date) -> datetime:
    """The first instant of a day."""
    return datetime.combine(day, time(), UTC)


def _days_of(
    reader: Reader, key: ScheduleId, first: date, last: date, wanted: StatisticsFilter
) -> list[Day]:
    row: Any = ScheduleDayRow
    query = row.select(row.day, *_sums(row), fn.sum(row.duration_sum)).where(
        (row.schedule_id == key) & row.day.between(first, last)
    )
    query = _of_workflows(query, row, wanted).group_by(row.day).order_by(row.day)
    found = []
    for day, *counted, spent in tuples(reader, query):
        counts = Counts(*counted)
        if any(counts):
            found.append(Day(day, counts, _average(counts.succeeded, spent)))
    return found


def _of_workflows(query: Select, row: Any, wanted: StatisticsFilter) -> Select:
    if wanted.workflow_id is not None:
        query = query.where(row.workflow_id == wanted.workflow_id)
    if wanted.workflows is not None:
        query = query.where(row.workflow_id.in_(sorted(wanted.workflows)))
    return query


def _sums(row: Any) -> list[Any]:
    return [fn.sum(getattr(row, name)) for name in Counts._fields]


def _average(count: int, spent: int) -> timedelta | None:
    return timedelta(microseconds=spent / count) if count else None
