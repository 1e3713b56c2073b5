"""How many restarts in which time are too many, and how long to wait before the next. Pure.

The words and the meaning are those of Erlang/OTP's `supervisor` (intensity and period); the growing
wait between restarts is ours.
"""

from collections import deque
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Intensity:
    """More than `restarts` within `period` are too many (OTP's default: 1 in 5 seconds)."""

    restarts: int = 1
    period: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Backoff:
    """The wait before a restart: `first`, then `factor` times the last one, at most `longest`.

    It is `first` again after a `period` of the supervisor's intensity without a restart.
    """

    first: timedelta = timedelta(milliseconds=50)
    factor: float = 2.0
    longest: timedelta = timedelta(seconds=30)


class RestartHistory:
    """The restarts of one supervisor or of one child; times are monotonic seconds."""

    __slots__ = ("_intensity", "_times", "_waits")

    def __init__(self, intensity: Intensity) -> None:
        self._intensity = intensity
        self._times: deque[float] = deque()
        self._waits = 0

    def record(self, now: float) -> bool:
        """Note a restart that is about to be; True: it is one too many."""
        horizon = now - self._intensity.period.total_seconds()
        if not self._times or self._times[-1] < horizon:
            self._waits = 0
        while self._times and self._times[0] < horizon:
            self._times.popleft()
        self._times.append(now)
        self._waits += 1
        return len(self._times) > self._intensity.restarts

    def wait(self, backoff: Backoff) -> timedelta:
        """How long to wait before the restart that was recorded last."""
        seconds = backoff.first.total_seconds() * backoff.factor ** min(self._waits - 1, 64)
        return timedelta(seconds=min(seconds, backoff.longest.total_seconds()))
