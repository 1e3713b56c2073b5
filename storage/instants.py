"""One way to read and write an instant: RFC 3339 text outside, aware UTC inside, microseconds stored."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]", re.ASCII)
_FORM = "write an instant as ISO 8601 with its offset from UTC, such as 2026-01-31T06:00:00Z"


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, exactly (a float of seconds would round).

    >>> to_micros(datetime(2026, 1, 1, tzinfo=UTC))
    1767225600000000
    """
    return (instant - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC instant of so many microseconds since 1970-01-01."""
    return EPOCH + timedelta(microseconds=micros)


def format_instant(instant: datetime) -> str:
    """ISO 8601 in UTC with `Z` and microseconds, as everywhere on the wire.

    >>> format_instant(datetime(2026, 1, 1, tzinfo=UTC))
    '2026-01-01T00:00:00.000000Z'
    """
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("the instant is out of range (years 1 to 9999)") from None


def _written(given: object) -> object:
    """Numbers are no instants: nobody could tell seconds from milliseconds."""
    if isinstance(given, str) and not _DATE.match(given):
        raise ValueError(_FORM)
    if not isinstance(given, str | datetime):
        raise ValueError(_FORM)
    return given


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_written),
    AfterValidator(_in_utc),
    PlainSerializer(format_instant, return_type=str, when_used="unless-none"),
]
