"""Stored due instants that are to be worked out again, because the time zone data is another one now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import fn

from .database import Reader
from .ids import ScheduleId
from .instants import from_micros, to_micros
from .records import Schedule
from .rows import to_schedule
from .selects import rows, tuples
from .statements import Statement, upsert
from .statuses import ScheduleStatus
from .tables import FactRow, FireRow, ScheduleRow
from .transaction import Transaction

TIME_ZONE_DATA = "time zone data"
_MICROSECOND = timedelta(microseconds=1)
_UNDECIDED = [ScheduleStatus.ACTIVE, ScheduleStatus.PAUSED, ScheduleStatus.ERROR]
_PUT_FACT = upsert(FactRow)
_RESCHEDULE = Statement(
    lambda slot: ScheduleRow.update(
        {ScheduleRow.next_due: slot("due"), ScheduleRow.next_fire: slot("fire")}
    ).where(ScheduleRow.id == slot("id"))
)


class Undecided(NamedTuple):
    """A schedule with an instant to be decided, and the one until which all is decided."""

    schedule: Schedule
    decided: datetime


class Rescheduled(NamedTuple):
    """When a schedule is due next, and when that is to be decided (None: not now)."""

    schedule_id: ScheduleId
    due: datetime
    fire: datetime | None


def stored_time_zone_data(reader: Reader) -> str | None:
    """The version of the time zone data that the stored instants were worked out with."""
    found = next(
        tuples(reader, FactRow.select(FactRow.value).where(FactRow.name == TIME_ZONE_DATA)), None
    )
    return None if found is None else str(found[0])


def undecided(reader: Reader) -> list[Undecided]:
    """Every schedule that has an instant to be decided."""
    through = fn.max(fn.coalesce(FireRow.through, FireRow.due)).coerce(False)
    decided_until = FireRow.select(FireRow.schedule_id, through).group_by(FireRow.schedule_id)
    newest: dict[ScheduleId, int] = dict(tuples(reader, decided_until))
    query = ScheduleRow.select().where(
        ScheduleRow.status.in_([status.value for status in _UNDECIDED])
        & ScheduleRow.next_due.is_null(False)
    )
    found = []
    for row in rows(reader, query):
        schedule = to_schedule(row)
        assert schedule.next_due is not None
        said = min(schedule.updated_at, schedule.next_due - _MICROSECOND)
        decided = newest.get(schedule.id)
        found.append(
            Undecided(schedule, said if decided is None else max(said, from_micros(decided)))
        )
    return found


@dataclass(frozen=True, slots=True)
class Reschedule:
    """Store the instants that differ, and the version of the time zone data they come from."""

    version: str
    changed: Sequence[Rescheduled]

    def apply(self, transaction: Transaction) -> None:
        for each in self.changed:
            transaction.write(
                _RESCHEDULE,
                {
                    "id": each.schedule_id,
                    "due": to_micros(each.due),
                    "fire": None if each.fire is None else to_micros(each.fire),
                },
            )
        transaction.write(_PUT_FACT, {"name": TIME_ZONE_DATA, "value": self.version})
