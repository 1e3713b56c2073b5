"""Reads what a worker writes to its pipes, and gives it to the attempt that it runs.

A step that writes much costs the server little: of each piece no more than the last 64 kB are looked
at, and between full pieces a pipe is left alone for a moment, so that the step has to wait.
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from quarterjack.storage.instants import from_micros

from ..output_tail import OutputTail
from ..worker.streams import FIELD, LINE_BREAK
from .watch import Watch

_PIPE: Final = 2**20
_KEPT: Final = 65_536
_PAUSE_SECONDS: Final = 0.01
_LONGEST_LINE: Final = 8_192


class OutputPipe:
    """One pipe, read on the watch's thread."""

    def __init__(self, file: int, stream: str, watch: Watch, now: Callable[[], datetime]) -> None:
        self._file = file
        self._stream = stream
        self._watch = watch
        self._now = now
        self._rest = b""
        self._open = True
        self.tail: OutputTail | None = None
        """Of the attempt that the worker runs; None: what comes is thrown away."""
        os.set_blocking(file, False)
        with suppress(OSError):  # a user may have only so many large pipes
            fcntl.fcntl(file, fcntl.F_SETPIPE_SZ, _PIPE)

    def open(self) -> None:
        """Read from now on."""
        if self._open:
            self._watch.add(self._file, self._read)

    def drain(self) -> None:
        """Read what is there, and take it that no line goes on."""
        self._take(self._piece())
        self._add(self._rest)
        self._rest = b""

    def close(self) -> None:
        """No more."""
        self._open = False
        self._watch.remove(self._file)

    def _read(self) -> None:
        piece = self._piece()
        if not piece:  # the worker has ended
            self._watch.remove(self._file)
            return
        self._take(piece)
        if len(piece) >= _KEPT:
            self._watch.remove(self._file)
            self._watch.later(_PAUSE_SECONDS, self.open)

    def _piece(self) -> bytes:
        try:
            return os.read(self._file, _PIPE)
        except OSError:
            return b""

    def _take(self, piece: bytes) -> None:
        left_out = len(piece) - _KEPT
        if left_out > 0:
            self._add(self._rest)
            self._add(f"… {left_out:,} bytes left out …".encode())
            self._rest, piece = b"", piece[left_out:]
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._add(line, empty=True)
        if len(self._rest) > _LONGEST_LINE:
            self._add(self._rest)
            self._rest = b""

    def _add(self, line: bytes, *, empty: bool = False) -> None:
        tail = self.tail
        if tail is None or not (line or empty):
            return
        text = line.decode(errors="replace")
        parts = text.split(FIELD, 3)
        if self._stream != "log" or len(parts) != 4 or not parts[0].isdecimal():
            tail.add(self._now(), self._stream, text)
            return
        micros, level, logger, said = parts
        at = from_micros(int(micros))
        tail.add(at, self._stream, said.replace(LINE_BREAK, "\n"), level, logger)
