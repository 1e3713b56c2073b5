"""Reads: plain functions that take a read-only connection and give records. They see what is committed.

Lists are paged by key, not by offset, so pages stay right while rows are added.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from peewee import Model, ModelSelect, Tuple, fn

from .calendar_names import calendars_in
from .database import Reader
from .events import Event
from .ids import BackfillId, BootId, ExecutionId, ScheduleId, WorkflowId
from .instants import from_micros, to_micros
from .records import Calendar, CalendarDays, Execution, Fire, Schedule
from .rows import (
    CALENDAR_FIELDS,
    to_calendar,
    to_event,
    to_execution,
    to_fire,
    to_schedule,
)
from .selects import MOST_KEYS, PreparedSelect, Select, rows
from .statements import Statement
from .statuses import UNFINISHED, ExecutionStatus, FireOutcome, ScheduleStatus
from .tables import CalendarRow, EventRow, ExecutionRow, FireRow, ScheduleRow

T = TypeVar("T")
Key = tuple[int | str, ...]
"""Where a page ended: the ordering columns of its last row, as they are stored."""
_FIRING = [ScheduleStatus.ACTIVE.value, ScheduleStatus.ERROR.value]
_OPEN = [status.value for status in UNFINISHED]


class Page(NamedTuple, Generic[T]):
    """Some items of a list, and the key after which the next page begins (None: it was the last)."""

    items: list[T]
    next: Key | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many items are wanted (1 to 500), and after which key."""

    limit: int = 50
    after: Key | None = None


@dataclass(frozen=True, slots=True)
class ScheduleFilter:
    """Which schedules are wanted; `text` is looked for in name, id and description."""

    status: ScheduleStatus | None = None
    workflow_id: WorkflowId | None = None
    text: str = ""
    workflows: Collection[WorkflowId] | None = None
    """Only theirs; None: all."""


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """Which executions are wanted; `since` ≤ queued < `until`."""

    status: ExecutionStatus | None = None
    workflow_id: WorkflowId | None = None
    schedule_id: ScheduleId | None = None
    since: datetime | None = None
    until: datetime | None = None
    backfill_id: BackfillId | None = None
    workflows: Collection[WorkflowId] | None = None
    """Only theirs; None: all."""


@dataclass(frozen=True, slots=True)
class FireFilter:
    """Which rows of a schedule's ledger are wanted; `since` ≤ due < `until`."""

    outcome: FireOutcome | None = None
    since: datetime | None = None
    until: datetime | None = None


class Due(NamedTuple):
    """When a schedule is due next, in microseconds since 1970: what the ticker keeps of it."""

    at: int
    schedule_id: ScheduleId


class Unfinished(NamedTuple):
    """An execution that has not ended, and whether some run of the server had started it."""

    execution: Execution
    boot_id: BootId | None


_SCHEDULE = PreparedSelect(lambda slot: ScheduleRow.select().where(ScheduleRow.id == slot("id")))
_EXECUTION = PreparedSelect(lambda slot: ExecutionRow.select().where(ExecutionRow.id == slot("id")))
_UNFINISHED_OF = PreparedSelect(
    lambda slot: (
        ExecutionRow.select()
        .where(
            (ExecutionRow.schedule_id == slot("id"))
            & ExecutionRow.status.in_(_OPEN)
            & ExecutionRow.backfill_id.is_null()
        )
        .order_by(ExecutionRow.queued_at, ExecutionRow.id)
    )
)
_UNFINISHED = PreparedSelect(
    lambda _: (
        ExecutionRow.select()
        .where(ExecutionRow.status.in_(_OPEN))
        .order_by(
            ExecutionRow.priority,
            ExecutionRow.scheduled_time,
            ExecutionRow.queued_at,
            ExecutionRow.id,
        )
    )
)
_NEXT = fn.coalesce(ScheduleRow.next_fire, 0).alias("at")
"""As it is stored."""
_DUE = PreparedSelect(
    lambda _: ScheduleRow.select(_NEXT, ScheduleRow.id).where(
        ScheduleRow.status.in_(_FIRING) & ScheduleRow.next_fire.is_null(False)
    )
)
_OVERDUE = PreparedSelect(
    lambda slot: (
        ScheduleRow.select(_NEXT, ScheduleRow.id)
        .where(ScheduleRow.status.in_(_FIRING) & (ScheduleRow.next_fire < slot("before")))
        .order_by(ScheduleRow.next_fire)
    )
)
_DECIDED = PreparedSelect(
    lambda slot: FireRow.select(FireRow.due).where(
        (FireRow.schedule_id == slot("id")) & (FireRow.due >= slot("since"))
    )
)
_EVENTS = PreparedSelect(
    lambda slot: (
        EventRow.select()
        .where((EventRow.seq > slot("after")) & (EventRow.seq <= slot("until")))
        .order_by(EventRow.seq)
        .limit(slot("limit"))
    )
)
_LAST_SEQ = PreparedSelect(
    lambda _: EventRow.select(fn.coalesce(fn.max(EventRow.seq), 0).alias("newest"))
)


