"""How late the loop's timers come: the one figure that says whether something blocks it."""

from datetime import timedelta

from .clock import Clock, Timer

_EVERY = timedelta(milliseconds=250)
_KEPT = 40
"""Samples: ten seconds of them."""


class LoopLag:
    """Measures from construction until `stop`; runs on the loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._samples: list[float] = []
        self._timer: Timer
        self._arm()

    @property
    def worst(self) -> float:
        """The worst lateness of the last ten seconds, in seconds."""
        return max(self._samples, default=0.0)

    def stop(self) -> None:
        """Measure no more."""
        self._timer.cancel()

    def _arm(self) -> None:
        self._due = self._clock.monotonic() + _EVERY.total_seconds()
        self._timer = self._clock.call_later(_EVERY.total_seconds(), self._sample)

    def _sample(self) -> None:
        late = max(0.0, self._clock.monotonic() - self._due)
        self._samples = [*self._samples[1 - _KEPT :], late]
        self._arm()
