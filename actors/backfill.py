"""Works a backfill out: which executions, ledger rows and events come of what was asked for.

Off the loop, from what is committed; it is then stored in one piece. An instant that has an
execution is left alone; so is one that the schedule is still going to decide by itself.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any, Final, NamedTuple

from quarterjack.storage import (
    Backfill,
    BackfillId,
    Execution,
    ExecutionId,
    Fire,
    FireOutcome,
    IdSource,
    InvalidInput,
    Overlap,
    Schedule,
    ScheduleStatus,
    Trigger,
)
from quarterjack.storage.backfill_changes import RecordBackfill, StretchChange
from quarterjack.storage.backfills import ledger, with_row
from quarterjack.storage.database import Reader
from quarterjack.storage.queries import calendar_days_of

from .backfill_request import BackfillRequest
from .fire_decisions import new_execution, triggered_event
from .policies.timetable import Timetable

MOST_INSTANTS: Final = 10_000
"""Due instants in the range of one backfill."""
_COUNTABLE: Final = timedelta(days=11 * 366)
"""A longer range is not counted, only refused."""
_MICROSECOND: Final = timedelta(microseconds=1)


class BackfillMade(NamedTuple):
    """What came of the request."""

    backfill_id: BackfillId
    execution_ids: list[ExecutionId]


def backfill_made(key: BackfillId, executions: Sequence[Execution]) -> BackfillMade:
    """The answer, when it is stored."""
    return BackfillMade(key, [each.id for each in executions])


def plan_backfill(
    reader: Reader,
    schedule: Schedule,
    request: BackfillRequest,
    params: Mapping[str, Any],
    now: datetime,
    ids: IdSource,
    key: BackfillId | None = None,
) -> RecordBackfill:
    """Everything that is to be stored, under a given id. `params` are all that the executions get.

    Raises `InvalidInput` for a schedule without due instants, a range in the future, and one that has
    too many of them.
    """
    if request.start >= now:
        raise InvalidInput.field("start", msg="is in the future: nothing can have been missed yet")
    if schedule.schedule_config.kind in ("event", "manual"):
        raise InvalidInput.field(
            msg="the schedule is not due by the clock, so it has no instants; trigger it instead"
        )
    timetable = Timetable.of(schedule, calendar_days_of(reader, schedule))
    backfill = _backfill(schedule, request, now, BackfillId(ids.new("bkf")) if key is None else key)
    dues = _instants(timetable, schedule, backfill)
    if not dues:
        empty = RecordBackfill.prepared(backfill, (), (), (), ())
        return replace(empty, is_id_given=key is not None)
    found = ledger(reader, schedule.id, dues[0], dues[-1])
    dues = [due for due in dues if due not in found.executed]
    executions = [_execution(schedule, backfill, params, due, now, ids) for due in dues]
    changes = (_without(reader, timetable, stretch, dues) for stretch in found.stretches)
    plan = RecordBackfill.prepared(
        replace(backfill, total=len(dues)),
        executions,
        [_fire(each) for each in executions],
        [change for change in changes if change is not None],
        [triggered_event(each, now, now - each.scheduled_time) for each in executions],
    )
    return replace(plan, is_id_given=key is not None)


def _backfill(
    schedule: Schedule, request: BackfillRequest, now: datetime, key: BackfillId
) -> Backfill:
    limit = request.max_concurrency
    overlap = request.overlap or ("allow" if limit is not None and limit > 1 else "queueAll")
    if overlap == "queueAll":
        limit = 1
    return Backfill(
        key,
        schedule.id,
        request.start,
        min(request.end, now),
        Overlap(overlap),
        schedule.execution_config.max_concurrency if limit is None else limit,
        request.priority,
        request.params,
        0,
        now,
    )


def _instants(timetable: Timetable, schedule: Schedule, backfill: Backfill) -> list[datetime]:
    """The instants that the rule has in the range: none of excluded days, none that is to come."""
    before, end = backfill.start - _MICROSECOND, backfill.end
    if schedule.status is ScheduleStatus.ACTIVE and schedule.next_due is not None:
        end = min(end, schedule.next_due)
    first = timetable.next(before)
    firing = timetable.firing_from(None if first is None else first.due)
    within = takewhile(lambda each: each.due < end, firing)
    found = [each.due for each in islice(within, MOST_INSTANTS + 1)]
    if len(found) > MOST_INSTANTS:
        raise InvalidInput.field("end", msg=_too_many(timetable, before, end - _MICROSECOND))
    return found


def _too_many(timetable: Timetable, after: datetime, until: datetime) -> str:
    times = f"more than {MOST_INSTANTS:,}"
    if until - after <= _COUNTABLE:
        times = f"{timetable.count(after, until):,}"
    return (
        f"from start to there the schedule is due {times} times, and one backfill is for at most "
        f"{MOST_INSTANTS:,}; take a shorter range"
    )


def _execution(
    schedule: Schedule,
    backfill: Backfill,
    params: Mapping[str, Any],
    due: datetime,
    now: datetime,
    ids: IdSource,
) -> Execution:
    made = new_execution(schedule, Trigger.BACKFILL, due, now, ids)
    return replace(
        made,
        priority=backfill.priority,
        params=dict(params),
        options=replace(made.options, max_concurrency=backfill.max_concurrency),
        backfill_id=backfill.id,
    )


def _fire(execution: Execution) -> Fire:
    assert execution.schedule_id is not None
    return Fire(
        execution.schedule_id,
        execution.scheduled_time,
        execution.queued_at,
        FireOutcome.BACKFILLED,
        execution_id=execution.id,
    )


def _without(
    reader: Reader, timetable: Timetable, stretch: Fire, dues: Sequence[datetime]
) -> StretchChange | None:
    """A row that stands for many instants, without those that get rows of their own now."""
    assert stretch.through is not None
    gone = {due for due in dues if stretch.due <= due <= stretch.through}
    if not gone:
        return None
    left, first = stretch.instants - len(gone), stretch.due
    if left > 0 and first in gone:
        taken = gone | with_row(reader, stretch.schedule_id, first, stretch.through)
        first = _first_left(timetable, first, taken)
    if left <= 0 or first > stretch.through:
        return StretchChange(stretch, None)
    return StretchChange(stretch, replace(stretch, due=first, instants=left))


def _first_left(timetable: Timetable, first: datetime, taken: Collection[datetime]) -> datetime:
    left = (each.due for each in timetable.from_(first) if each.due not in taken)
    return next(left, datetime.max.replace(tzinfo=UTC))
