"""The last 64 kB of what an attempt wrote and logged, line by line; safe to use from several threads.

However much is written, no more than that is held; what was dropped is counted.
"""

import threading
from collections import deque
from datetime import datetime
from typing import Final

from quarterjack.storage.instants import to_micros
from quarterjack.storage.plain_data import Packed, pack

KEPT: Final = 65_536
"""Bytes of text, in UTF-8."""


class OutputTail:
    """`stream` is `stdout`, `stderr` or `log`."""

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str, str, str, str]] = deque()
        self._begun: dict[str, str] = {}
        self._size = 0
        self._dropped = 0
        self._lock = threading.Lock()

    def add(self, at: datetime, stream: str, text: str, level: str = "", logger: str = "") -> None:
        """A record of the log, or a piece of a stream, which may end within a line."""
        with self._lock:
            if stream == "log":
                self._append(at, stream, level, logger, text)
            else:
                self._add_piece(at, stream, text)

    def pack(self) -> Packed | None:
        """`{"dropped": bytes, "lines": [[micros, stream, level, logger, text], …]}`; None: nothing."""
        with self._lock:
            lines = [list(line) for line in self._lines]
            last = lines[-1][0] if lines else 0
            lines.extend([last, stream, "", "", text] for stream, text in self._begun.items())
            dropped = self._dropped
        return pack({"dropped": dropped, "lines": lines}, root="output") if lines else None

    def _add_piece(self, at: datetime, stream: str, piece: str) -> None:
        *whole, rest = (self._begun.pop(stream, "") + piece).split("\n")
        for line in whole:
            self._append(at, stream, "", "", line)
        if len(rest) > KEPT // 4:  # a line without an end is told in parts
            self._append(at, stream, "", "", rest)
        elif rest:
            self._begun[stream] = _clean(rest)

    def _append(self, at: datetime, stream: str, level: str, logger: str, text: str) -> None:
        text, cut = _last(_clean(text), KEPT)
        self._dropped += cut
        self._lines.append((to_micros(at), stream, level, logger, text))
        self._size += _length(text) + 1
        while self._size > KEPT and len(self._lines) > 1:
            oldest = _length(self._lines.popleft()[-1]) + 1
            self._size -= oldest
            self._dropped += oldest


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _clean(text: str) -> str:
    """Text that is valid Unicode: lone surrogates become question marks."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _last(text: str, kept: int) -> tuple[str, int]:
    """The end of a text, cut between two characters, and how many bytes are missing."""
    length = _length(text)
    if length <= kept:
        return text, 0
    end = text.encode()[-kept:].decode(errors="ignore")
    return end, length - _length(end)
