"""The call that plays a draft of a schedule through, before it is made or changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from quarterjack.actors.drafts import validated
from quarterjack.actors.engine import Reply
from quarterjack.actors.policies.timetable import Timetable
from quarterjack.actors.preview import Preview, PreviewRequest, drafted, preview
from quarterjack.storage import (
    InvalidInput,
    Schedule,
    ScheduleId,
    ScheduleStatus,
)
from quarterjack.storage import queries as q
from quarterjack.storage.calendar_changes import refuse_missing
from quarterjack.storage.database import Reader

from .assembly import Assembly
from .calls import Calls


class PreviewCalls(Calls):
    """Who inherits provides the assembly while it is started."""

    def preview(self, request: Mapping[str, Any]) -> Reply[Preview]:
        """What a schedule with this `scheduleConfig` would do: which instants fire, and which are skipped.

        The request is in the contract's camelCase form; beside the configuration everything is optional:
        `from`, `until`, `limit`, `scheduleId`, `assumedDuration`, `maxConcurrency`. Nothing is stored.
        Raises `InvalidInput` as for a draft, and `NotFound` for the schedule.
        """

        def play(assembly: Assembly) -> Reply[Preview]:
            checked = validated(PreviewRequest, request)
            return assembly.read(_played, checked, assembly.clock.now())

        return self._call(play)


def _played(reader: Reader, request: PreviewRequest, now: datetime) -> Preview:
    since = request.since or now
    if request.until is not None and request.until <= since:
        raise InvalidInput.field("until", msg="is not after now; give an earlier from, too")
    schedule = _schedule(reader, request, min(since, now))
    exclude = schedule.schedule_config.exclude
    days = q.calendar_days_of(reader, schedule)
    refuse_missing(exclude, days.keys())
    timetable = Timetable.of(schedule, days)
    timetable.check(since)
    return preview(
        schedule,
        timetable,
        since,
        request.until,
        assumed_duration=_duration(request, schedule),
        limit=request.limit,
    )


def _schedule(reader: Reader, request: PreviewRequest, created_at: datetime) -> Schedule:
    """The schedule as it would be: a new one, or one that was changed."""
    config = request.schedule_config
    if request.schedule_id is None:
        found = drafted(config, created_at)
    else:
        found = q.schedule(reader, ScheduleId(request.schedule_id))
    execution_config = found.execution_config
    if request.max_concurrency is not None:
        change = {"max_concurrency": request.max_concurrency}
        execution_config = execution_config.model_copy(update=change)
    return replace(
        found,
        status=ScheduleStatus.ACTIVE,
        schedule_config=config,
        execution_config=execution_config,
        resumed_at=None,
    )


def _duration(request: PreviewRequest, schedule: Schedule) -> timedelta:
    """What is said, else how long the schedule's executions have taken on average."""
    totals = schedule.totals
    if request.assumed_duration is not None:
        return request.assumed_duration
    return totals.duration_sum / totals.executions if totals.executions else timedelta(0)
