"""iCalendar texts to begin with: a calendar of events, each said in its own lines."""


def an_event_of(*lines: str, uid: str = "1", name: str = "Feast") -> str:
    """An event with these lines."""
    return _joined("BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{name}", *lines, "END:VEVENT")


def a_text_of(*events: str, head: str = "") -> bytes:
    """A calendar with these events; the first begins in line 4, or after the lines of `head`."""
    begin = _joined("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN")
    return (begin + head + "".join(events) + _joined("END:VCALENDAR")).encode()


def a_day(day: str, *more: str, **said: str) -> str:
    """An all-day event such as `20261225`."""
    return an_event_of(f"DTSTART;VALUE=DATE:{day}", *more, **said)


def _joined(*lines: str) -> str:
    return "".join(f"{line}\r\n" for line in lines)
