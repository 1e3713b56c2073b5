"""Previews as they are answered."""

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from pydantic import Field

from quarterjack.storage import FireOutcome, FireReason
from quarterjack.storage.instants import Instant

from .shape import Seconds, Shape

if TYPE_CHECKING:
    from quarterjack.actors import preview as played
    from quarterjack.actors.policies import clock_changes


class PreviewItem(Shape):
    """What would become of a due instant, or of a long stretch of them."""

    scheduled_time: Instant
    fires_at: Instant
    local_time: str
    """On the schedule's clock."""
    outcome: FireOutcome
    reason: FireReason | None
    clock_change: str | None
    through: Instant | None
    instants: int

    @classmethod
    def of(cls, found: "played.PreviewItem") -> "PreviewItem":
        """What was played."""
        return cls(
            scheduled_time=found.due,
            fires_at=found.fires_at,
            local_time=found.local.isoformat(),
            outcome=found.outcome,
            reason=found.reason,
            clock_change=found.clock_change,
            through=found.through,
            instants=found.instants,
        )


class ClockChange(Shape):
    """From `at` on the clock is `to` ahead of UTC; until then it was `from`: `+02:00`."""

    at: Instant
    before: str = Field(alias="from")
    after: str = Field(alias="to")

    @classmethod
    def of(cls, found: "clock_changes.Change") -> "ClockChange":
        """A change of a zone's clock."""
        return cls.model_validate(
            {"at": found.at, "from": _offset(found.before), "to": _offset(found.after)}
        )


class Preview(Shape):
    """The instants in order, and the changes of the clock among them."""

    since: Instant = Field(alias="from")
    until: Instant
    assumed_duration: Seconds
    items: list[PreviewItem]
    clock_changes: list[ClockChange]
    next: Instant | None
    """The first due instant that is not shown; null: there is none."""
    truncated: bool
    """Whether that one was asked for."""

    @classmethod
    def of(cls, found: "played.Preview") -> "Preview":
        """What was played."""
        return cls.model_validate(
            {
                "from": found.since,
                "until": found.until,
                "assumedDuration": found.assumed_duration,
                "items": [PreviewItem.of(each) for each in found.items],
                "clockChanges": [ClockChange.of(each) for each in found.clock_changes],
                "next": found.next,
                "truncated": found.truncated,
            }
        )


def _offset(ahead: timedelta) -> str:
    """How much a clock is ahead of UTC: `+02:00`."""
    shown = datetime(2000, 1, 1, tzinfo=timezone(ahead) if ahead else UTC).isoformat()
    return shown.removeprefix("2000-01-01T00:00:00")
