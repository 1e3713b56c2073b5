"""Whether and when something that failed is tried again. Pure, but for the chance in a `Random`."""

from dataclasses import dataclass
from random import Random
from typing import Final

from quarterjack.storage import QuarterjackError

from .errors import ServerBusy, ServerUnreachable

LONGEST_WAIT: Final = 60.0
"""Seconds: who is asked to wait longer is told so, instead."""
_UNKNOWN: Final = frozenset({"", "no-answer"})
"""Problems after which nobody knows whether it was done."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that grow: from `first` seconds, doubled each time, to at most `longest`; half is chance."""

    random: Random
    first: float = 0.1
    longest: float = 5.0

    def wait(self, failures: int) -> float:
        """How long to wait after so many failures in a row (from 1)."""
        whole = min(self.first * 2.0 ** min(failures - 1, 64), self.longest)
        return whole * (0.5 + self.random.random() / 2)


@dataclass(frozen=True, slots=True)
class Repetition:
    """A failed call is tried again `retries` times at most, and only if that can do no harm."""

    retries: int
    backoff: Backoff

    def wait(self, error: QuarterjackError, failures: int, *, is_repeatable: bool) -> float | None:
        """Seconds before the next try; None: there is none. `failures` is how many there were."""
        if failures > self.retries:
            return None
        match error:
            case ServerUnreachable() if is_repeatable or not error.sent:
                return self.backoff.wait(failures)
            case ServerBusy() if is_repeatable or error.type not in _UNKNOWN:
                wanted = error.retry_after or 0.0
                return max(wanted, self.backoff.wait(failures)) if wanted <= LONGEST_WAIT else None
        return None
