"""Calendars as they are answered, in lists and with their days."""

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import PlainSerializer

from quarterjack import storage
from quarterjack.actors.policies.calendar_days import entries_of
from quarterjack.storage import CalendarSource
from quarterjack.storage.instants import Instant

from .shape import Shape

Day = Annotated[date, PlainSerializer(date.isoformat, return_type=str, when_used="unless-none")]


class CalendarEntry(Shape):
    """A calendar, without its days."""

    name: str
    description: str
    source: CalendarSource
    since: Day | None
    """The first day that was worked out."""
    through: Day | None
    """The last one."""
    version: int
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, found: storage.Calendar) -> "CalendarEntry":
        """A calendar that is stored."""
        return cls(**_fields(found))


class Calendar(CalendarEntry):
    """A calendar with its days."""

    has_version: ClassVar[bool] = True

    dates: list[str]
    """Days and ranges of them."""

    @classmethod
    def of_whole(cls, found: storage.Calendar) -> "Calendar":
        """A calendar that is stored, with all its days."""
        return cls(**_fields(found), dates=entries_of(found.days))


def _fields(found: storage.Calendar) -> dict[str, Any]:
    return {
        "name": found.name,
        "description": found.description,
        "source": found.source,
        "since": found.since,
        "through": found.through,
        "version": found.version,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }
