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
from .instants import from_micros
from .plain_data import Packed
from .records import Attempt, Calendar, CalendarDays, Execution, Failure, Fire, Schedule, StepRun
from .rows import (
    CALENDAR_FIELDS,
    to_attempt,
    to_calendar,
    to_event,
    to_execution,
    to_fire,
    to_schedule,
    to_step,
)
from .selects import Select, one, rows, tuples
from .statements import Statement
from .statuses import UNFINISHED, ExecutionStatus, FireOutcome, ScheduleStatus, StepStatus
from .tables import AttemptRow, CalendarRow, EventRow, ExecutionRow, FireRow, ScheduleRow, StepRow

T = TypeVar("T")
Key = tuple[int | str, ...]
"""Where a page ended: the ordering columns of its last row, as they are stored."""
_FIRING = [ScheduleStatus.ACTIVE.value, ScheduleStatus.ERROR.value]
_MOST_KEYS = 500
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


class Resumable(NamedTuple):
    """An execution with its steps, and the results of the finished ones, still packed."""

    execution: Execution
    steps: list[StepRun]
    results: dict[str, Packed]
    children: dict[ExecutionId, "ChildEnd"]
    """Of the executions that its steps wait for, those that have ended."""


class ChildEnd(NamedTuple):
    """How an execution ended that a step has begun."""

    status: ExecutionStatus
    result: Packed
    error: Failure | None


class StepFound(NamedTuple):
    """One step as it is stored, with its result, still packed, and the end of what it began."""

    step: StepRun
    result: Packed | None
    child: ChildEnd | None


def schedule(reader: Reader, key: ScheduleId) -> Schedule:
    """One schedule. Raises `NotFound`."""
    query = ScheduleRow.select().where(ScheduleRow.id == key)
    return to_schedule(one(reader, query, "schedule", key))


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
    query = ExecutionRow.select().where(ExecutionRow.id == key)
    return to_execution(one(reader, query, "execution", key))


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


def steps(reader: Reader, key: ExecutionId) -> list[StepRun]:
    """The steps of an execution that have begun, with their attempts."""
    attempts: dict[str, list[Attempt]] = {}
    query = AttemptRow.select().where(AttemptRow.execution == key).order_by(AttemptRow.number)
    for row in rows(reader, query):
        attempts.setdefault(row["step"], []).append(to_attempt(row))
    begun = StepRow.select().where(StepRow.execution == key).order_by(StepRow.name)
    return [to_step(row, tuple(attempts.get(row["name"], ()))) for row in rows(reader, begun)]


def resumable(reader: Reader, key: ExecutionId) -> Resumable:
    """All that an execution's actor needs to begin or to go on. Raises `NotFound`."""
    done = StepRow.select(StepRow.name, StepRow.result.cast("BLOB").alias("packed")).where(
        (StepRow.execution == key) & (StepRow.status == StepStatus.SUCCEEDED.value)
    )
    results = {name: _packed(found) for name, found in tuples(reader, done)}
    begun = steps(reader, key)
    awaited = [step.awaited.child_id for step in begun if step.awaited.child_id is not None]
    return Resumable(execution(reader, key), begun, results, _ends(reader, awaited))


def step(reader: Reader, key: ExecutionId, name: str) -> StepFound | None:
    """One step of an execution; None: it has not begun."""
    of_step = (StepRow.execution == key) & (StepRow.name == name)
    row = next(rows(reader, StepRow.select().where(of_step)), None)
    if row is None:
        return None
    packed = StepRow.select(StepRow.result.cast("BLOB").alias("packed")).where(of_step)
    attempts = AttemptRow.select().where((AttemptRow.execution == key) & (AttemptRow.step == name))
    numbered = rows(reader, attempts.order_by(AttemptRow.number))
    found = to_step(row, tuple(to_attempt(each) for each in numbered))
    child = found.awaited.child_id
    ends = {} if child is None else _ends(reader, [child])
    result = _packed(next(tuples(reader, packed))[0])
    return StepFound(found, result, None if child is None else ends.get(child))


