"""Reads of calendars: one, all in pages, and those whose iCalendar text is to be read again."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from .database import Reader
from .queries import Page, PageRequest
from .records import Calendar
from .rows import CALENDAR_FIELDS, to_calendar
from .selects import one, rows, tuples
from .tables import CalendarRow


class ReadThrough(NamedTuple):
    """A calendar that was read from a text, and the text."""

    calendar: Calendar
    icalendar: str


def calendar(reader: Reader, name: str) -> Calendar:
    """One calendar. Raises `NotFound`."""
    query = CalendarRow.select(*CALENDAR_FIELDS).where(CalendarRow.name == name)
    return to_calendar(one(reader, query, "calendar", name))


def known(reader: Reader, names: Collection[str]) -> set[str]:
    """Those of the names that calendars have."""
    query = CalendarRow.select(CalendarRow.name).where(CalendarRow.name.in_(list(names)))
    return {name for (name,) in tuples(reader, query)} if names else set()


def calendars(reader: Reader, page: PageRequest) -> Page[Calendar]:
    """Calendars by name."""
    query = CalendarRow.select(*CALENDAR_FIELDS).order_by(CalendarRow.name).limit(page.limit + 1)
    if page.after:
        query = query.where(CalendarRow.name > page.after[0])
    found = [to_calendar(row) for row in rows(reader, query)]
    items = found[: page.limit]
    return Page(items, (items[-1].name,) if len(found) > page.limit else None)


def ending_before(reader: Reader, day: date) -> list[str]:
    """The names of the calendars whose text was not read as far as that day."""
    query = CalendarRow.select(CalendarRow.name).where(
        CalendarRow.icalendar.is_null(False) & (CalendarRow.through < day)
    )
    return [name for (name,) in tuples(reader, query.order_by(CalendarRow.name))]


def with_text(reader: Reader, name: str) -> ReadThrough:
    """A calendar with the text that it was read from. Raises `NotFound`."""
    row = one(reader, CalendarRow.select().where(CalendarRow.name == name), "calendar", name)
    return ReadThrough(to_calendar(row), row["icalendar"])
