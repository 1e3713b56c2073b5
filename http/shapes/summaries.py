"""Schedules as a list of many shows them."""

from typing import TYPE_CHECKING

from quarterjack.storage import ExecutionStatus, ScheduleStatus, Trigger
from quarterjack.storage.instants import Instant
from quarterjack.storage.recent_runs import RunBrief

from .shape import Listing, Seconds, Shape

if TYPE_CHECKING:
    from quarterjack.runtime.summaries import ShownSchedule


class RecentRun(Shape):
    """An execution that has ended."""

    id: str
    status: ExecutionStatus
    scheduled_time: Instant
    duration: Seconds | None
    """Null: it never began."""

    @classmethod
    def of(cls, found: RunBrief) -> "RecentRun":
        """One that is stored."""
        return cls(
            id=found.id,
            status=found.status,
            scheduled_time=found.scheduled_time,
            duration=found.duration,  # type: ignore[arg-type]
        )


class NewestRun(Shape):
    """The execution that was made last."""

    id: str
    status: ExecutionStatus
    trigger: Trigger
    scheduled_time: Instant
    started_at: Instant | None
    ended_at: Instant | None
    duration: Seconds | None

    @classmethod
    def of(cls, found: RunBrief | None) -> "NewestRun | None":
        """One that is stored, if there is one."""
        if found is None:
            return None
        return cls(
            id=found.id,
            status=found.status,
            trigger=found.trigger,
            scheduled_time=found.scheduled_time,
            started_at=found.started_at,
            ended_at=found.ended_at,
            duration=found.duration,  # type: ignore[arg-type]
        )


class ScheduleSummary(Shape):
    """A schedule, and what became of it lately."""

    schedule_id: str
    workflow_id: str
    name: str
    enabled: bool
    status: ScheduleStatus
    note: str
    rule: str
    """When it fires, in plain English."""
    timezone: str
    next_execution: Instant | None
    last_execution: NewestRun | None
    running: int
    """Those that wait for something count here."""
    queued: int
    failures_in_row: int
    late: bool
    lost: int
    """Due instants that were missed in the last 24 hours."""
    recent: list[RecentRun]
    """The newest 30 that ended, the oldest first."""

    @classmethod
    def of(cls, shown: "ShownSchedule") -> "ScheduleSummary":
        """What was found of it."""
        found, base = shown.summary, shown.summary.schedule
        return cls(
            schedule_id=base.id,
            workflow_id=base.workflow_id,
            name=base.name,
            enabled=base.enabled,
            status=base.status,
            note=base.note,
            rule=shown.rule,
            timezone=base.schedule_config.timezone,
            next_execution=shown.next_execution,
            last_execution=NewestRun.of(found.last_execution),
            running=found.running,
            queued=found.queued,
            failures_in_row=base.failures_in_row,
            late=found.is_late,
            lost=found.lost,
            recent=[RecentRun.of(each) for each in found.recent],
        )


class ScheduleSummaries(Listing[ScheduleSummary]):
    """A page of them."""

    total: int
    """How many there are on all pages."""
