"""What is under way: each execution with its step of the moment, and how long it mostly takes.

A page costs some seeks in indexes for each of its executions, however many there were.
"""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from statistics import median
from typing import Any, Final

from peewee import Tuple

from .database import Reader
from .ids import ExecutionId, ScheduleId, WorkflowId
from .instants import from_micros
from .queries import Page, PageRequest
from .recent_runs import BRIEF_COLUMNS, RunBrief, briefs
from .records import Progress
from .selects import tuples
from .standing import Workflows, not_sought
from .statements import Statement
from .statuses import ExecutionStatus, StepStatus
from .tables import AttemptRow, ExecutionRow, ScheduleRow, StepRow

_USUAL: Final = 20
"""Of so many executions the duration in the middle is the usual one."""
_MOST_LOOKED_AT: Final = 500
_ENDED_STEPS: Final = frozenset(
    {
        StepStatus.SUCCEEDED.value,
        StepStatus.FAILED.value,
        StepStatus.CANCELLED.value,
        StepStatus.TIMED_OUT.value,
        StepStatus.SKIPPED.value,
    }
)
_OPEN_STEPS: Final = frozenset(
    {StepStatus.RUNNING.value, StepStatus.RETRYING.value, StepStatus.WAITING.value}
)
_ROW = ExecutionRow
_STARTED: Final = [each.name for each in BRIEF_COLUMNS].index("started_at")
_Step = tuple[str, str, Any]
_OF_SCHEDULE = Statement(
    lambda slot: (
        _ROW.select(_ROW.status, _ROW.started_at, _ROW.ended_at)
        .where((_ROW.schedule_id == slot("key")) & _ROW.ended_at.is_null(False))
        .order_by(_ROW.ended_at.desc())
        .limit(_MOST_LOOKED_AT)
    )
)
_OF_WORKFLOW = Statement(
    lambda slot: (
        _ROW.select(_ROW.status, _ROW.started_at, _ROW.ended_at)
        .where(_ROW.workflow_id == slot("key"))
        .order_by(_ROW.queued_at.desc())
        .limit(_MOST_LOOKED_AT)
    )
)
_NEWEST_ATTEMPT = Statement(
    lambda slot: (
        AttemptRow.select(AttemptRow.number, AttemptRow.started_at)
        .where((AttemptRow.execution == slot("execution")) & (AttemptRow.step == slot("step")))
        .order_by(AttemptRow.number.desc())
        .limit(1)
    )
)


@dataclass(frozen=True, slots=True)
class CurrentStep:
    """A step that has begun and not ended."""

    name: str
    status: StepStatus
    attempt: int | None
    """None: it has no attempts, because it waits, or its items do the work."""
    started_at: datetime | None
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class RunningExecution:
    """An execution that runs, or waits for something."""

    run: RunBrief
    schedule_id: ScheduleId | None
    schedule_name: str | None
    elapsed: timedelta
    usual_duration: timedelta | None
    """That of the newest which succeeded, in the middle; None: none has."""
    steps_done: int
    steps_total: int | None
    """None: not known from what is stored."""
    current: list[CurrentStep]


def running(
    reader: Reader, page: PageRequest, now: datetime, workflows: Workflows = None
) -> Page[RunningExecution]:
    """What has begun and not ended, the oldest start first."""
    row = ExecutionRow
    plain = [column.coerce(False) for column in BRIEF_COLUMNS]
    query = row.select(*plain, row.schedule_id, row.options)
    query = query.where(
        row.ended_at.is_null()
        & row.started_at.is_null(False)
        & (row.status != ExecutionStatus.QUEUED.value)
    )
    query = query.order_by(row.started_at, row.id)
    if page.after:
        query = query.where(Tuple(row.started_at, row.id) > Tuple(*page.after))
    if workflows is not None:
        query = query.where(not_sought(row.workflow_id).in_(sorted(workflows)))
    found = list(tuples(reader, query.limit(page.limit + 1)))
    shown = found[: page.limit]
    runs = briefs([each[: len(BRIEF_COLUMNS)] for each in shown])
    rest = [each[len(BRIEF_COLUMNS) :] for each in shown]
    names = _names(reader, {key for key, _ in rest if key is not None})
    steps = _steps(reader, [run.id for run in runs])
    usual: dict[str, timedelta | None] = {}
    items = []
    for run, (schedule_id, options) in zip(runs, rest, strict=True):
        begun = steps.get(run.id, [])
        named = options.get("steps")
        key = schedule_id or run.workflow_id
        if key not in usual:
            usual[key] = _usual(reader, schedule_id, run.workflow_id)
        items.append(
            RunningExecution(
                run,
                schedule_id,
                names.get(schedule_id),
                now - (run.started_at or now),
                usual[key],
                sum(status in _ENDED_STEPS for _, status, _ in begun),
                None if named is None else len(named),
                [_current(reader, run.id, step) for step in begun if step[1] in _OPEN_STEPS],
            )
        )
    last = found[page.limit - 1] if len(found) > page.limit else None
    return Page(items, None if last is None else (last[_STARTED], last[0]))


def _names(reader: Reader, keys: Collection[str]) -> dict[str | None, str]:
    row = ScheduleRow
    return dict(tuples(reader, row.select(row.id, row.name).where(row.id.in_(sorted(keys)))))


def _steps(reader: Reader, keys: Sequence[ExecutionId]) -> dict[str, list[_Step]]:
    """By execution: name, status and progress of its steps that have begun, without items."""
    row = StepRow
    query = row.select(row.execution.coerce(False), row.name, row.status, row.progress).where(
        row.execution.in_(list(keys)) & ~row.name.contains("[")
    )
    found: dict[str, list[_Step]] = {}
    for key, *step in tuples(reader, query):
        found.setdefault(key, []).append((step[0], step[1], step[2]))
    return found


def _current(reader: Reader, key: ExecutionId, step: _Step) -> CurrentStep:
    name, status, progress = step
    tries = _run(reader, _NEWEST_ATTEMPT, execution=key, step=name).fetchall()
    number, started_at = tries[0] if tries else (None, None)
    return CurrentStep(
        name,
        StepStatus(status),
        number,
        None if started_at is None else from_micros(started_at),
        Progress(*progress) if progress else None,
    )


def _usual(
    reader: Reader, schedule_id: ScheduleId | None, workflow_id: WorkflowId
) -> timedelta | None:
    """Of the schedule, or without one of the workflow."""
    if schedule_id is None:
        found = _run(reader, _OF_WORKFLOW, key=workflow_id)
    else:
        found = _run(reader, _OF_SCHEDULE, key=schedule_id)
    good = (
        ended_at - started_at
        for status, started_at, ended_at in found
        if status == ExecutionStatus.SUCCEEDED.value and started_at is not None
    )
    newest = list(islice(good, _USUAL))
    found.close()  # it may have more, which nobody asks for
    return timedelta(microseconds=median(newest)) if newest else None


def _run(reader: Reader, statement: Statement, **values: Any) -> sqlite3.Cursor:
    connection: sqlite3.Connection = reader.connection()
    return connection.execute(statement.sql, statement.bind(values))
