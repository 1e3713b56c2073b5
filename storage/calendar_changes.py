"""What can be written about calendars, and what schedules rely on of them, checked where they are written.

A schedule names only calendars that exist, and one that is named can't be deleted: both are decided in
the transaction that writes, so no order of the two gets past it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from peewee import fn

from .calendar_names import calendar_of, calendars_in
from .errors import CalendarInUse, FieldError, InvalidInput, NotFound, VersionConflict
from .instants import from_micros
from .plain_data import unpack
from .records import Calendar
from .rows import calendar_columns
from .statements import Statement, upsert
from .tables import CalendarRow, ScheduleRow
from .transaction import Transaction

_VERSION = Statement(
    lambda slot: CalendarRow.select(CalendarRow.version, CalendarRow.created_at).where(
        CalendarRow.name == slot("name")
    )
)
_UPSERT = upsert(CalendarRow)
_DELETE = Statement(lambda slot: CalendarRow.delete().where(CalendarRow.name == slot("name")))
_MENTIONING = Statement(
    lambda slot: (
        ScheduleRow.select(ScheduleRow.id, ScheduleRow.schedule_config.cast("BLOB"))
        .where(fn.instr(ScheduleRow.schedule_config, slot("entry")) > 0)
        .order_by(ScheduleRow.created_at, ScheduleRow.id)
    )
)
"""Schedules whose configuration has these bytes somewhere: found without opening all the others."""


@dataclass(frozen=True, slots=True)
class PutCalendar:
    """Make a calendar or replace what it holds; `expected` is the version to be replaced, if it matters.

    Answers with the calendar as it is stored: version and creation are counted here. Raises
    `VersionConflict`, and `NotFound` when a version is expected and there is none.
    """

    calendar: Calendar
    icalendar: str | None = None
    """The text that the days were read from."""
    expected: int | None = None

    def apply(self, transaction: Transaction) -> Calendar:
        version, created_at = _found(transaction, self.calendar.name, self.expected)
        stored = replace(
            self.calendar,
            version=version + 1,
            created_at=self.calendar.created_at if created_at is None else created_at,
        )
        transaction.write(_UPSERT, calendar_columns(stored, self.icalendar))
        return stored


@dataclass(frozen=True, slots=True)
class DeleteCalendar:
    """Forget a calendar. Raises `NotFound`, `VersionConflict`, and `CalendarInUse`."""

    name: str
    expected: int | None = None

    def apply(self, transaction: Transaction) -> None:
        version, _ = _found(transaction, self.name, self.expected)
        if version == 0:
            raise NotFound("calendar", self.name)
        users = _users(transaction, self.name)
        if users:
            raise CalendarInUse(self.name, users)
        transaction.write(_DELETE, {"name": self.name})


def require_calendars(transaction: Transaction, exclude: Sequence[str]) -> None:
    """Raise `InvalidInput` for each entry of a schedule's `exclude` whose calendar does not exist."""
    missing = {
        name for name in calendars_in(exclude) if not transaction.read(_VERSION, {"name": name})
    }
    refuse_missing(exclude, missing)


def refuse_missing(exclude: Sequence[str], missing: Collection[str]) -> None:
    """Raise `InvalidInput` for each entry of a schedule's `exclude` that names one of these calendars."""
    if missing:
        raise InvalidInput(
            [
                FieldError(
                    ("scheduleConfig", "exclude", index),
                    f"there is no calendar {name!r}; make it first, or look at its spelling",
                )
                for index, entry in enumerate(exclude)
                if (name := calendar_of(entry)) in missing
            ]
        )


def require_versions(transaction: Transaction, seen: Mapping[str, int]) -> None:
    """Raise `VersionConflict` if a calendar is another than the one that was decided with."""
    for name, expected in seen.items():
        version, _ = _found(transaction, name, None)
        if version != expected:
            raise VersionConflict("calendar", name, expected=expected, found=version)


def _found(
    transaction: Transaction, name: str, expected: int | None
) -> tuple[int, datetime | None]:
    """Version (0: there is none) and creation of a calendar, if it is at the expected version."""
    rows = transaction.read(_VERSION, {"name": name})
    if not rows:
        if expected is not None:
            raise NotFound("calendar", name)
        return 0, None
    version = int(rows[0][0])
    if expected is not None and version != expected:
        raise VersionConflict("calendar", name, expected=expected, found=version)
    return version, from_micros(rows[0][1])


def _users(transaction: Transaction, name: str) -> list[str]:
    entry = f"calendar:{name}"
    mentioning = transaction.read(_MENTIONING, {"entry": entry.encode()})
    return [key for key, config in mentioning if entry in unpack(config).get("exclude", ())]
