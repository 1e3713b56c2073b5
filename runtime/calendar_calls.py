"""What can be asked of a runtime about calendars: named days that schedules share in their `exclude`."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.actors.messages import Commit
from quarterjack.actors.policies.calendar_days import days_of
from quarterjack.storage import (
    Calendar,
    CalendarSource,
    InvalidInput,
    NotFound,
    QuarterjackError,
    VersionConflict,
)
from quarterjack.storage import calendar_queries as q
from quarterjack.storage.calendar_changes import DeleteCalendar, PutCalendar
from quarterjack.storage.calendar_names import is_calendar_name
from quarterjack.storage.queries import Page, PageRequest

from .assembly import Assembly
from .calendar_reading import YEARS_AHEAD, read_calendar

logger = logging.getLogger("quarterjack.calendars")
T = TypeVar("T")
_ANY = "surrogatepass"
"""What is no Unicode is told with its line by whoever reads it."""


class CalendarCalls(ABC):
    """The calls; who inherits says how a call is made."""

    def put_calendar(
        self,
        name: str,
        *,
        dates: Sequence[str] | None = None,
        icalendar: str | bytes | None = None,
        description: str | None = None,
        version: int | None = None,
    ) -> Reply[Calendar]:
        """Make a calendar, or replace what it holds: `dates` and ranges of them, or an iCalendar text.

        Without a description, an iCalendar text's own name is taken. Schedules that use it decide by
        the new days from the moment it is stored. Raises `InvalidInput`, `VersionConflict`, and
        `NotFound` when a version is expected of a calendar that is not there.
        """

        def put(assembly: Assembly) -> Reply[Calendar]:
            _check(name, dates, icalendar)
            now = assembly.clock.now()
            raw = icalendar.encode(errors=_ANY) if isinstance(icalendar, str) else icalendar

            def change() -> PutCalendar:
                if raw is None:
                    listed = (dates,) if isinstance(dates, str) else dates or ()
                    calendar = _of_dates(name, listed, description or "", now)
                    return PutCalendar(calendar, expected=version)
                return _of_text(name, raw, description, now, version)

            return _stored(assembly, change)

        return self._call(put)

    def get_calendar(self, name: str) -> Reply[Calendar]:
        """One calendar. Raises `NotFound`."""
        return self._call(lambda assembly: assembly.read(q.calendar, name))

    def list_calendars(self, page: PageRequest = PageRequest()) -> Reply[Page[Calendar]]:
        """Calendars by name."""
        return self._call(lambda assembly: assembly.read(q.calendars, page))

    def delete_calendar(self, name: str, *, version: int | None = None) -> Reply[None]:
        """Forget a calendar. Raises `NotFound`, `VersionConflict`, `CalendarInUse`."""
        change = DeleteCalendar(name, version)
        return self._call(lambda assembly: assembly.cast.state.ask(Commit(change)))

    @abstractmethod
    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        """What the call answers; also its errors come through the reply."""


def read_further(assembly: Assembly) -> None:
    """Read the texts further that end within the years to come, one after the other, without waiting.

    A start does this, so that what repeats without end goes on to do so.
    """
    today = assembly.clock.now().date()
    wanted = date(today.year + YEARS_AHEAD, 1, 1)

    def found(names: Reply[list[str]]) -> None:
        try:
            _one_after_another(assembly, names.get())
        except Exception as error:
            logger.error("the calendars that end soon could not be looked up: %s", error)

    assembly.read(q.ending_before, wanted).add_done_callback(found)


def _one_after_another(assembly: Assembly, names: list[str]) -> None:
    if not names:
        return
    first, *others = names

    def read(done: Reply[Calendar]) -> None:
        _told(first, done)
        _one_after_another(assembly, others)

    _again(assembly, first).add_done_callback(read)


def _again(assembly: Assembly, name: str) -> Reply[Calendar]:
    answer: Reply[Calendar] = assembly.system.dispatcher.new_reply()

    def found(text: Reply[q.ReadThrough]) -> None:
        try:
            before, icalendar = text.get()
        except QuarterjackError as error:
            answer.set_exception(error)
            return
        now = assembly.clock.now()
        _stored(
            assembly,
            lambda: _of_text(name, icalendar.encode(), before.description, now, before.version),
        ).pipe(answer)

    assembly.read(q.with_text, name).add_done_callback(found)
    return answer


def _told(name: str, done: Reply[Calendar]) -> None:
    try:
        done.get()
    except (NotFound, VersionConflict):
        return  # somebody has changed it meanwhile
    except Exception as error:
        logger.error("the calendar %s could not be read for further years: %s", name, error)


def _stored(assembly: Assembly, change: Callable[[], PutCalendar]) -> Reply[Calendar]:
    """The change is worked out on a thread, and stored then."""
    answer: Reply[Calendar] = assembly.system.dispatcher.new_reply()

    def store(worked_out: Reply[PutCalendar]) -> None:
        try:
            assembly.cast.state.ask(Commit(worked_out.get())).pipe(answer)
        except Exception as error:
            answer.set_exception(error)

    assembly.work_out(change, "calendar").add_done_callback(store)
    return answer


def _check(name: str, dates: object, icalendar: object) -> None:
    if not is_calendar_name(name):
        raise InvalidInput.field(
            "name", msg="the name of a calendar is 1 to 100 letters, digits, '_', '.' or '-'"
        )
    if (dates is None) == (icalendar is None):
        raise InvalidInput.field("dates", msg="give either dates or an iCalendar text")


def _of_dates(name: str, dates: Sequence[str], description: str, now: datetime) -> Calendar:
    days = days_of(dates)
    return Calendar(name, description, CalendarSource.DATES, days, None, None, 0, now, now)


def _of_text(
    name: str, raw: bytes, description: str | None, now: datetime, version: int | None
) -> PutCalendar:
    found = read_calendar(raw, now.date())
    calendar = Calendar(
        name,
        found.name if description is None else description,
        CalendarSource.ICALENDAR,
        found.days,
        found.since,
        found.through,
        0,
        now,
        now,
    )
    return PutCalendar(calendar, found.text, version)
