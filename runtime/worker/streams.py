"""Where a step's output goes: file descriptors 0, 1 and 2, `sys.stdout`, `sys.stderr` and logging.

All of it goes into pipes that the server reads, not a thread here: so what C code writes while it
holds the interpreter comes through, and what was written just before a crash is not lost.
"""

import contextlib
import faulthandler
import logging
import os
import sys
from typing import Final, TextIO

FIELD: Final = "\x1f"
"""Between the parts of a log line."""
LINE_BREAK: Final = "\x1e"
"""In place of a line break in a log line's text."""
LONGEST_RECORD: Final = 16_384


class Streams:
    """`stdout`, `stderr` and `log` are the writing ends of pipes."""

    def __init__(self, stdout: int, stderr: int, log: int) -> None:
        self._ends = {1: stdout, 2: stderr}
        self._handler = PipeHandler(log)
        self._texts: dict[int, TextIO] = {}
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        self.put_back()
        root = logging.getLogger()
        if root.level == logging.WARNING:
            root.setLevel(logging.INFO)

    def put_back(self) -> None:
        """Before a step: as they were, whatever the step before it closed or replaced."""
        for number, end in self._ends.items():
            os.dup2(end, number)
            text = self._texts.get(number)
            if text is None or text.closed:
                self._texts[number] = open(  # noqa: SIM115  # for good
                    number, "w", buffering=1, encoding="utf-8", errors="backslashreplace",
                    closefd=False,
                )  # fmt: skip
        sys.stdout, sys.stderr = self._texts[1], self._texts[2]
        sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
        faulthandler.enable(file=2)
        root = logging.getLogger()
        if self._handler not in root.handlers:
            root.addHandler(self._handler)

    def flush(self) -> None:
        """Let what a step has written reach the server before the step's end does."""
        for each in (sys.stdout, sys.stderr, self._texts[1], self._texts[2]):
            with contextlib.suppress(Exception):
                each.flush()


class PipeHandler(logging.Handler):
    """Writes a record as one line: microseconds, level, logger, text."""

    def __init__(self, end: int) -> None:
        super().__init__()
        self._end = end

    def emit(self, record: logging.LogRecord) -> None:
        """Write it; a record that can't be formatted says so instead of raising."""
        try:
            text = self.format(record)
        except Exception as error:
            text = f"{record.msg!r} (could not be formatted: {type(error).__name__}: {error})"
        text = text[:LONGEST_RECORD].replace("\n", LINE_BREAK)
        parts = (str(int(record.created * 1_000_000)), record.levelname, record.name, text)
        line = FIELD.join(parts) + "\n"
        rest = memoryview(line.encode(errors="replace"))
        with contextlib.suppress(OSError):
            while rest:
                rest = rest[os.write(self._end, rest) :]
