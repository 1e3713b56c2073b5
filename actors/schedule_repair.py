"""What a schedule's state should be by its own rule, for `sync` to repair what differs. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from quarterjack.storage import Schedule, ScheduleStatus

from .drafts import due_from
from .policies.timetable import Timetable

_MICROSECOND = timedelta(microseconds=1)


def repaired(schedule: Schedule, timetable: Timetable, now: datetime) -> Schedule:
    """The schedule with the status and the next instant that it should have."""
    if schedule.status is ScheduleStatus.PAUSED:
        return replace(schedule, next_fire=None)
    if schedule.status is ScheduleStatus.DISABLED:
        return replace(schedule, next_due=None, next_fire=None)
    limit = schedule.schedule_config.max_runs
    if limit is not None and schedule.runs >= limit:
        return replace(schedule, status=ScheduleStatus.FINISHED, next_due=None, next_fire=None)
    due = schedule.next_due
    found = None if due is None else timetable.next(due - _MICROSECOND)
    if found is None or found.due != due:
        found = timetable.next(now)
    if schedule.status is ScheduleStatus.FINISHED and found is not None:
        schedule = replace(schedule, status=ScheduleStatus.ACTIVE)
    return due_from(schedule, found)
