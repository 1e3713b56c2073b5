"""How many in which time: a bucket of tokens that fills at a steady rate, on any monotonic clock."""

from collections.abc import Callable


class TokenBucket:
    """Up to `burst` at once, and `rate` a second in the long run.

    >>> now = [0.0]
    >>> bucket = TokenBucket(rate=1, burst=2, monotonic=lambda: now[0])
    >>> [bucket.take(), bucket.take(), bucket.take()]
    [True, True, False]
    >>> now[0] = 1.0
    >>> [bucket.take(), bucket.take()]
    [True, False]
    """

    __slots__ = ("_at", "_burst", "_left", "_monotonic", "_rate")

    def __init__(self, rate: float, burst: int, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._monotonic = monotonic
        self._left = float(burst)
        self._at = monotonic()

    def take(self) -> bool:
        """Take one; False: there is none."""
        now = self._monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
