"""How things went, as it is answered: counts by hour and by day, rates and durations."""

from datetime import timedelta

from quarterjack.storage import counts as s
from quarterjack.storage.instants import Instant

from .calendars import Day as Date
from .shape import Seconds, Shape


class Counted(Shape):
    """How executions ended, and how many due instants made none."""

    succeeded: int
    failed: int
    timed_out: int
    cancelled: int
    skipped: int
    missed: int


class Bucket(Counted):
    """An hour or a day."""

    start: Instant

    @classmethod
    def of(cls, found: s.Bucket) -> "Bucket":
        """Of the stored counts."""
        return cls(start=found.start, **found.counts._asdict())


class Statistics(Shape):
    """The hours or days that have something, oldest first."""

    by: s.Interval
    items: list[Bucket]


class Day(Counted):
    """A day (UTC)."""

    day: Date
    average_duration: Seconds | None
    """Of the executions that succeeded."""

    @classmethod
    def of(cls, found: s.Day) -> "Day":
        """Of the stored counts."""
        return cls(
            day=found.day,
            average_duration=_seconds(found.average_duration),
            **found.counts._asdict(),
        )


class ScheduleDays(Shape):
    """The days that have something, oldest first."""

    items: list[Day]


class WorkflowStatistics(Shape):
    """How a workflow's executions went; durations are of those that succeeded."""

    since: Instant
    until: Instant
    executions: int
    """How many have ended."""
    succeeded: int
    failed: int
    timed_out: int
    cancelled: int
    success_rate: float | None
    """The share (0–1) of `executions` that succeeded."""
    average_duration: Seconds | None
    p50: Seconds | None
    """Within 5 %, as is `p95`."""
    p95: Seconds | None
    days: list[Day]

    @classmethod
    def of(cls, found: s.WorkflowStatistics) -> "WorkflowStatistics":
        """Of the stored counts."""
        counts = found.counts
        return cls(
            since=found.since,
            until=found.until,
            executions=counts.executions,
            succeeded=counts.succeeded,
            failed=counts.failed,
            timed_out=counts.timed_out,
            cancelled=counts.cancelled,
            success_rate=found.success_rate,
            average_duration=_seconds(found.average_duration),
            p50=_seconds(found.p50),
            p95=_seconds(found.p95),
            days=[Day.of(each) for each in found.days],
        )


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
