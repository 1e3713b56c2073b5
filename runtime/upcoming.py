"""When a schedule fires next, by its timetable and calendars: reads that compute, so off the loop."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from quarterjack.actors.policies.timetable import Occurrence, Timetable
from quarterjack.storage import Schedule, ScheduleId
from quarterjack.storage import queries as q
from quarterjack.storage.database import Reader
from quarterjack.storage.overviews import CombinedStatus, combined_status

MOST_UPCOMING = 1_000


def upcoming(reader: Reader, key: ScheduleId, count: int) -> list[datetime]:
    """The next due instants that fire. Raises `NotFound`."""
    found = q.schedule(reader, key)
    most, limit = min(count, MOST_UPCOMING), found.schedule_config.max_runs
    if limit is not None:
        most = min(most, limit - found.runs)
    return [each.due for each in islice(_firing(reader, found), max(0, most))]


def status(reader: Reader, key: ScheduleId, now: datetime) -> CombinedStatus:
    """The combined status, with when it fires next. Raises `NotFound`."""
    found = combined_status(reader, key, now)
    return replace(found, next_execution=next_firing(reader, found.schedule))


def next_firing(reader: Reader, found: Schedule) -> datetime | None:
    """When it fires next, by its timetable; None: never, while things are so."""
    following = next(_firing(reader, found), None)
    return None if following is None else following.fires_at


def _firing(reader: Reader, found: Schedule) -> Iterator[Occurrence]:
    if found.next_fire is None:
        return iter(())
    return Timetable.of(found, q.calendar_days_of(reader, found)).firing_from(found.next_due)
