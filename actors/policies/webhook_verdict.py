"""What becomes of a webhook's delivery after an attempt. Pure.

2xx is delivered; everything else is tried again until the attempts are used up. 410 also switches the
webhook off; 429 and 503 may say when to come again, and nothing is sent to that receiver before.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from quarterjack.storage import Retry
from quarterjack.storage.webhook_records import DeliveryStatus

from .retry import delay

_LONGEST_HOLD: Final = timedelta(days=1)
_GONE: Final = 410
_BUSY: Final = frozenset({429, 503})


class Verdict(NamedTuple):
    """How a delivery stands, and what that means for its webhook."""

    status: DeliveryStatus
    next_attempt_at: datetime | None = None
    disable: str = ""
    """Why the webhook is to be switched off; empty: it is not."""
    hold_until: datetime | None = None
    """Before that, nothing more is to be sent to this receiver."""


def verdict(
    status: int | None,
    retry_after: str | None,
    attempts: int,
    *,
    retry: Retry,
    now: datetime,
    seed: str,
) -> Verdict:
    """Judge an answer (status None: there was none) after so many attempts; `seed` decides the jitter.

    >>> from datetime import datetime, UTC
    >>> verdict(204, None, 1, retry=Retry(), now=datetime(2026, 1, 1, tzinfo=UTC), seed="").status
    <DeliveryStatus.DELIVERED: 'delivered'>
    """
    if status is not None and 200 <= status <= 299:
        return Verdict(DeliveryStatus.DELIVERED)
    if status == _GONE:
        reason = "the receiver answered 410 Gone: it wants no more messages"
        return Verdict(DeliveryStatus.GIVEN_UP, disable=reason)
    wait = delay(retry, attempts, seed=seed)
    asked = said_wait(retry_after, now) if status in _BUSY else None
    hold_until = None if asked is None else now + asked
    if wait is None:
        return Verdict(DeliveryStatus.GIVEN_UP, hold_until=hold_until)
    again = now + (wait if asked is None else max(wait, asked))
    return Verdict(DeliveryStatus.FAILED, again, hold_until=hold_until)


def said_wait(header: str | None, now: datetime) -> timedelta | None:
    """How long a `Retry-After` asks to wait, at most a day; None: it says nothing that can be read.

    >>> from datetime import datetime, UTC
    >>> said_wait("120", datetime(2026, 1, 1, tzinfo=UTC))
    datetime.timedelta(seconds=120)
    >>> said_wait("Thu, 01 Jan 2026 00:01:00 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    datetime.timedelta(seconds=60)
    """
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_HOLD)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), _LONGEST_HOLD)
