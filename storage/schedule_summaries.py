"""Schedules as a list shows them: where each stands, what it did last, and how its newest runs went.

A page costs some seeks in indexes for each of its schedules, however many executions there were.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from peewee import SQL, Expression, Tuple, fn

from .database import Reader
from .ids import ScheduleId, WorkflowId
from .queries import Key, PageRequest, schedules_of
from .recent_runs import RunBrief, ended_runs, newest_run
from .records import Schedule
from .selects import Select, tuples
from .standing import GRACE, Concern, is_concerned, lost_instants
from .statuses import ExecutionStatus, ScheduleStatus
from .tables import ExecutionRow, ScheduleRow

T = TypeVar("T")
R = TypeVar("R")
RECENT: Final = 30
"""Of the executions that ended, so many are shown."""


class SummaryOrder(StrEnum):
    """By what the schedules are sorted."""

    CREATED = "created"
    NAME = "name"
    """Small and capital letters are the same."""
    NEXT = "next"
    """When they are decided next; those that are not come last, whichever way."""


@dataclass(frozen=True, slots=True)
class SummaryFilter:
    """Which schedules are wanted, in which order; `text` is looked for in name, id and description."""

    status: ScheduleStatus | None = None
    workflow_id: WorkflowId | None = None
    text: str = ""
    concern: Concern | None = None
    ids: Collection[ScheduleId] | None = None
    """Only these; None: all."""
    order: SummaryOrder = SummaryOrder.CREATED
    descending: bool = False
    workflows: Collection[WorkflowId] | None = None
    """Only theirs; None: all."""


@dataclass(frozen=True, slots=True)
class CountedPage(Generic[T]):
    """Some items of a list, the key after which the next page begins, and how many there are in all."""

    items: list[T]
    next: Key | None
    total: int

    def map(self, change: Callable[[T], R]) -> "CountedPage[R]":
        """The same page of something else."""
        return CountedPage([change(each) for each in self.items], self.next, self.total)


@dataclass(frozen=True, slots=True)
class ScheduleSummary:
    """A schedule, and what became of it lately."""

    schedule: Schedule
    last_execution: RunBrief | None
    running: int
    """Those that wait for something count here."""
    queued: int
    is_late: bool
    lost: int
    """Due instants that were missed in the last day."""
    recent: list[RunBrief]
    """Those that ended last, the oldest first."""


def schedule_summaries(
    reader: Reader, wanted: SummaryFilter, page: PageRequest, now: datetime
) -> CountedPage[ScheduleSummary]:
    """A page of the schedules that are wanted."""
    found = chosen_schedules(reader, wanted, page, now)
    keys = [each.id for each in found.items]
    open_ones, lost = _open(reader, keys), lost_instants(reader, now)

    def summary(schedule: Schedule) -> ScheduleSummary:
        key, counts = schedule.id, open_ones.get(schedule.id, {})
        queued = counts.get(ExecutionStatus.QUEUED.value, 0)
        recent = ended_runs(reader, key, RECENT, wanted.workflows)
        return ScheduleSummary(
            schedule,
            newest_run(reader, key, wanted.workflows),
            sum(counts.values()) - queued,
            queued,
            _is_late(schedule, now),
            lost.get(key, 0),
            recent[::-1],
        )

    return found.map(summary)


def chosen_schedules(
    reader: Reader, wanted: SummaryFilter, page: PageRequest, now: datetime
) -> CountedPage[Schedule]:
    """A page of the schedules that are wanted, in their order."""
    conditions = _conditions(wanted, now)
    # Only keys are sorted; the rows, which are wide, are read for those of the page.
    rows = _keys(reader, wanted, page, conditions)
    shown, more = rows[: page.limit], len(rows) > page.limit
    keys = [ScheduleId(row[-1]) for row in shown]
    found = schedules_of(reader, keys)
    row = ScheduleRow
    counted = row.select(fn.count(SQL("*"))).where(*conditions)
    total = int(next(tuples(reader, counted))[0])
    items = [found[key] for key in keys if key in found]
    return CountedPage(items, tuple(shown[-1]) if more else None, total)


def _keys(
    reader: Reader, wanted: SummaryFilter, page: PageRequest, conditions: Sequence[Expression]
) -> list[tuple[Any, ...]]:
    """The ordering columns of one row more than the page has; the last one is the id."""
    row = ScheduleRow
    if wanted.order is SummaryOrder.NEXT:
        return _keys_by_next(reader, wanted, page, conditions)
    by_name = wanted.order is SummaryOrder.NAME
    column = row.name if by_name else row.created_at
    ordered = row.name.collate("NOCASE") if by_name else row.created_at
    query = row.select(column.coerce(False), row.id).where(*conditions)
    query = _after(query, (ordered, row.id), page.after, wanted.descending)
    return list(tuples(reader, query.limit(page.limit + 1)))


def _keys_by_next(
    reader: Reader, wanted: SummaryFilter, page: PageRequest, conditions: Sequence[Expression]
) -> list[tuple[Any, ...]]:
    """First those that have a next instant, then the others; two walks through one index."""
    row, after, most = ScheduleRow, page.after, page.limit + 1
    found: list[tuple[Any, ...]] = []
    if after is None or after[0] == 0:
        query = row.select(SQL("0"), row.next_fire.coerce(False), row.id)
        query = query.where(row.next_fire.is_null(False), *conditions)
        key = None if after is None else after[1:]
        query = _after(query, (row.next_fire, row.id), key, wanted.descending)
        found = list(tuples(reader, query.limit(most)))
        after = None
    if len(found) < most:
        query = row.select(SQL("1"), SQL("0"), row.id)
        query = query.where(row.next_fire.is_null(), *conditions)
        key = None if after is None else after[2:]
        query = _after(query, (row.id,), key, wanted.descending)
        found += tuples(reader, query.limit(most - len(found)))
    return found


def _after(query: Select, columns: tuple[Any, ...], after: Key | None, descending: bool) -> Select:
    query = query.order_by(*[each.desc() if descending else each for each in columns])
    if after is None:
        return query
    first, mine = columns[0], Tuple(*columns)
    start, last = SQL("?", [after[0]]), Tuple(*[SQL("?", [each]) for each in after])
    # The first of the two says the same less exactly: an index is entered there.
    if descending:
        return query.where((first <= start) & (mine < last))
    return query.where((first >= start) & (mine > last))


def _conditions(wanted: SummaryFilter, now: datetime) -> list[Expression]:
    row = ScheduleRow
    found: list[Any] = [SQL("1")]  # none is a condition, too
    if wanted.status:
        found.append(row.status == wanted.status.value)
    if wanted.workflow_id:
        found.append(row.workflow_id == wanted.workflow_id)
    if wanted.workflows is not None:
        found.append(row.workflow_id.in_(sorted(wanted.workflows)))
    if wanted.ids is not None:
        found.append(row.id.in_(list(wanted.ids)))
    if wanted.concern:
        found.append(is_concerned(wanted.concern, now))
    if wanted.text:
        text = wanted.text
        found.append(
            row.name.contains(text) | row.id.contains(text) | row.description.contains(text)
        )
    return found


def _open(reader: Reader, keys: Sequence[ScheduleId]) -> dict[str, dict[str, int]]:
    """By schedule and status: how many of the executions have not ended."""
    if not keys:
        return {}
    row = ExecutionRow
    query = row.select(row.schedule_id, row.status, fn.count(SQL("*"))).where(
        row.schedule_id.in_(list(keys)) & row.ended_at.is_null()
    )
    found: dict[str, dict[str, int]] = {}
    for key, status, count in tuples(reader, query.group_by(row.schedule_id, row.status)):
        found.setdefault(key, {})[status] = count
    return found


def _is_late(schedule: Schedule, now: datetime) -> bool:
    if schedule.status is not ScheduleStatus.ACTIVE or schedule.next_fire is None:
        return False
    return schedule.next_fire < now - GRACE
