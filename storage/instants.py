"""One way to read and write an instant: RFC 3339 text outside, aware UTC inside, microseconds stored."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, PlainSerializer

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


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


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    PlainSerializer(format_instant, return_type=str, when_used="unless-none"),
]
