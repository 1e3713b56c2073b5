"""How things stand: how many schedules are in which state or need somebody, and what is under way.

All of it comes from indexes, so it can be asked again and again.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

from peewee import JOIN, SQL, Expression, fn

from .database import Reader
from .ids import ScheduleId, WorkflowId
from .instants import to_micros
from .selects import Select, tuples
from .statuses import UNFINISHED, ExecutionStatus, FireReason, ScheduleStatus
from .tables import WAS_MISSED, ExecutionRow, FireRow, ScheduleRow

GRACE: Final = timedelta(seconds=5)
"""How long after its instant a schedule that has not decided about it is late."""
FAILURES: Final = 2
"""So many failures in a row are more than an accident."""
LOST_WITHIN: Final = timedelta(hours=24)
Workflows: TypeAlias = Collection[WorkflowId] | None
"""The only ones that are looked at; None: all."""
_OPEN: Final = [each.value for each in UNFINISHED]
_IS_WATCHED: Final = ScheduleRow.status.not_in(
    [ScheduleStatus.DISABLED.value, ScheduleStatus.FINISHED.value]
)
"""So put that its index is not taken for it: what is sought besides is rarer."""


class Concern(StrEnum):
    """Why a schedule needs somebody, the worst first."""

    ERROR = "error"
    """Its actor can't go on: it is in quarantine."""
    LATE = "late"
    """It is active, and a due instant has passed by without a decision."""
    FAILING = "failing"
    """Its executions have failed at least twice in a row; not one that is disabled or finished."""
    LOSING = "losing"
    """Due instants were missed in the last day, and not because it was paused."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """A schedule that needs somebody; `since` in microseconds since 1970."""

    schedule_id: ScheduleId
    since: int | None = None
    count: int | None = None
    """Failures in a row, or due instants that were missed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The counts; of schedules by their status, and by what concerns them."""

    statuses: dict[ScheduleStatus, int]
    concerns: dict[Concern, int]
    running: int
    waiting: int
    queued: int

    @property
    def total(self) -> int:
        """How many schedules there are."""
        return sum(self.statuses.values())


def standing(reader: Reader, now: datetime, workflows: Workflows = None) -> Standing:
    """The counts now, of all workflows or of some."""
    found = {each: concerned(reader, each, now, workflows) for each in Concern}
    return standing_with(reader, found, workflows)


def standing_with(
    reader: Reader, found: dict[Concern, list[Concerned]], workflows: Workflows
) -> Standing:
    """The same for who knows the concerns already."""
    row, run = ScheduleRow, ExecutionRow
    by_status = of_workflows(row.select(row.status, fn.count(SQL("*"))), row, workflows)
    open_ones = run.select(run.status, fn.count(SQL("*"))).where(run.status.in_(_OPEN))
    if workflows is not None:
        open_ones = open_ones.where(not_sought(run.workflow_id).in_(sorted(workflows)))
    statuses = dict(tuples(reader, by_status.group_by(row.status)))
    runs = dict(tuples(reader, open_ones.group_by(run.status)))
    return Standing(
        {each: statuses.get(each.value, 0) for each in ScheduleStatus},
        {concern: len(each) for concern, each in found.items()},
        runs.get(ExecutionStatus.RUNNING.value, 0),
        runs.get(ExecutionStatus.WAITING.value, 0),
        runs.get(ExecutionStatus.QUEUED.value, 0),
    )


def concerned(
    reader: Reader, concern: Concern, now: datetime, workflows: Workflows = None
) -> list[Concerned]:
    """The schedules of a concern, the worst first."""
    query = _CONCERNED[concern](now)
    if workflows is not None:
        query = query.where(not_sought(ScheduleRow.workflow_id).in_(sorted(workflows)))
    return [Concerned(ScheduleId(key), *rest) for key, *rest in tuples(reader, query)]


def is_concerned(concern: Concern, now: datetime) -> Expression:
    """The condition under which a schedule is one of the concern's."""
    row = ScheduleRow
    match concern:
        case Concern.ERROR:
            return row.status == ScheduleStatus.ERROR.value
        case Concern.LATE:
            return (row.status == ScheduleStatus.ACTIVE.value) & (row.next_fire < now - GRACE)
        case Concern.FAILING:
            many = row.failures_in_row >= SQL(str(FAILURES))  # as the index says it
            return many & _IS_WATCHED
        case Concern.LOSING:
            lost = FireRow.select(FireRow.schedule_id).where(_is_lost(now))
            return _IS_WATCHED & row.id.in_(lost)


def lost_instants(reader: Reader, now: datetime) -> dict[ScheduleId, int]:
    """How many due instants each schedule has lost in the last day; what has lost none is left out."""
    fire = FireRow
    query = fire.select(fire.schedule_id, fn.sum(fire.instants)).where(_is_lost(now))
    return dict(tuples(reader, query.group_by(not_sought(fire.schedule_id))))


def not_sought(column: Any) -> Any:
    """The same value, for which SQLite looks into no index: another condition is the rarer one."""
    return column.concat("")


def of_workflows(
    query: Select, model: type[ScheduleRow | ExecutionRow], which: Workflows
) -> Select:
    """What the query finds of some workflows; None: of all."""
    if which is None:
        return query
    return query.where(model.workflow_id.in_(sorted(which)))


def _error(now: datetime) -> Select:
    row = ScheduleRow
    return row.select(row.id).where(is_concerned(Concern.ERROR, now)).order_by(row.id)


def _late(now: datetime) -> Select:
    row = ScheduleRow
    query = row.select(row.id, row.next_fire.coerce(False))
    return query.where(is_concerned(Concern.LATE, now)).order_by(row.next_fire)


def _failing(now: datetime) -> Select:
    row = ScheduleRow
    query = row.select(row.id, SQL("NULL"), row.failures_in_row)
    query = query.where(is_concerned(Concern.FAILING, now))
    return query.order_by(row.failures_in_row.desc(), row.id)


def _losing(now: datetime) -> Select:
    row, fire = ScheduleRow, FireRow
    lost = fn.sum(fire.instants)
    query = fire.select(fire.schedule_id, fn.min(fire.due).coerce(False), lost)
    query = query.join(row, JOIN.CROSS).where(row.id == fire.schedule_id)  # in this order
    query = query.where(_is_lost(now) & _IS_WATCHED).group_by(not_sought(fire.schedule_id))
    return query.order_by(lost.desc(), fire.schedule_id)


def _is_lost(now: datetime) -> Expression:
    fire, since = FireRow, now - LOST_WITHIN
    last = fn.coalesce(fire.through, fire.due)
    return (
        WAS_MISSED
        & (fire.decided_at >= since)
        & (last >= to_micros(since))
        & (fire.reason != FireReason.PAUSED.value)
    )


_CONCERNED: Final[dict[Concern, Callable[[datetime], Select]]] = {
    Concern.ERROR: _error,
    Concern.LATE: _late,
    Concern.FAILING: _failing,
    Concern.LOSING: _losing,
}
