"""What a schedule would do in some time to come, or did not do in the past: played through, nothing kept.

Each instant is decided as `fire_decisions` decides it when it is due, one after the other, on time, with
executions that all take as long as is assumed. Pure; works for a while, so off the loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator

from quarterjack.storage import (
    Execution,
    ExecutionConfig,
    ExecutionId,
    ExecutionStatus,
    Fire,
    FireOutcome,
    FireReason,
    Schedule,
    ScheduleConfig,
    ScheduleId,
    ScheduleStatus,
    SeededIds,
    WorkflowId,
)
from quarterjack.storage.durations import Duration
from quarterjack.storage.instants import EPOCH, Instant
from quarterjack.storage.wire_model import WireModel

from .fire_decisions import decide_fires
from .policies.clock_changes import Change
from .policies.clock_notes import ClockNotes
from .policies.timetable import Timetable

LONGEST: Final = timedelta(days=90)
"""How far a preview looks ahead."""
MOST_ITEMS: Final = 1_000
_MICROSECOND: Final = timedelta(microseconds=1)
_NOBODY: Final = ScheduleId("sch_preview")


class PreviewRequest(WireModel):
    """A draft's rule, and the time that it is to be played through."""

    schedule_config: ScheduleConfig
    since: Annotated[Instant | None, Field(alias="from")] = None
    """By default now."""
    until: Instant | None = None
    """By default as far as a preview looks."""
    schedule_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """The schedule that is to be changed so: its jitter, `H`, creation, runs, limits."""
    assumed_duration: Duration | None = None
    """How long each execution takes."""
    max_concurrency: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=MOST_ITEMS)] = 100

    @field_validator("since")
    @classmethod
    def _not_too_early(cls, since: datetime | None) -> datetime | None:
        if since is not None and since < EPOCH:
            raise ValueError("is before 1970")
        return since

    @field_validator("until")
    @classmethod
    def _after_since(cls, until: datetime | None, info: ValidationInfo) -> datetime | None:
        since = info.data.get("since")
        if since is not None and until is not None and until <= since:
            raise ValueError("is not after from; exchange them")
        return until


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """What becomes of a due instant, or of a long stretch of them."""

    due: datetime
    fires_at: datetime
    local: datetime
    """The due instant on the schedule's clock."""
    outcome: FireOutcome
    reason: FireReason | None
    clock_change: str | None
    """What a change of the clock has to do with it, if it has."""
    through: datetime | None
    instants: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The instants in order, and the changes of the clock among them."""

    since: datetime
    until: datetime
    """As far as it looked."""
    assumed_duration: timedelta
    items: list[PreviewItem]
    clock_changes: list[Change]
    next: datetime | None
    """The first due instant that is not shown; None: there is none."""
    truncated: bool
    """Whether that one was asked for: there are more, or it is too far ahead."""


def drafted(
    config: ScheduleConfig,
    created_at: datetime,
    key: ScheduleId = _NOBODY,
    execution_config: ExecutionConfig = ExecutionConfig(),
) -> Schedule:
    """A schedule that nobody has made, to be played. Its id decides about jitter and `H`."""
    return Schedule(
        id=key,
        workflow_id=WorkflowId(""),
        name="",
        description="",
        status=ScheduleStatus.ACTIVE,
        note="",
        schedule_config=config,
        execution_config=execution_config,
        metadata={},
        version=1,
        created_at=created_at,
        updated_at=created_at,
    )


def preview(
    schedule: Schedule,
    timetable: Timetable,
    since: datetime,
    until: datetime | None,
    *,
    assumed_duration: timedelta = timedelta(0),
    limit: int = 100,
) -> Preview:
    """Play the schedule from its first due instant at or after `since` on."""
    wanted = since + LONGEST if until is None else until
    end = min(wanted, since + LONGEST)
    notes = ClockNotes(schedule.id, schedule.schedule_config)
    items, following = _played(schedule, timetable, since, end, assumed_duration, limit)
    return Preview(
        since,
        end,
        assumed_duration,
        [_item(notes, fire) for fire in items],
        list(notes.changes(since, end)),
        following,
        truncated=following is not None and following < wanted,
    )


def _played(
    schedule: Schedule,
    timetable: Timetable,
    since: datetime,
    end: datetime,
    takes: timedelta,
    limit: int,
) -> tuple[list[Fire], datetime | None]:
    """The rows that the ledger would have, and the first instant that is left."""
    fires: list[Fire] = []
    assumed, ids = _Assumed(takes), SeededIds(0)
    found = None if _is_used_up(schedule) else timetable.next(since - _MICROSECOND)
    while found is not None and found.due < end and len(fires) < limit:
        schedule = replace(schedule, next_due=found.due)
        now = found.fires_at
        decided = decide_fires(schedule, timetable, assumed.unfinished(now), now, ids)
        assumed.end(decided.replaced)
        for decision in decided.decisions:
            fires.append(decision.fire)
            if decision.execution is not None:
                assumed.begin(decision.execution, now)
                schedule = replace(schedule, runs=schedule.runs + 1)
        found = decided.next
    if len(fires) > limit:
        return fires[:limit], fires[limit].due
    return fires, None if found is None else found.due


def _is_used_up(schedule: Schedule) -> bool:
    limit = schedule.schedule_config.max_runs
    return limit is not None and schedule.runs >= limit


def _item(notes: ClockNotes, fire: Fire) -> PreviewItem:
    return PreviewItem(
        fire.due,
        fire.decided_at,
        notes.local(fire.due),
        fire.outcome,
        fire.reason,
        None if fire.through is not None else notes.note(fire.due),
        fire.through,
        fire.instants,
    )


class _Assumed:
    """Executions that each take equally long, and begin in their order when there is a place."""

    def __init__(self, takes: timedelta) -> None:
        self._takes = takes
        self._open: dict[ExecutionId, tuple[Execution, datetime]] = {}
        """Each with its start."""

    def unfinished(self, now: datetime) -> Sequence[Execution]:
        """Those that have not ended by then."""
        self._open = {
            key: (execution, start)
            for key, (execution, start) in self._open.items()
            if start + self._takes > now
        }
        return [
            replace(execution, status=ExecutionStatus.RUNNING) if start <= now else execution
            for execution, start in self._open.values()
        ]

    def begin(self, execution: Execution, now: datetime) -> None:
        """One more is recorded; it starts when one of as many as its limit has ended."""
        limit = execution.options.max_concurrency
        ends = sorted(start + self._takes for _, start in self._open.values())
        waits = limit is not None and len(ends) >= limit
        start = max(now, ends[-limit]) if waits and limit is not None else now
        self._open[execution.id] = (execution, start)

    def end(self, keys: Sequence[ExecutionId]) -> None:
        """Those are cancelled."""
        for key in keys:
            self._open.pop(key, None)
