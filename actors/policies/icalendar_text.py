"""The lines of an iCalendar text (RFC 5545): unfolded, numbered, and properly inside each other. Pure."""

from collections.abc import Iterator

from icalendar.parser import Contentline

MOST_EVENTS = 2_500
_DEEPEST = 8
_EVENT = "VEVENT"


class IcalendarError(ValueError):
    """The text can't be read; the message names the line or the event."""


def event_lines(text: str) -> list[int]:
    """In which line each event begins.

    Raises `IcalendarError` for what is no content line, for parts that don't end where they should,
    and for too many events.
    """
    inside: list[tuple[str, int]] = []
    events: list[int] = []
    number = 0
    for number, line in _content_lines(text):
        name, value = _parts(number, line)
        if name == "BEGIN":
            _check_begin(number, value, inside)
            inside.append((value, number))
            if value == _EVENT:
                events.append(number)
        elif not inside:
            raise IcalendarError(f"line {number}: {line!r:.60} stands outside of BEGIN:VCALENDAR")
        elif name == "END":
            begun, at = inside.pop()
            if value != begun:
                raise IcalendarError(
                    f"line {number}: END:{value:.40}, but the {begun:.40} of line {at} has not ended"
                )
    if inside:
        begun, at = inside[-1]
        raise IcalendarError(
            f"the {begun:.40} that begins in line {at} has no end; is the file cut off?"
        )
    if number == 0:
        raise IcalendarError("the file is empty")
    if len(events) > MOST_EVENTS:
        raise IcalendarError(f"it has {len(events):,} events, over the limit of {MOST_EVENTS:,}")
    return events


def _content_lines(text: str) -> Iterator[tuple[int, str]]:
    number, pieces = 0, list[str]()
    for at, line in enumerate(text.split("\n"), start=1):
        line = line.removesuffix("\r")
        if line.startswith((" ", "\t")) and pieces:
            pieces.append(line[1:])
        elif line:
            if pieces:
                yield number, "".join(pieces)
            number, pieces = at, [line]
    if pieces:
        yield number, "".join(pieces)


def _parts(number: int, line: str) -> tuple[str, str]:
    try:
        name, _, value = Contentline(line).parts()
    except ValueError:
        raise IcalendarError(
            f"line {number}: {line!r:.60} is no content line (NAME:value)"
        ) from None
    return name.upper(), value.upper()


def _check_begin(number: int, name: str, inside: list[tuple[str, int]]) -> None:
    if not inside and name != "VCALENDAR":
        raise IcalendarError(f"line {number}: {name:.40} where a VCALENDAR should begin")
    if len(inside) == _DEEPEST:
        raise IcalendarError(f"line {number}: nested deeper than {_DEEPEST} levels")
    if name == _EVENT and any(outer == _EVENT for outer, _ in inside):
        raise IcalendarError(f"line {number}: an event inside the event of line {inside[-1][1]}")
