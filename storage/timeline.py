"""What schedules did in a span of time: their executions, and the due instants that made none.

For each schedule that is three walks through indexes, each of which ends after some hundred rows.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from peewee import SQL

from .database import Reader
from .ids import ExecutionId, ScheduleId
from .instants import from_micros, to_micros
from .queries import PageRequest, calendar_days_of
from .recent_runs import BRIEF_COLUMNS, RunBrief, briefs
from .records import CalendarDays, Schedule
from .schedule_summaries import CountedPage, SummaryFilter, chosen_schedules
from .standing import Workflows
from .statements import Statement
from .statuses import ExecutionStatus, FireOutcome, FireReason
from .tables import WAS_A_GAP, ExecutionRow, FireRow

MOST: Final = 200
"""Runs, and gaps, of a schedule."""
_ROW, _FIRE = ExecutionRow, FireRow
_UNDER_WAY: Final = (ExecutionStatus.RUNNING.value, ExecutionStatus.WAITING.value)
_NAMES: Final = [each.name for each in BRIEF_COLUMNS]
_QUEUED, _STARTED = _NAMES.index("queued_at"), _NAMES.index("started_at")
_GAP_COLUMNS = (
    _FIRE.due,
    _FIRE.through,
    _FIRE.outcome,
    _FIRE.reason,
    _FIRE.instants,
    _FIRE.blocked_by,
)
_MADE_WITHIN = Statement(
    lambda slot: (
        _ROW.select(*BRIEF_COLUMNS)
        .where(
            (_ROW.schedule_id == slot("schedule"))
            & (_ROW.queued_at >= slot("since"))
            & (_ROW.queued_at < slot("until"))
        )
        .order_by(_ROW.queued_at.desc())
        .limit(MOST + 1)
    )
)
_ENDED_SINCE = Statement(
    lambda slot: (
        _ROW.select(*BRIEF_COLUMNS)
        .where((_ROW.schedule_id == slot("schedule")) & (_ROW.ended_at >= slot("since")))
        .order_by(_ROW.ended_at)
        .limit(MOST)
    )
)
"""Of those that were made before the span, the ones that reached into it are among these, unless more
than that ended sooner."""
_OPEN = Statement(
    lambda slot: (
        _ROW.select(*BRIEF_COLUMNS)
        .where(
            (_ROW.schedule_id == slot("schedule"))
            & _ROW.ended_at.is_null()
            & _ROW.status.in_([SQL(f"'{each}'") for each in _UNDER_WAY])
        )
        .limit(MOST + 1)
    )
)
_GAPS = Statement(
    lambda slot: (
        _FIRE.select(*_GAP_COLUMNS)
        .where(
            (_FIRE.schedule_id == slot("schedule"))
            & WAS_A_GAP
            & (_FIRE.due >= slot("since"))
            & (_FIRE.due < slot("until"))
        )
        .order_by(_FIRE.due.desc())
        .limit(MOST)
    )
)
_GAP_BEFORE = Statement(
    lambda slot: (
        _FIRE.select(*_GAP_COLUMNS)
        .where((_FIRE.schedule_id == slot("schedule")) & WAS_A_GAP & (_FIRE.due < slot("since")))
        .order_by(_FIRE.due.desc())
        .limit(1)
    )
)


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time; `until` does not belong to it."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """A due instant that made no execution, or a long stretch of them."""

    due: datetime
    through: datetime | None
    """The last one of a stretch."""
    outcome: FireOutcome
    reason: FireReason | None
    instants: int
    blocked_by: ExecutionId | None


@dataclass(frozen=True, slots=True)
class Past:
    """What a schedule did in a span, the oldest first; and what its future follows from."""

    schedule: Schedule
    runs: list[RunBrief]
    """The newest that reach into the span."""
    runs_truncated: bool
    """Whether there are more."""
    gaps: list[Gap]
    """The newest."""
    calendar_days: dict[str, CalendarDays]


def pasts(
    reader: Reader, wanted: SummaryFilter, page: PageRequest, span: Span, now: datetime
) -> CountedPage[Past]:
    """A page of the schedules that are wanted."""

    def past(found: Schedule) -> Past:
        runs, more = _runs(reader, found.id, span, wanted.workflows)
        gaps = _gaps(reader, found.id, span)
        return Past(found, runs, more, gaps, calendar_days_of(reader, found))

    return chosen_schedules(reader, wanted, page, now).map(past)


def _runs(
    reader: Reader, key: ScheduleId, span: Span, workflows: Workflows
) -> tuple[list[RunBrief], bool]:
    since, until = to_micros(span.since), to_micros(span.until)
    found = _rows(reader, _MADE_WITHIN, schedule=key, since=since, until=until)
    before = _rows(reader, _ENDED_SINCE, schedule=key, since=since)
    found += [each for each in before if each[_QUEUED] < since]
    under_way = _rows(reader, _OPEN, schedule=key)
    found += [each for each in under_way if each[_QUEUED] < since]
    reaching = [each for each in found if _start(each) < until]
    reaching.sort(key=lambda each: (_start(each), each[0]))
    return briefs(reaching[-MOST:], workflows), len(reaching) > MOST


def _start(row: tuple[Any, ...]) -> int:
    """Of one that has not begun: when it was made."""
    began: int = row[_QUEUED] if row[_STARTED] is None else row[_STARTED]
    return began


def _gaps(reader: Reader, key: ScheduleId, span: Span) -> list[Gap]:
    since, until = to_micros(span.since), to_micros(span.until)
    found = _rows(reader, _GAPS, schedule=key, since=since, until=until)
    if len(found) < MOST:
        before = _rows(reader, _GAP_BEFORE, schedule=key, since=since)
        found += [each for each in before if each[1] is not None and each[1] >= since]
    return [_gap(each) for each in reversed(found)]


def _gap(row: tuple[Any, ...]) -> Gap:
    due, through, outcome, reason, instants, blocked_by = row
    return Gap(
        from_micros(due),
        None if through is None else from_micros(through),
        FireOutcome(outcome),
        None if reason is None else FireReason(reason),
        instants,
        blocked_by,
    )


def _rows(reader: Reader, statement: Statement, **values: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = (
        reader.connection().execute(statement.sql, statement.bind(values)).fetchall()
    )
    return found
