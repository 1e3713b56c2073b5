"""Whether a failed step is tried again, and when. Pure."""

from datetime import timedelta

from quarterjack.storage import Retry

INTERRUPTIONS = 3
"""How often a step may be cut off by a dying server before it counts as the step's own fault."""


def delay(retry: Retry, attempt: int) -> timedelta | None:
    """How long to wait after so many failed attempts (from 1); None: that was the last.

    >>> delay(Retry(attempts=3, backoff="2s"), 2)
    datetime.timedelta(seconds=4)
    >>> delay(Retry(attempts=3), 3) is None
    True
    """
    if attempt >= retry.attempts:
        return None
    seconds = retry.backoff.total_seconds()
    longest = retry.max_backoff.total_seconds()
    for _ in range(attempt - 1):
        if seconds >= longest:
            break
        seconds *= retry.factor
    return timedelta(seconds=min(seconds, longest))