def _ends(reader: Reader, keys: Sequence[ExecutionId]) -> dict[ExecutionId, ChildEnd]:
    row = ExecutionRow
    columns = (row.id, row.status, row.result.cast("BLOB").alias("packed"), row.error)
    found: dict[ExecutionId, ChildEnd] = {}
    for start in range(0, len(keys), _MOST_KEYS):
        query = row.select(*columns).where(
            row.id.in_(keys[start : start + _MOST_KEYS]) & row.ended_at.is_null(False)
        )
        for key, status, packed, error in tuples(reader, query):
            failure = Failure(*error) if error else None
            found[key] = ChildEnd(ExecutionStatus(status), _packed(packed), failure)
    return found


def _packed(found: bytes | None) -> Packed:
    return Packed(b"\xc0") if found is None else Packed(found)


def unfinished(reader: Reader) -> list[Unfinished]:
    """Every execution that has not ended, in the order in which the run queue would take them."""
    row = ExecutionRow
    query = (
        row.select()
        .where(row.status.in_(_OPEN))
        .order_by(row.priority, row.scheduled_time, row.queued_at, row.id)
    )
    return [Unfinished(to_execution(found), found["boot_id"]) for found in rows(reader, query)]


def unfinished_of(reader: Reader, key: ScheduleId) -> list[Execution]:
    """The executions of a schedule that have not ended, oldest first; not those of its backfills."""
    row = ExecutionRow
    query = row.select().where(
        (row.schedule_id == key) & row.status.in_(_OPEN) & row.backfill_id.is_null()
    )
    return [to_execution(found) for found in rows(reader, query.order_by(row.queued_at, row.id))]


def due(reader: Reader) -> list[Due]:
    """When each schedule that fires is due next: all that a start needs to know of them."""
    row = ScheduleRow
    query = row.select(fn.coalesce(row.next_fire, 0).coerce(False), row.id).where(
        row.status.in_(_FIRING) & row.next_fire.is_null(False)
    )
    return [Due(at, key) for at, key in tuples(reader, query)]


def decided_since(reader: Reader, key: ScheduleId, since: datetime) -> frozenset[datetime]:
    """The instants of a schedule, that one and later ones, about which the ledger has a row."""
    row = FireRow
    query = row.select(row.due).where((row.schedule_id == key) & (row.due >= since))
    return frozenset(due for (due,) in tuples(reader, query))


def overdue(reader: Reader, before: datetime) -> list[Due]:
    """Schedules whose next instant was to be decided before then, and is not."""
    row = ScheduleRow
    query = row.select(row.next_fire.coerce(False), row.id).where(
        row.status.in_(_FIRING) & (row.next_fire < before)
    )
    return [Due(at, key) for at, key in tuples(reader, query.order_by(row.next_fire))]


def events(reader: Reader, after: int, until: int, limit: int = 500) -> list[Event]:
    """Committed events with `after` < seq ≤ `until`, in order."""
    row = EventRow
    query = row.select().where((row.seq > after) & (row.seq <= until))
    return [to_event(found) for found in rows(reader, query.order_by(row.seq).limit(limit))]


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
    newest = EventRow.select(fn.coalesce(fn.max(EventRow.seq), 0))
    return int(next(tuples(reader, newest))[0])


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
    for start in range(0, len(keys), _MOST_KEYS):
        query = ScheduleRow.select().where(ScheduleRow.id.in_(keys[start : start + _MOST_KEYS]))
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
    row = None
    if exists:
        row = next(rows(reader, ScheduleRow.select().where(ScheduleRow.id == key)), None)
    found = None if row is None else to_schedule(row)
    named = {} if found is None else calendars_of(reader, found)
    return ScheduleWithOpen(found, unfinished_of(reader, key) if has_open else [], named)
