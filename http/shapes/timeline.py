"""What schedules did and will do in a span of time, as it is answered."""

from typing import TYPE_CHECKING

from quarterjack.storage import ExecutionStatus, FireOutcome, FireReason, ScheduleStatus, Trigger
from quarterjack.storage.instants import Instant
from quarterjack.storage.recent_runs import RunBrief
from quarterjack.storage.timeline import Gap as GapFound

from .shape import Listing, Shape

if TYPE_CHECKING:
    from quarterjack.runtime.timeline import TimelineRow as RowFound


class TimelineRun(Shape):
    """An execution that reaches into the span."""

    id: str
    status: ExecutionStatus
    trigger: Trigger
    scheduled_time: Instant
    started_at: Instant | None
    ended_at: Instant | None

    @classmethod
    def of(cls, found: RunBrief) -> "TimelineRun":
        """One that is stored."""
        return cls(
            id=found.id,
            status=found.status,
            trigger=found.trigger,
            scheduled_time=found.scheduled_time,
            started_at=found.started_at,
            ended_at=found.ended_at,
        )


class Gap(Shape):
    """A due instant that made no execution, or a long stretch of them."""

    scheduled_time: Instant
    through: Instant | None
    """The last one of a stretch."""
    outcome: FireOutcome
    reason: FireReason | None
    instants: int
    blocked_by: str | None
    """The execution that stood in the way."""

    @classmethod
    def of(cls, found: GapFound) -> "Gap":
        """A row of the ledger."""
        return cls(
            scheduled_time=found.due,
            through=found.through,
            outcome=found.outcome,
            reason=found.reason,
            instants=found.instants,
            blocked_by=found.blocked_by,
        )


class TimelineRow(Shape):
    """A schedule in the span, the oldest first."""

    schedule_id: str
    name: str
    workflow_id: str
    status: ScheduleStatus
    runs: list[TimelineRun]
    """The newest 200."""
    runs_truncated: bool
    """Whether there are more."""
    gaps: list[Gap]
    """The newest 200 that were skipped or missed."""
    coming: list[Instant]
    """When it fires: the next 200 times."""
    coming_truncated: bool

    @classmethod
    def of(cls, found: "RowFound") -> "TimelineRow":
        """What was found and worked out."""
        past, base = found.past, found.past.schedule
        return cls(
            schedule_id=base.id,
            name=base.name,
            workflow_id=base.workflow_id,
            status=base.status,
            runs=[TimelineRun.of(each) for each in past.runs],
            runs_truncated=past.runs_truncated,
            gaps=[Gap.of(each) for each in past.gaps],
            coming=found.coming,
            coming_truncated=found.coming_truncated,
        )


class Timeline(Listing[TimelineRow]):
    """A page of schedules in the span; `until` does not belong to it."""

    since: Instant
    until: Instant
    now: Instant
    total: int
    """How many schedules there are on all pages."""
