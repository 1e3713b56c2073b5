"""Reads that put several tables together: what a page or a call shows at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import fn

from .database import Reader
from .ids import ExecutionId, ScheduleId
from .queries import (
    ExecutionFilter,
    PageRequest,
    execution,
    executions,
    schedule,
    unfinished_of,
)
from .records import Execution, Schedule, StepRun
from .selects import tuples
from .statuses import ExecutionStatus
from .step_queries import steps
from .tables import ExecutionRow

_HISTORY = 10


@dataclass(frozen=True, slots=True)
class CombinedStatus:
    """A schedule and its executions: what runs, what waits, the newest ten, and how many go well."""

    schedule: Schedule
    running: list[Execution]
    queued: list[Execution]
    history: list[Execution]
    uptime: float | None
    """The share (0–1) of those ended in the last 30 days that succeeded; None: none has ended."""
    next_execution: datetime | None = None
    """When it fires next; excluded days are passed over, which needs its timetable."""


@dataclass(frozen=True, slots=True)
class StoredExecution:
    """An execution with the steps that have begun."""

    execution: Execution
    steps: list[StepRun]


def combined_status(reader: Reader, key: ScheduleId, now: datetime) -> CombinedStatus:
    """The status of a schedule. Raises `NotFound`."""
    found = schedule(reader, key)
    open_ones = unfinished_of(reader, key)
    newest = executions(reader, ExecutionFilter(schedule_id=key), PageRequest(_HISTORY))
    return CombinedStatus(
        found,
        [each for each in open_ones if each.status is not ExecutionStatus.QUEUED],
        [each for each in open_ones if each.status is ExecutionStatus.QUEUED],
        newest.items,
        _uptime(reader, key, now),
    )


def stored_execution(reader: Reader, key: ExecutionId) -> StoredExecution:
    """An execution with its steps. Raises `NotFound`."""
    return StoredExecution(execution(reader, key), steps(reader, key))


def _uptime(reader: Reader, key: ScheduleId, now: datetime) -> float | None:
    """The share of a schedule's executions ended in the last 30 days that succeeded; None: no such."""
    row = ExecutionRow
    good = fn.sum(row.status == ExecutionStatus.SUCCEEDED.value)
    query = row.select(good, fn.count(row.id)).where(
        (row.schedule_id == key) & (row.ended_at >= now - timedelta(days=30))
    )
    succeeded, ended = next(tuples(reader, query))
    return succeeded / ended if ended else None
