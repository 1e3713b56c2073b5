"""Whether a failed step is tried again, and when. Pure."""

import zlib
from collections.abc import Iterable
from datetime import timedelta

from quarterjack.storage import Retry

INTERRUPTIONS = 10
"""How often in a row a step may be cut off by a dying server before it counts as its own fault."""
_LONGEST_LOSS_WAIT = 60.0


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
    return timedelta(seconds=min(seconds, longest) * (1 - retry.jitter * _share(seed)))


def delay_after_loss(lost: int, *, seed: str = "") -> timedelta | None:
    """How long to wait after so many attempts in a row that a dying server cut off; None: no more.

    It begins again at once the first time. After that it is one of those that may have taken the
    server down: they wait, longer each time and not all equally long, so that most of what is
    innocent has ended before the server dies again.

    >>> delay_after_loss(1)
    datetime.timedelta(0)
    >>> delay_after_loss(4)
    datetime.timedelta(seconds=4)
    >>> delay_after_loss(11) is None
    True
    """
    if lost > INTERRUPTIONS:
        return None
    if lost < 2:
        return timedelta(0)
    longest = min(2.0 ** (lost - 2), _LONGEST_LOSS_WAIT)
    return timedelta(seconds=longest * (1 - _share(seed) / 2))


def _share(seed: str) -> float:
    """From 0 to 1, by chance, but always the same for the same seed; 0 without one."""
    return zlib.crc32(seed.encode()) / 2**32


def _is_wanted(retry: Retry, kinds: set[str]) -> bool:
    if kinds & set(retry.no_retry_on):
        return False
    return not retry.retry_on or bool(kinds & set(retry.retry_on))
