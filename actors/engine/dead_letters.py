"""Messages that reached nobody: counted by reason, and logged at a limited rate."""

import logging
from collections import Counter
from typing import Any

from .clock import Clock

logger = logging.getLogger("quarterjack.actors.dead_letters")
_SECONDS_BETWEEN_LINES = 1.0


class DeadLetters:
    """One per actor system; safe to use from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._quiet_until = float("-inf")
        self._unlogged = 0
        self.counts: Counter[str] = Counter()

    def add(self, path: str, message: Any, reason: str) -> None:
        """Count one, and log it unless another was logged within the last second."""
        self.counts[reason] += 1
        now = self._clock.monotonic()
        if now < self._quiet_until:
            self._unlogged += 1
            return
        self._quiet_until = now + _SECONDS_BETWEEN_LINES
        more, self._unlogged = self._unlogged, 0
        logger.warning(
            "dead letter for %s (%s): %s; %d more since the last line",
            path,
            reason,
            type(message).__name__,
            more,
            extra={"actor": path},
        )
