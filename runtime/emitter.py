"""Counts and marks the events that one attempt sends, and hands them to whoever reports them.

An event is marked by what is in it, and by how many like it the attempt has sent before: an attempt
that does again what an earlier one did gives the same marks, in whatever order.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from quarterjack.actors.runner import Emission
from quarterjack.storage import QuarterjackError
from quarterjack.storage.plain_data import pack

from .outgoing_event import outgoing_event

MOST: Final = 1_000
"""Events of one attempt."""
MOST_BYTES: Final = 16_000_000
"""What their payloads may take together, packed."""


class TooManyEvents(QuarterjackError):
    """A step sends a bounded number of events; send one with a list in it."""


class Emitter:
    """Of one attempt; safe to use from several threads."""

    def __init__(self, report: Callable[[Emission], None]) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()
        self._size = 0

    def emit(self, name: str, payload: Any, key: str | None) -> None:
        """Send it. Raises `InvalidInput`, `TooManyEvents`."""
        event = outgoing_event(name, payload, key)
        said = hashlib.blake2b(pack([event.name, event.key]) + event.payload, digest_size=12)
        with self._lock:
            self._size += len(event.payload)
            if self._seen.total() >= MOST or self._size > MOST_BYTES:
                raise TooManyEvents(
                    f"A step sends at most {MOST:,} events with {MOST_BYTES:,} bytes in each attempt; "
                    "send fewer, for example one with a list in it."
                )
            mark = f"{said.hexdigest()}.{self._seen[said.hexdigest()]}"
            self._seen[said.hexdigest()] += 1
            self._report(Emission(*event, mark))
