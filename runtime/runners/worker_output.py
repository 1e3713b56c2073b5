"""Reads what a worker writes to its pipes, and gives it to the attempt that it runs.

A step that writes much costs the server little: of each piece no more than the last 64 kB are looked
at, and between full pieces a pipe is left alone for a moment, so that the step has to wait.
"""

import codecs
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
_LONGEST_RECORD: Final = 131_072
"""Beyond it, what the log's pipe holds is no record."""


class OutputPipe:
    """One pipe, read on the watch's thread."""

    def __init__(self, file: int, stream: str, watch: Watch, now: Callable[[], datetime]) -> None:
        self._file = file
        self._stream = stream
        self._watch = watch
        self._now = now
        self._decoder = _decoder()
        self._records = b""
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
        """Read what is there; what comes later is another attempt's."""
        self._take(self._piece() or b"")
        self._add(self._decoder.decode(b"", final=True))
        self._decoder.reset()
        self._records = b""

    def close(self) -> None:
        """No more."""
        self._open = False
        self._watch.remove(self._file)

    def _read(self) -> None:
        piece = self._piece()
        if piece is None:  # `drain` was here a moment ago
            return
        if not piece:  # the worker has ended
            self._watch.remove(self._file)
            return
        self._take(piece)
        if len(piece) >= _KEPT:
            self._watch.remove(self._file)
            self._watch.later(_PAUSE_SECONDS, self.open)

    def _piece(self) -> bytes | None:
        """What is there to read; None: nothing yet, empty: nothing ever."""
        try:
            return os.read(self._file, _PIPE)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _take(self, piece: bytes) -> None:
        if self.tail is None:
            return
        left_out = len(piece) - _KEPT
        if left_out > 0:
            self.tail.skip(self._now(), self._stream, left_out)
            self._decoder.reset()
            self._records, piece = b"", piece[left_out:]
        if self._stream == "log":
            self._take_records(piece)
        else:
            self._add(self._decoder.decode(piece))

    def _take_records(self, piece: bytes) -> None:
        *records, self._records = (self._records + piece).split(b"\n")
        if len(self._records) > _LONGEST_RECORD:
            self._records = b""
        for record in records:
            parts = record.decode(errors="replace").split(FIELD, 3)
            if self.tail is not None and len(parts) == 4 and parts[0].isdecimal():
                micros, level, logger, text = parts
                at = from_micros(int(micros))
                self.tail.add(at, "log", text.replace(LINE_BREAK, "\n"), level, logger)

    def _add(self, text: str) -> None:
        if text and self.tail is not None:
            self.tail.add(self._now(), self._stream, text)


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")(errors="replace")
