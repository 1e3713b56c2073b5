"""Keeps what a step writes to `sys.stdout` and `sys.stderr` and logs, with the attempt that runs it.

For steps that run in this process: on threads, on the coroutine loop, inline. While a `Recording` is
entered, everything that its context writes goes to its tail as well as where it went before. A context
is a thread or an asyncio task; a thread that a step starts itself is not in it, nor is what C code
writes to the file descriptors.
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from typing import IO, Any, Final

from .output_tail import OutputTail
from .vault.line_scrubber import LineScrubber
from .vault.scrubber import Scrubber

STEP_LOGGER: Final = "quarterjack.step"
"""The parent of the loggers that steps get as `ctx.logger`."""
_STREAMS: Final = ("stdout", "stderr")
_current: ContextVar["Recording | None"] = ContextVar("quarterjack_recording", default=None)


class Recording:
    """What one attempt writes, with the times at which `now` says that it does."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._passing: dict[_Tee, LineScrubber] = {}
        self.tail = OutputTail()

    @property
    def scrubber(self) -> Scrubber | None:
        """Takes the attempt's secrets out of what it writes, wherever that goes."""
        return self.tail.scrubber

    @scrubber.setter
    def scrubber(self, scrubber: Scrubber | None) -> None:
        self.tail.scrubber = scrubber

    def add(self, stream: str, text: str, level: str = "", logger: str = "") -> None:
        """Keep it."""
        self.tail.add(self._now(), stream, text, level, logger)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """What this context writes is kept, until the block is left."""
        CAPTURE.hear()
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)
            self._pass_rest_on()

    def _pass_rest_on(self) -> None:
        for tee, lines in self._passing.items():
            with suppress(Exception):  # the step may have closed it
                tee.stream.write(lines.rest())
        self._passing.clear()

    def pass_on(self, tee: "_Tee", text: str) -> None:
        """Write it where it would have gone; with secrets to be taken out, line by line."""
        if self.scrubber is None:
            tee.stream.write(text)
            return
        if tee not in self._passing:
            self._passing[tee] = LineScrubber(self.scrubber)
        tee.stream.write(self._passing[tee].feed(text))


def without_secrets(text: str) -> str:
    """The text without the secrets of the attempt that this context runs, if it runs one."""
    recording = _current.get()
    scrubber = None if recording is None else recording.scrubber
    return text if scrubber is None else scrubber.text(text)


class _Tee:
    """A text stream that writes where it did before, and to the current recording."""

    def __init__(self, name: str, stream: IO[str]) -> None:
        self._name = name
        self.stream = stream

    def write(self, text: str) -> int:
        recording = _current.get()
        if recording is None:
            return self.stream.write(text)
        recording.add(self._name, text)
        recording.pass_on(self, text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _LogHandler(logging.Handler):
    """Gives the current recording the records that its context logs."""

    def emit(self, record: logging.LogRecord) -> None:
        recording = _current.get()
        if recording is None:
            return
        try:
            text = self.format(record)
        except Exception as error:
            text = f"(a record that can't be formatted: {type(error).__name__})"
        recording.add("log", text, record.levelname, record.name)


class _Records:
    """Makes the log's records as `make` does, without the secrets of the current recording."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self.make = make

    def __call__(self, *arguments: Any, **named: Any) -> logging.LogRecord:
        record, recording = self.make(*arguments, **named), _current.get()
        if recording is not None and recording.scrubber is not None:
            recording.scrubber.record(record)
        return record


class _Capture:
    """Stands in the way of the process's streams and log while somebody wants it to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._handler = _LogHandler()

    def begin(self) -> None:
        """One more wants it."""
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            self._wrap()
            logging.setLogRecordFactory(_Records(logging.getLogRecordFactory()))
            logging.getLogger().addHandler(self._handler)
            steps = logging.getLogger(STEP_LOGGER)
            if steps.level == logging.NOTSET:  # else the root's WARNING would hide `logger.info`
                steps.setLevel(logging.INFO)

    def end(self) -> None:
        """One less; streams that somebody else has replaced meanwhile are left alone."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            for name in _STREAMS:
                while isinstance(stream := getattr(sys, name), _Tee):
                    setattr(sys, name, stream.stream)
            logging.getLogger().removeHandler(self._handler)
            made = logging.getLogRecordFactory()
            if isinstance(made, _Records):
                logging.setLogRecordFactory(made.make)

    def hear(self) -> None:
        """A step begins: if the program has replaced its streams since, hear the new ones."""
        if isinstance(sys.stdout, _Tee) and isinstance(sys.stderr, _Tee):
            return
        with self._lock:
            if self._users:
                self._wrap()

    def _wrap(self) -> None:
        for name in _STREAMS:
            stream = getattr(sys, name)
            if not isinstance(stream, _Tee):
                setattr(sys, name, _Tee(name, stream))


CAPTURE: Final = _Capture()
"""The process has one set of streams, so there is one of these."""
