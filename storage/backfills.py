"""Reads about backfills: how far they have come, and what stands about the instants of a range."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from peewee import Tuple, fn

from .database import Reader
from .ids import BackfillId, ExecutionId, ScheduleId
from .instants import to_micros
from .queries import Page, PageRequest
from .records import Backfill, BackfillProgress, Fire
from .rows import to_backfill, to_fire
from .selects import one, rows, tuples
from .statuses import UNFINISHED, ExecutionStatus
from .tables import BackfillRow, ExecutionRow, FireRow

_OPEN: Final = [status.value for status in UNFINISHED]
_COUNTED_AS: Final = {
    ExecutionStatus.QUEUED: "queued",
    ExecutionStatus.RUNNING: "running",
    ExecutionStatus.WAITING: "running",
    ExecutionStatus.SUCCEEDED: "succeeded",
    ExecutionStatus.FAILED: "failed",
    ExecutionStatus.TIMED_OUT: "failed",
    ExecutionStatus.CANCELLED: "cancelled",
    ExecutionStatus.SKIPPED: "cancelled",
}


class Ledger(NamedTuple):
    """What stands about the instants of a range."""

    executed: frozenset[datetime]
    """Those that have an execution, or had one that is forgotten."""
    stretches: list[Fire]
    """Rows that stand for many instants, some of them in the range."""


def backfill(reader: Reader, key: BackfillId) -> BackfillProgress:
    """One backfill. Raises `NotFound`."""
    found = to_backfill(
        one(reader, BackfillRow.select().where(BackfillRow.id == key), "backfill", key)
    )
    return _progress(reader, [found])[0]


def backfills(reader: Reader, schedule_id: ScheduleId, page: PageRequest) -> Page[BackfillProgress]:
    """The backfills of a schedule, newest first."""
    row = BackfillRow
    query = row.select().where(row.schedule_id == schedule_id)
    if page.after:
        query = query.where(Tuple(row.created_at, row.id) < Tuple(*page.after))
    query = query.order_by(row.created_at.desc(), row.id.desc()).limit(page.limit + 1)
    found = [to_backfill(each) for each in rows(reader, query)]
    items, more = found[: page.limit], len(found) > page.limit
    key = (to_micros(items[-1].created_at), items[-1].id) if more else None
    return Page(_progress(reader, items), key)


def open_of_backfill(reader: Reader, key: BackfillId) -> list[ExecutionId]:
    """The executions that a backfill has made and that have not ended, in the order of their instants."""
    row = ExecutionRow
    query = (
        row.select(row.id)
        .where((row.backfill_id == key) & row.retry_of.is_null() & row.status.in_(_OPEN))
        .order_by(row.due)
    )
    return [ExecutionId(each) for (each,) in tuples(reader, query)]


def executions_of_backfill(reader: Reader, key: BackfillId) -> list[ExecutionId]:
    """The executions that a backfill has made, in the order of their instants."""
    row = ExecutionRow
    query = row.select(row.id).where((row.backfill_id == key) & row.retry_of.is_null())
    return [ExecutionId(each) for (each,) in tuples(reader, query.order_by(row.due))]


def queued_by_backfills(reader: Reader, key: ScheduleId) -> list[ExecutionId]:
    """The executions of a schedule's backfills that have not begun, in the order of their instants."""
    row = ExecutionRow
    query = (
        row.select(row.id)
        .join(BackfillRow, on=(BackfillRow.id == row.backfill_id))
        .where((BackfillRow.schedule_id == key) & (row.status == ExecutionStatus.QUEUED.value))
        .order_by(row.scheduled_time)
    )
    return [ExecutionId(each) for (each,) in tuples(reader, query)]


def cancelled_backfills(reader: Reader) -> frozenset[BackfillId]:
    """Those that somebody has cancelled, and of which executions have not ended yet."""
    row = ExecutionRow
    query = (
        row.select(row.backfill_id)
        .join(BackfillRow, on=(BackfillRow.id == row.backfill_id))
        .where(
            row.status.in_(_OPEN) & row.retry_of.is_null() & BackfillRow.cancelled_at.is_null(False)
        )
        .distinct()
    )
    return frozenset(BackfillId(each) for (each,) in tuples(reader, query))


def ledger(reader: Reader, schedule_id: ScheduleId, first: datetime, last: datetime) -> Ledger:
    """What stands about the instants from `first` to `last` (both included)."""
    row, fire = ExecutionRow, FireRow
    executed = row.select(row.due).where(
        (row.schedule_id == schedule_id) & row.due.between(first, last)
    )
    of_schedule = fire.schedule_id == schedule_id
    had = fire.select(fire.due).where(
        of_schedule & fire.due.between(first, last) & fire.execution_id.is_null(False)
    )
    stretches = fire.select().where(of_schedule & (fire.due <= last) & (fire.through >= first))
    dues = frozenset(due for query in (executed, had) for (due,) in tuples(reader, query))
    return Ledger(dues, [to_fire(each) for each in rows(reader, stretches.order_by(fire.due))])


def with_row(
    reader: Reader, schedule_id: ScheduleId, first: datetime, last: datetime
) -> frozenset[datetime]:
    """The instants from `first` to `last` (both included) at which a row of the ledger begins."""
    fire = FireRow
    query = fire.select(fire.due).where(
        (fire.schedule_id == schedule_id) & fire.due.between(first, last)
    )
    return frozenset(due for (due,) in tuples(reader, query))


def _progress(reader: Reader, found: Iterable[Backfill]) -> list[BackfillProgress]:
    wanted, row = list(found), ExecutionRow
    counts: dict[str, dict[str, int]] = {each.id: {} for each in wanted}
    query = (
        row.select(row.backfill_id, row.status, fn.count(row.id))
        .where(row.backfill_id.in_(list(counts)) & row.retry_of.is_null())
        .group_by(row.backfill_id, row.status)
    )
    for key, status, number in tuples(reader, query):
        name = _COUNTED_AS[ExecutionStatus(status)]
        counts[key][name] = counts[key].get(name, 0) + number
    return [BackfillProgress(each, **counts[each.id]) for each in wanted]
