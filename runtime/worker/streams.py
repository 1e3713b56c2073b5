"""Where a step's output goes: file descriptors 0, 1 and 2, `sys.stdout`, `sys.stderr` and logging.

All of it goes into pipes that the server reads, not a thread here: so what C code writes while it
holds the interpreter comes through, and what was written just before a crash is not lost.
"""

import contextlib
import faulthandler
import logging
import os
import sys
from io import TextIOWrapper
from typing import Final

from ..vault.scrubber import Scrubber

FIELD: Final = "\x1f"
"""Between the parts of a log line."""
LINE_BREAK: Final = "\x1e"
"""In place of a line break in a log line's text."""
LONGEST_RECORD: Final = 16_384


class Streams:
    """`stdout`, `stderr` and `log` are the writing ends of pipes."""

    def __init__(self, stdout: int, stderr: int, log: int) -> None:
        self._files = {0: os.open(os.devnull, os.O_RDONLY), 1: stdout, 2: stderr}
        self._texts: dict[int, TextIOWrapper] = {}
        self._handler = PipeHandler(log)
        self.put_back()
        root = logging.getLogger()
        if root.level == logging.WARNING:
            root.setLevel(logging.INFO)

    def put_back(self) -> None:
        """Before a step: as they were, whatever the step before it closed or replaced."""
        for number, file in self._files.items():
            os.dup2(file, number)
            text = self._texts.get(number)
            if text is None or text.closed:
                self._texts[number] = _text(number)
        sys.stdin, sys.stdout, sys.stderr = (self._texts[number] for number in range(3))
        faulthandler.enable(file=2)
        root = logging.getLogger()
        if self._handler not in root.handlers:
            root.addHandler(self._handler)

    def scrub(self, scrubber: Scrubber | None) -> None:
        """Take secrets out of what is logged, until another step begins."""
        self._handler.scrubber = scrubber

    def flush(self) -> None:
        """Let what a step has written reach the server before the step's end does."""
        for each in (sys.stdout, sys.stderr, self._texts[1], self._texts[2]):
            with contextlib.suppress(Exception):
                each.flush()


def _text(number: int) -> TextIOWrapper:
    """Line by line; what is no text is escaped."""
    mode = "w" if number else "r"
    errors = "backslashreplace" if number else "replace"
    raw = open(number, mode + "b", closefd=False)  # noqa: SIM115  # for good
    return TextIOWrapper(raw, encoding="utf-8", errors=errors, line_buffering=True)


class PipeHandler(logging.Handler):
    """Writes a record as one line: microseconds, level, logger, text."""

    def __init__(self, end: int) -> None:
        super().__init__()
        self._end = end
        self.scrubber: Scrubber | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write it; a record that can't be formatted says so instead of raising."""
        try:
            text = self.format(record)
        except Exception as error:
            text = f"{record.msg!r} (could not be formatted: {type(error).__name__}: {error})"
        if self.scrubber is not None:  # before it is cut
            text = self.scrubber.text(text)
        text = text[:LONGEST_RECORD].replace("\n", LINE_BREAK)
        parts = (str(int(record.created * 1_000_000)), record.levelname, record.name, text)
        line = FIELD.join(parts) + "\n"
        rest = memoryview(line.encode(errors="replace"))
        with contextlib.suppress(OSError):
            while rest:
                rest = rest[os.write(self._end, rest) :]
