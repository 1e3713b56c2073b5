"""One way to read and write a span of time: text or seconds outside, `timedelta` inside."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {
    "us": timedelta(microseconds=1),
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_WORDS = {
    "microsecond": "us",
    "millisecond": "ms",
    "second": "s",
    "sec": "s",
    "minute": "m",
    "min": "m",
    "hour": "h",
    "day": "d",
    "week": "w",
}
_PART = re.compile(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]+)", re.ASCII)
_ISO = re.compile(
    r"P(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)
_ISO_UNITS = ("w", "d", "h", "m", "s")
_TEXT = r"^[0-9]{1,4}(ms|s|m|h)$|^PT[0-9]{1,4}[SMH]$"
"""What is easily described of the texts that are taken."""
LONGEST = timedelta(days=36_600)
"""A hundred years: nothing that is scheduled waits longer."""


def parse_duration(value: object) -> timedelta:
    """A span of time from seconds (a number), `"30s"`, `"1h 30m"`, `"2 days"` or ISO 8601 `"PT5M"`.

    Raises `ValueError` with a sentence that says what is accepted.

    >>> parse_duration("1h 30m")
    datetime.timedelta(seconds=5400)
    >>> parse_duration("PT5M") == parse_duration(300) == parse_duration("300s")
    True
    """
    match value:
        case timedelta():
            span = value
        case bool():
            raise _wrong(value)
        case int() | float():
            span = _scaled(float(value), "s", value)
        case str() if value.startswith("P"):
            span = _from_iso(value)
        case str():
            span = _from_units(value)
        case _:
            raise _wrong(value)
    if not timedelta(0) <= span <= LONGEST:
        raise ValueError("a duration is at least 0 and at most 100 years")
    return span


def format_duration(span: timedelta) -> str:
    """A span in the fewest units: `timedelta(minutes=90)` is `"1h 30m"`.

    >>> format_duration(timedelta(minutes=90))
    '1h 30m'
    """
    rest, parts = span, []
    for unit in reversed(_UNITS):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


def _from_units(text: str) -> timedelta:
    span, end = timedelta(0), 0
    while end < len(text):
        part = _PART.match(text, end)
        if part is None:
            raise _wrong(text)
        word = part[2]
        unit = word if word in _UNITS else _WORDS.get(word.removesuffix("s"), "")
        if not unit:
            raise _wrong(text)
        span += _scaled(float(part[1]), unit, text)
        end = part.end()
    if not text.strip():
        raise _wrong(text)
    return span


def _from_iso(text: str) -> timedelta:
    found = _ISO.fullmatch(text)
    if found is None or not any(found.groups()):
        raise _wrong(text)
    return sum(
        (
            _scaled(float(count), unit, text)
            for count, unit in zip(found.groups(), _ISO_UNITS, strict=True)
            if count
        ),
        timedelta(0),
    )


def _scaled(count: float, unit: str, given: object) -> timedelta:
    try:
        return count * _UNITS[unit]
    except (OverflowError, ValueError):
        raise _wrong(given) from None


def _wrong(value: object) -> ValueError:
    shown = f"{value!r:.40}"
    return ValueError(f'{shown} is not a duration; write seconds (30), "30s", "1h 30m" or "PT5M"')


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(lambda span: span.total_seconds(), return_type=float),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": LONGEST.total_seconds()},
                {"type": "string", "pattern": _TEXT},
            ],
            "description": 'Seconds, or text such as "30s", "5m", "1h 30m" or "PT5M".',
            "examples": ["30s"],
        }
    ),
]
