"""The last 64 kB of what an attempt wrote and logged, line by line; safe to use from several threads.

However much is written, no more than that is held; what was dropped is counted.
"""

import threading
from collections import deque
from datetime import datetime
from typing import Final

from quarterjack.storage.instants import to_micros
from quarterjack.storage.plain_data import Packed, pack

from .vault.scrubber import Scrubber

KEPT: Final = 65_536
"""Bytes of text, in UTF-8."""
_NAME: Final = 200
"""Characters that are kept of a logger's name, and of a level's."""
_LARGEST: Final = 2_000_000
"""Bytes that this takes when packed; the worst are empty lines, of which each has its time."""


class OutputTail:
    """`stream` is `stdout`, `stderr` or `log`."""

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str, str, str, str]] = deque()
        self._begun: dict[str, str] = {}
        self._size = 0
        self._dropped = 0
        self._lock = threading.Lock()
        self.scrubber: Scrubber | None = None
        """Takes the attempt's secrets out of what comes from now on."""

    def add(self, at: datetime, stream: str, text: str, level: str = "", logger: str = "") -> None:
        """A record of the log, or a piece of a stream, which may end within a line."""
        with self._lock:
            if stream == "log":
                self._append(at, stream, level, logger, text)
            else:
                self._add_piece(at, stream, text)

    def skip(self, at: datetime, stream: str, count: int) -> None:
        """So many bytes of a stream were not looked at."""
        self.add(at, stream, f"\n… {count:,} bytes left out …\n")
        with self._lock:
            self._dropped += count

    def pack(self) -> Packed | None:
        """`{"dropped": bytes, "lines": [[micros, stream, level, logger, text], …]}`; None: nothing."""
        with self._lock:
            lines = [list(line) for line in self._lines]
            last = lines[-1][0] if lines else 0
            begun = [(stream, self._scrubbed(text)) for stream, text in self._begun.items()]
            lines.extend([last, stream, "", "", text] for stream, text in begun)
            dropped = self._dropped
        if not lines:
            return None
        return pack({"dropped": dropped, "lines": lines}, root="output", largest=_LARGEST)

    def _add_piece(self, at: datetime, stream: str, piece: str) -> None:
        *whole, rest = (self._begun.pop(stream, "") + piece).split("\n")
        for line in whole:
            self._append(at, stream, "", "", line)
        if len(rest) > KEPT // 4 + self._held():  # a line without an end is told in parts
            rest = self._scrubbed(rest)
            end = len(rest) - self._held()
            self._append(at, stream, "", "", rest[:end])
            rest = rest[end:]
        if rest:
            self._begun[stream] = _clean(rest)

    def _held(self) -> int:
        """How much of a part is kept for the next: a secret may have begun there."""
        return 0 if self.scrubber is None else self.scrubber.longest - 1

    def _scrubbed(self, text: str) -> str:
        return text if self.scrubber is None else self.scrubber.text(text)

    def _append(self, at: datetime, stream: str, level: str, logger: str, text: str) -> None:
        level, logger = _clean(level[:_NAME]), _clean(logger[:_NAME])
        text, cut = _last(_clean(self._scrubbed(text)), KEPT)
        self._dropped += cut
        self._lines.append((to_micros(at), stream, level, logger, text))
        self._size += _weight(level, logger, text)
        while self._size > KEPT and len(self._lines) > 1:
            oldest = _weight(*self._lines.popleft()[2:])
            self._size -= oldest
            self._dropped += oldest


def _weight(level: str, logger: str, text: str) -> int:
    """A line's share of what is kept, with its end, and with the names of a record of the log."""
    return _length(level) + _length(logger) + _length(text) + 1


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
