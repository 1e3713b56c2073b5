"""How often each address has come with a bad token lately: whoever tries many is made to wait.

Good tokens are never held up by it. Takes bounded memory, however many addresses there are.
"""

import ipaddress
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

logger = logging.getLogger("quarterjack.http")
MOST: Final = 10
"""Bad tokens from an address within a window."""
WINDOW: Final = 60.0
"""Seconds."""
_MOST_ADDRESSES: Final = 10_000
_ONE_CUSTOMER: Final = 64
"""Bits of an IPv6 address that belong to whoever has it; he is free to change the others."""


@dataclass(slots=True)
class _Window:
    began: float
    failures: int = 0


class FailedAttempts:
    """Counted in windows; `monotonic` tells the time in seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._windows)

    def add(self, address: str) -> float | None:
        """Count one more; for how many seconds nothing more is told to that address, or None."""
        now, place = self._monotonic(), _place(address)
        window = self._windows.pop(place, None)
        if window is None or now - window.began >= WINDOW:
            window = _Window(now)
        window.failures += 1
        self._windows[place] = window
        if window.failures == MOST + 1:
            logger.warning("many bad tokens come from %s; further ones have to wait", place)
        while len(self._windows) > _MOST_ADDRESSES:
            self._windows.popitem(last=False)
        return None if window.failures <= MOST else window.began + WINDOW - now


def _place(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((int(found), _ONE_CUSTOMER), strict=False))
