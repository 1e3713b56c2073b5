"""What the run queue reads when it is started: what has not ended, and what started lately."""

from datetime import datetime
from typing import NamedTuple

from peewee import JOIN, fn

from .backfills import cancelled_backfills
from .database import Reader
from .ids import BackfillId, ExecutionId, WorkflowId
from .queries import Unfinished, last_seq, unfinished
from .selects import tuples
from .statuses import UNFINISHED, ExecutionStatus, StepStatus
from .tables import EventRow, ExecutionRow, StepRow

_OPEN = [status.value for status in UNFINISHED]
_STRETCH = 10_000
"""How many events are looked at in one query."""


class Backlog(NamedTuple):
    """All that the queue has to do, and to remember."""

    unfinished: list[Unfinished]
    """In the order in which the queue would take them."""
    owed: frozenset[ExecutionId]
    """Those that wait for the end of another execution that has ended."""
    starts: list[tuple[datetime, WorkflowId]]
    """First starts since the instant that was asked for."""
    unwanted: frozenset[BackfillId] = frozenset()
    """Backfills that somebody has cancelled, and that have not come to their end."""
    orphans: tuple[ExecutionId, ...] = ()
    """Executions that a step has begun and does not wait for any more."""


def backlog(reader: Reader, since: datetime | None) -> Backlog:
    """What there is to do; with `since`, also the executions that started then or later."""
    starts = [] if since is None else starts_since(reader, since)
    unwanted = cancelled_backfills(reader)
    return Backlog(unfinished(reader), _owed(reader), starts, unwanted, _orphans(reader))


def queued_before(reader: Reader, at: datetime) -> list[ExecutionId]:
    """Executions that have waited for their turn since before an instant, oldest first."""
    row = ExecutionRow
    query = (
        row.select(row.id)
        .where((row.status == ExecutionStatus.QUEUED.value) & (row.queued_at < at))
        .order_by(row.queued_at)
    )
    return [ExecutionId(key) for (key,) in tuples(reader, query)]


def starts_since(reader: Reader, since: datetime) -> list[tuple[datetime, WorkflowId]]:
    """When executions started, then or later, and of which workflows; from the stored events.

    Reads backwards, and no further than the first stretch of events that are all older.
    """
    row, found, until = EventRow, list[tuple[datetime, WorkflowId]](), last_seq(reader)
    while until > 0:
        stretch = (row.seq > until - _STRETCH) & (row.seq <= until)
        newest = row.select(fn.max(row.timestamp)).where(stretch & (row.timestamp >= since))
        if newest.bind(reader).scalar() is None:
            break
        started = row.select(row.timestamp, row.workflow_id).where(
            stretch & (row.type == "workflow.started") & (row.timestamp >= since)
        )
        found.extend(tuples(reader, started))
        until -= _STRETCH
    return found


def _owed(reader: Reader) -> frozenset[ExecutionId]:
    step, parent, child = StepRow, ExecutionRow.alias(), ExecutionRow.alias()
    query = (
        step.select(step.execution)
        .join(parent, on=(parent.id == step.execution))
        .switch(step)
        .join(child, JOIN.LEFT_OUTER, on=(child.id == step.child_id))
        .where(
            (parent.status == ExecutionStatus.WAITING.value)
            & (step.status == StepStatus.WAITING.value)
            & step.child_id.is_null(False)
            & (child.id.is_null() | child.status.not_in(_OPEN))
        )
        .distinct()
    )
    return frozenset(key for (key,) in tuples(reader, query))


def _orphans(reader: Reader) -> tuple[ExecutionId, ...]:
    """Whoever was to cancel them had no time to: the server ended."""
    child, step = ExecutionRow, StepRow
    is_its_step = (step.execution == child.parent_id) & (step.name == child.parent_step)
    query = (
        child.select(child.id)
        .join(step, JOIN.LEFT_OUTER, on=(is_its_step & (step.child_id == child.id)))
        .where(
            child.status.in_(_OPEN)
            & child.parent_id.is_null(False)
            & child.retry_of.is_null()
            & step.child_id.is_null()
        )
        .order_by(child.queued_at, child.id)
    )
    return tuple(ExecutionId(key) for (key,) in tuples(reader, query))
