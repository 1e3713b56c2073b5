"""How many schedules there are, by status."""

from peewee import fn

from .database import Reader
from .selects import tuples
from .statuses import ScheduleStatus
from .tables import ScheduleRow


def schedule_counts(reader: Reader) -> dict[ScheduleStatus, int]:
    """Of each status, also of those that none has."""
    found = dict(
        tuples(
            reader,
            ScheduleRow.select(ScheduleRow.status, fn.count(ScheduleRow.id)).group_by(
                ScheduleRow.status
            ),
        )
    )
    return {status: found.get(status.value, 0) for status in ScheduleStatus}
