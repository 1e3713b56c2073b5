"""Backfills as they are answered."""

from typing import Any

from quarterjack import storage
from quarterjack.storage import BackfillStatus
from quarterjack.storage.instants import Instant

from .shape import Shape


class BackfillStarted(Shape):
    """All its executions are recorded."""

    execution_ids: list[str]
    backfill_id: str


class BackfillNamed(Shape):
    """The backfill that was meant."""

    backfill_id: str


class Backfill(Shape):
    """A backfill, and how far it has come."""

    id: str
    schedule_id: str
    start: Instant
    end: Instant
    overlap: str
    max_concurrency: int
    priority: int
    params: dict[str, Any]
    status: BackfillStatus
    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    created_at: Instant
    cancelled_at: Instant | None

    @classmethod
    def of(cls, found: storage.BackfillProgress) -> "Backfill":
        """A backfill that is stored."""
        base = found.backfill
        return cls(
            id=base.id,
            schedule_id=base.schedule_id,
            start=base.start,
            end=base.end,
            overlap=base.overlap.value,
            max_concurrency=base.max_concurrency,
            priority=base.priority,
            params=base.params,
            status=found.status,
            total=base.total,
            queued=found.queued,
            running=found.running,
            succeeded=found.succeeded,
            failed=found.failed,
            cancelled=found.cancelled,
            created_at=base.created_at,
            cancelled_at=base.cancelled_at,
        )
