"""The last 64 kB of what an attempt wrote and logged; safe to use from several threads."""

import threading
from collections import deque
from datetime import datetime
from typing import Final

from quarterjack.storage.instants import to_micros
from quarterjack.storage.plain_data import Packed, pack

KEPT: Final = 64_000


class OutputTail:
    """Older lines are dropped, and counted, when newer ones need their place."""

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str, str, str, str]] = deque()
        self._size = 0
        self._dropped = 0
        self._lock = threading.Lock()

    def add(self, at: datetime, stream: str, text: str, level: str = "", logger: str = "") -> None:
        """A line of `stdout`, `stderr` or `log`."""
        with self._lock:
            self._lines.append((to_micros(at), stream, level, logger, text))
            self._size += len(text) + 1
            while self._size > KEPT and len(self._lines) > 1:
                self._size -= len(self._lines.popleft()[4]) + 1
                self._dropped += 1

    def pack(self) -> Packed | None:
        """All lines, in order; None when there are none."""
        with self._lock:
            if not self._lines:
                return None
            lines = [list(line) for line in self._lines]
            return pack({"dropped": self._dropped, "lines": lines}, root="output")
