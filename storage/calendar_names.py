"""Names of calendars, and how a schedule's `exclude` names them: `calendar:NAME`."""

import re
from collections.abc import Iterable

_NAME = r"(?!\.{1,2}(?![A-Za-z0-9_.-]))[A-Za-z0-9_.-]{1,100}"
_ENTRY = re.compile(f"calendar:({_NAME})")


def is_calendar_name(text: str) -> bool:
    """Whether a calendar can be called that: 1 to 100 letters, digits, `_`, `.` or `-`.

    Not `.` and `..`: no browser can ask for an address that ends so.

    >>> is_calendar_name("bank-holidays.fr"), is_calendar_name("bank holidays"), is_calendar_name("..")
    (True, False, False)
    """
    return re.fullmatch(_NAME, text) is not None


def calendar_of(entry: str) -> str | None:
    """The name of the calendar that an entry of `exclude` names; None: it is about dates.

    >>> calendar_of("calendar:bank-holidays")
    'bank-holidays'
    """
    found = _ENTRY.fullmatch(entry)
    return None if found is None else found.group(1)


def calendars_in(exclude: Iterable[str]) -> list[str]:
    """The calendars that a schedule names, each once, in its order."""
    named = (calendar_of(entry) for entry in exclude)
    return list(dict.fromkeys(name for name in named if name is not None))
