"""The days of a calendar as its owner writes them: dates and ranges of dates. Pure."""

from collections.abc import Sequence

from quarterjack.storage import CalendarDays, FieldError, InvalidInput
from quarterjack.storage.calendar_days import merged

from .exclusions import ExclusionError, range_of

_MOST_ERRORS = 20


def days_of(entries: Sequence[str]) -> CalendarDays:
    """The days that entries of `dates` name. Raises `InvalidInput` for each that is not understood.

    >>> days_of(["2026-12-26", "2026-12-25"])
    ((datetime.date(2026, 12, 25), datetime.date(2026, 12, 26)),)
    """
    ranges, errors = [], []
    for index, entry in enumerate(entries):
        try:
            ranges.append(range_of(entry))
        except ExclusionError as error:
            errors.append(FieldError(("dates", index), str(error)))
    if errors:
        raise InvalidInput(errors[:_MOST_ERRORS])
    return merged(ranges)


def entries_of(days: CalendarDays) -> list[str]:
    """The days as entries of `dates`.

    >>> entries_of(days_of(["2026-12-26", "2026-05-01", "2026-12-25"]))
    ['2026-05-01', '2026-12-25/2026-12-26']
    """
    return [
        first.isoformat() if first == last else f"{first.isoformat()}/{last.isoformat()}"
        for first, last in days
    ]
