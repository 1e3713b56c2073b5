"""The days that the events of an iCalendar text fall on, repetitions and exceptions included. Pure.

An all-day event covers its days (its end is the day after), one with times the days that it touches, by
the clock of its own time zone. Cancelled events cover none. A hostile text may take any time and memory,
so this runs in a process of its own (`quarterjack.actors.icalendar_reader`).
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import recurring_ical_events
from icalendar import Calendar

from quarterjack.storage import CalendarDays
from quarterjack.storage.calendar_days import merged

from .icalendar_text import IcalendarError, event_lines

_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)
_MATTER: Final = frozenset(
    {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SEQUENCE"}
)
"""The properties that say when an event is."""
_ONCE: Final = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "SEQUENCE")
_OF_DAYS: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_MOST_TIMES_A_DAY = 24
_LONGEST_NAME = 200


class EventDays(NamedTuple):
    """What the calendar calls itself (empty: nothing), and its days."""

    name: str
    days: CalendarDays


class _Series(NamedTuple):
    """An event with its exceptions, which have the same UID."""

    label: str
    calendar: Calendar


def event_days(
    raw: bytes, since: date, through: date, at: Callable[[str], None] = lambda _: None
) -> EventDays:
    """The days from `since` to `through`; `at` is told which event is being looked at.

    Raises `IcalendarError`.
    """
    text = _decoded(raw)
    lines = iter(event_lines(text))
    calendars = _calendars(text)
    ranges: list[tuple[date, date]] = []
    for calendar in calendars:
        for series in _series(calendar, lines):
            at(series.label)
            ranges += _ranges(series, since, through)
    names = (str(each.get("NAME", each.get("X-WR-CALNAME", ""))) for each in calendars)
    return EventDays(next(filter(None, names), "")[:_LONGEST_NAME], merged(ranges))


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise IcalendarError(f"line {line}: it is not UTF-8; save the file in that") from None


def _calendars(text: str) -> list[Calendar]:
    try:
        found = Calendar.from_ical(text, multiple=True)
    except Exception as error:
        raise IcalendarError(f"it can't be read: {error}") from error
    return [each for each in found if isinstance(each, Calendar)]


def _series(calendar: Calendar, lines: Iterator[int]) -> list[_Series]:
    """The events by UID, each checked."""
    found: dict[str, _Series] = {}
    zone = _zone(calendar)
    for event in calendar.walk("VEVENT"):
        line = next(lines)
        label = _label(event, line)
        _check(event, label)
        uid = str(event.get("UID", f"line {line}"))
        if uid not in found:
            found[uid] = _Series(label, Calendar())
            if zone is not None:
                found[uid].calendar.add("X-WR-TIMEZONE", zone)
        found[uid].calendar.add_component(event)
    return list(found.values())


def _zone(calendar: Calendar) -> str | None:
    scale = str(calendar.get("CALSCALE", "GREGORIAN")).upper()
    if scale != "GREGORIAN":
        raise IcalendarError(f"CALSCALE is {scale!r:.40}; only Gregorian calendars can be read")
    name = calendar.get("X-WR-TIMEZONE")
    if name is None:
        return None
    try:
        ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise IcalendarError(f"X-WR-TIMEZONE: {str(name)!r:.60} is no time zone") from None
    return str(name)


def _label(event: Any, line: int) -> str:
    title = str(event.get("SUMMARY", event.get("UID", "without a name")))
    return f"the event {title[:60]!r} (line {line})"


def _check(event: Any, label: str) -> None:
    """Refuse what would be read as something else than what it says, or not at all."""
    for name, problem in event.errors:
        if name is None or name in _MATTER:
            raise IcalendarError(f"{label}: {name or 'a line'}: {problem}")
    for name in _ONCE:
        if isinstance(event.get(name), list):
            raise IcalendarError(f"{label} has more than one {name}")
    if event.get("DTSTART") is None:
        raise IcalendarError(f"{label} has no DTSTART")
    if _ends_early(event):
        raise IcalendarError(f"{label} ends before it begins")
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        _check_rule(rule, label)


def _ends_early(event: Any) -> bool:
    duration, end = event.get("DURATION"), event.get("DTEND")
    if end is None:
        return duration is not None and duration.dt < timedelta(0)
    try:
        return bool(end.dt < event["DTSTART"].dt)
    except TypeError:  # a date and a time, or a time without its zone
        return False


def _check_rule(rule: Any, label: str) -> None:
    frequencies = [str(each).upper() for each in rule.get("FREQ", [])]
    if len(frequencies) != 1:
        raise IcalendarError(f"{label} has an RRULE without one FREQ")
    if frequencies[0] not in _OF_DAYS:
        raise IcalendarError(
            f"{label} repeats {frequencies[0]}; a calendar is of days, so let it repeat "
            f"{', '.join(_OF_DAYS[:-1])} or {_OF_DAYS[-1]}"
        )
    if any(int(each) < 1 for each in rule.get("INTERVAL", [1])):
        raise IcalendarError(f"{label} has an RRULE with an INTERVAL below 1")
    times = 1
    for part in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        times *= max(1, len(rule.get(part, [])))
    if times > _MOST_TIMES_A_DAY:
        raise IcalendarError(f"{label} repeats {times:,} times a day; once is enough for a day")


def _ranges(series: _Series, since: date, through: date) -> list[tuple[date, date]]:
    try:
        query = recurring_ical_events.of(series.calendar)
        occurrences: list[Any] = query.between(since - _DAY, through + 2 * _DAY)
    except MemoryError:
        raise
    except Exception as error:
        problem = str(error) or type(error).__name__
        raise IcalendarError(f"{series.label} can't be read: {problem:.200}") from error
    found = []
    for occurrence in occurrences:
        if str(occurrence.get("STATUS", "")).upper() == "CANCELLED":
            continue
        first, last = _touched(occurrence["DTSTART"].dt, occurrence["DTEND"].dt)
        if first <= through and last >= since:
            found.append((max(first, since), min(last, through)))
    return found


def _touched(start: date, end: date) -> tuple[date, date]:
    """The first and the last day of an event; one that takes no time is on a day, too."""
    if not isinstance(start, datetime):
        last = end.date() if isinstance(end, datetime) else end - _DAY
        return start, max(start, last)
    if not isinstance(end, datetime):
        end = datetime.combine(end, datetime.min.time(), start.tzinfo)
    if start.tzinfo is not None and end.tzinfo is not None:
        end = end.astimezone(start.tzinfo)
    return start.date(), max(start.date(), (end - _MOMENT).date())