def schedule(reader: Reader, key: ScheduleId) -> Schedule:
    """One schedule. Raises `NotFound`."""
    return to_schedule(_SCHEDULE.one(reader, {"id": key}, "schedule", key))


def schedules(reader: Reader, wanted: ScheduleFilter, page: PageRequest) -> Page[Schedule]:
    """Schedules, oldest first."""
    row = ScheduleRow
    query = row.select().order_by(row.created_at, row.id).limit(page.limit + 1)
    if page.after:
        query = query.where(Tuple(row.created_at, row.id) > Tuple(*page.after))
    if wanted.status:
        query = query.where(row.status == wanted.status.value)
    if wanted.workflow_id:
        query = query.where(row.workflow_id == wanted.workflow_id)
    if wanted.workflows is not None:
        query = query.where(row.workflow_id.in_(sorted(wanted.workflows)))
    if wanted.text:
        text = wanted.text
        query = query.where(
            row.name.contains(text) | row.id.contains(text) | row.description.contains(text)
        )
    return _page(reader, query, page, ("created_at", "id"), to_schedule)


def execution(reader: Reader, key: ExecutionId) -> Execution:
    """One execution, without its steps. Raises `NotFound`."""
    return to_execution(_EXECUTION.one(reader, {"id": key}, "execution", key))


