"""Whether a failed step is tried again, and when. Pure."""

import zlib
from collections.abc import Iterable
from datetime import timedelta

from quarterjack.storage import Retry

INTERRUPTIONS = 3
"""How often a step may be cut off by a dying server before it counts as the step's own fault."""


def delay(
    retry: Retry, attempt: int, *, kinds: Iterable[str] = (), seed: str = ""
) -> timedelta | None:
    """How long to wait after so many failed attempts (from 1); None: that was the last.

    `kinds` are the names of the error's class and of its bases; `seed` decides the jitter, so that
    the same failure always waits equally long.

    >>> delay(Retry(attempts=3, backoff="2s"), 2)
    datetime.timedelta(seconds=4)
    >>> delay(Retry(attempts=3), 3) is None
    True
    >>> delay(Retry(attempts=3, no_retry_on=(LookupError,)), 1, kinds=["KeyError", "LookupError"])
    """
    if attempt >= retry.attempts or not _is_wanted(retry, set(kinds)):
        return None
    seconds = retry.backoff.total_seconds()
    longest = retry.max_backoff.total_seconds()
    for _ in range(attempt - 1):
        if seconds >= longest:
            break
        seconds *= retry.factor
    share = zlib.crc32(seed.encode()) / 2**32
    return timedelta(seconds=min(seconds, longest) * (1 - retry.jitter * share))


def _is_wanted(retry: Retry, kinds: set[str]) -> bool:
    if kinds & set(retry.no_retry_on):
        return False
    return not retry.retry_on or bool(kinds & set(retry.retry_on))
