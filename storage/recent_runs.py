"""The newest executions of a schedule in a few words: one seek in an index, however many there were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .database import Reader
from .ids import ExecutionId, ScheduleId, WorkflowId
from .instants import from_micros
from .standing import Workflows
from .statements import Statement
from .statuses import FAILED, ExecutionStatus, Trigger
from .tables import ExecutionRow

_ROW = ExecutionRow
BRIEF_COLUMNS = (
    _ROW.id,
    _ROW.workflow_id,
    _ROW.status,
    _ROW.trigger,
    _ROW.scheduled_time,
    _ROW.queued_at,
    _ROW.started_at,
    _ROW.ended_at,
)
_NEWEST = Statement(
    lambda slot: (
        _ROW.select(*BRIEF_COLUMNS)
        .where(_ROW.schedule_id == slot("schedule"))
        .order_by(_ROW.queued_at.desc())
        .limit(1)
    )
)
_ENDED = Statement(
    lambda slot: (
        _ROW.select(*BRIEF_COLUMNS)
        .where((_ROW.schedule_id == slot("schedule")) & _ROW.ended_at.is_null(False))
        .order_by(_ROW.ended_at.desc())
        .limit(slot("count"))
    )
)
_MOST_FAILURES = 200
_FAILURES = Statement(
    lambda slot: (
        _ROW.select(_ROW.ended_at, _ROW.status, _ROW.backfill_id)
        .where((_ROW.schedule_id == slot("schedule")) & _ROW.ended_at.is_null(False))
        .order_by(_ROW.ended_at.desc())
        .limit(_MOST_FAILURES)
    )
)


@dataclass(frozen=True, slots=True)
class RunBrief:
    """An execution without what it was given and what came of it."""

    id: ExecutionId
    workflow_id: WorkflowId
    status: ExecutionStatus
    trigger: Trigger
    scheduled_time: datetime
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def duration(self) -> timedelta | None:
        """From its start to its end; None while either is missing."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at


def newest_run(reader: Reader, key: ScheduleId, workflows: Workflows = None) -> RunBrief | None:
    """The execution of a schedule that was made last, unless that is of another workflow."""
    found = briefs(_run(reader, _NEWEST, schedule=key), workflows)
    return found[0] if found else None


def ended_runs(
    reader: Reader, key: ScheduleId, count: int, workflows: Workflows = None
) -> list[RunBrief]:
    """Those of a schedule that ended last, the newest first."""
    return briefs(_run(reader, _ENDED, schedule=key, count=count), workflows)


def failing_since(reader: Reader, key: ScheduleId) -> datetime | None:
    """When the first of the failures in a row of a schedule ended; None: long ago, or never."""
    first: int | None = None
    found = reader.connection().execute(_FAILURES.sql, _FAILURES.bind({"schedule": key}))
    try:
        for number, (ended_at, status, backfill_id) in enumerate(found, 1):
            if number == _MOST_FAILURES:
                return None
            if backfill_id is not None:
                continue
            if status == ExecutionStatus.SUCCEEDED.value:
                break
            if status in FAILED:
                first = ended_at
    finally:
        found.close()  # it may have more, which nobody asks for
    return None if first is None else from_micros(first)


def briefs(found: Sequence[Sequence[Any]], workflows: Workflows = None) -> list[RunBrief]:
    """Rows of `BRIEF_COLUMNS` as they are stored; those of other workflows are left out."""
    return [
        RunBrief(
            ExecutionId(key),
            WorkflowId(workflow_id),
            ExecutionStatus(status),
            Trigger(trigger),
            *(None if each is None else from_micros(each) for each in instants),  # type: ignore[arg-type]
        )
        for key, workflow_id, status, trigger, *instants in found
        if workflows is None or workflow_id in workflows
    ]


def _run(reader: Reader, statement: Statement, **values: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = (
        reader.connection().execute(statement.sql, statement.bind(values)).fetchall()
    )
    return found