def executions(reader: Reader, wanted: ExecutionFilter, page: PageRequest) -> Page[Execution]:
    """Executions without their steps, newest first."""
    row = ExecutionRow
    query = row.select().order_by(row.queued_at.desc(), row.id.desc()).limit(page.limit + 1)
    if page.after:
        query = query.where(Tuple(row.queued_at, row.id) < Tuple(*page.after))
    equal = {
        row.status: wanted.status.value if wanted.status else None,
        row.workflow_id: wanted.workflow_id,
        row.schedule_id: wanted.schedule_id,
        row.backfill_id: wanted.backfill_id,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.workflows is not None:
        query = query.where(row.workflow_id.in_(sorted(wanted.workflows)))
    query = _between(query, row.queued_at, wanted.since, wanted.until)
    return _page(reader, query, page, ("queued_at", "id"), to_execution)


def fires(reader: Reader, key: ScheduleId, wanted: FireFilter, page: PageRequest) -> Page[Fire]:
    """The fire ledger of one schedule, newest first."""
    row = FireRow
    query = row.select().where(row.schedule_id == key)
    query = query.order_by(row.due.desc()).limit(page.limit + 1)
    if page.after:
        query = query.where(row.due < from_micros(int(page.after[0])))
    if wanted.outcome:
        query = query.where(row.outcome == wanted.outcome.value)
    query = _between(query, row.due, wanted.since, wanted.until)
    return _page(reader, query, page, ("due",), to_fire)


def unfinished(reader: Reader) -> list[Unfinished]:
    """Every execution that has not ended, in the order in which the run queue would take them."""
    found = _UNFINISHED.rows(reader, {})
    return [Unfinished(to_execution(each), each["boot_id"]) for each in found]


def unfinished_of(reader: Reader, key: ScheduleId) -> list[Execution]:
    """The executions of a schedule that have not ended, oldest first; not those of its backfills."""
    return [to_execution(found) for found in _UNFINISHED_OF.rows(reader, {"id": key})]


def due(reader: Reader) -> list[Due]:
    """When each schedule that fires is due next: all that a start needs to know of them."""
    return [Due(at, key) for at, key in _DUE.tuples(reader, {})]


def decided_since(reader: Reader, key: ScheduleId, since: datetime) -> frozenset[datetime]:
    """The instants of a schedule, that one and later ones, about which the ledger has a row."""
    found = _DECIDED.tuples(reader, {"id": key, "since": to_micros(since)})
    return frozenset(due for (due,) in found)


def overdue(reader: Reader, before: datetime) -> list[Due]:
    """Schedules whose next instant was to be decided before then, and is not."""
    found = _OVERDUE.tuples(reader, {"before": to_micros(before)})
    return [Due(at, key) for at, key in found]


def events(reader: Reader, after: int, until: int, limit: int = 500) -> list[Event]:
    """Committed events with `after` < seq ≤ `until`, in order."""
    wanted = {"after": after, "until": until, "limit": limit}
    return [to_event(found) for found in _EVENTS.rows(reader, wanted)]


def _between(query: Select, column: Any, since: datetime | None, until: datetime | None) -> Select:
    if since is not None:
        query = query.where(column >= since)
    if until is not None:
        query = query.where(column < until)
    return query


def _page(
    reader: Reader,
    query: Select,
    page: PageRequest,
    order: Sequence[str],
    build: Any,
) -> Page[Any]:
    found = list(rows(reader, query))
    items, more = found[: page.limit], len(found) > page.limit
    key = _key_of(items[-1], query.model, order) if more else None
    return Page([build(row) for row in items], key)


def _key_of(row: dict[str, Any], model: type[Model], order: Sequence[str]) -> Key:
    return tuple(getattr(model, name).db_value(row[name]) for name in order)


def last_seq(reader: Reader) -> int:
    """The sequence number of the newest committed event; 0 when there is none."""
    return int(next(_LAST_SEQ.tuples(reader, {}))[0])


class ScheduleWithOpen(NamedTuple):
    """A schedule, its executions that have not ended, its calendars: what its actor begins with."""

    schedule: Schedule | None
    open: list[Execution]
    calendars: dict[str, Calendar]


def calendars_of(reader: Reader, found: Schedule) -> dict[str, Calendar]:
    """The calendars that a schedule's `exclude` names, by name."""
    names = calendars_in(found.schedule_config.exclude)
    if not names:
        return {}
    query = CalendarRow.select(*CALENDAR_FIELDS).where(CalendarRow.name.in_(names))
    return {row["name"]: to_calendar(row) for row in rows(reader, query)}


def calendar_days_of(reader: Reader, found: Schedule) -> dict[str, CalendarDays]:
    """The days of the calendars that a schedule's `exclude` names, by name."""
    return {name: each.days for name, each in calendars_of(reader, found).items()}


def schedules_of(reader: Reader, keys: Sequence[ScheduleId]) -> dict[ScheduleId, Schedule]:
    """Those of the schedules that there are, by id."""
    found: dict[ScheduleId, Schedule] = {}
    for start in range(0, len(keys), MOST_KEYS):
        query = ScheduleRow.select().where(ScheduleRow.id.in_(keys[start : start + MOST_KEYS]))
        found.update((row["id"], to_schedule(row)) for row in rows(reader, query))
    return found


_IS_KNOWN = Statement(
    lambda slot: ModelSelect(
        ScheduleRow,
        [
            fn.EXISTS(ScheduleRow.select(ScheduleRow.id).where(ScheduleRow.id == slot("id"))),
            fn.EXISTS(
                ExecutionRow.select(ExecutionRow.id).where(
                    (ExecutionRow.schedule_id == slot("id")) & ExecutionRow.status.in_(_OPEN)
                )
            ),
        ],
    ).from_()
)
"""Quick, because every new schedule's actor asks it."""


def schedule_with_open(reader: Reader, key: ScheduleId) -> ScheduleWithOpen:
    """The schedule (None: there is none) with its executions that have not ended, oldest first."""
    known = reader.connection().execute(_IS_KNOWN.sql, _IS_KNOWN.bind({"id": key})).fetchone()
    exists, has_open = known
    row = next(_SCHEDULE.rows(reader, {"id": key}), None) if exists else None
    found = None if row is None else to_schedule(row)
    named = {} if found is None else calendars_of(reader, found)
    return ScheduleWithOpen(found, unfinished_of(reader, key) if has_open else [], named)
