"""Decisions about instants that have passed a while ago: off the loop, and with what is decided already."""

from collections.abc import Sequence
from datetime import datetime

from quarterjack.storage import Execution, IdSource, Schedule
from quarterjack.storage.database import Reader
from quarterjack.storage.queries import decided_since

from .fire_decisions import Fires, decide_fires
from .policies.timetable import Timetable


def decide_late(
    reader: Reader,
    schedule: Schedule,
    timetable: Timetable,
    unfinished: Sequence[Execution],
    now: datetime,
    ids: IdSource,
) -> Fires:
    """As `decide_fires` does; instants may have been backfilled before their turn came."""
    decided = decided_since(reader, schedule.id, schedule.next_due or now)
    return decide_fires(schedule, timetable, unfinished, now, ids, decided)
