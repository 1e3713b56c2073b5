"""A terminal on which a command runs while the test looks at it and types: the screen as a person sees it."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading

import pyte
from waiting import eventually

_SECONDS = 40
CTRL_C = "\x03"


class LiveTerminal:
    """Runs `quarterjack …` as a client of the server at `url`; use as a context manager."""

    def __init__(self, url: str, *arguments: object, columns: int = 100, rows: int = 24) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._raw = b""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {**os.environ, "QUARTERJACK_URL": url, "TERM": "xterm-256color"}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "QUARTERJACK_TOKEN"):
            environment.pop(name, None)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ON_ITS_TERMINAL, *map(str, arguments)],
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, name="terminal")

    def __enter__(self) -> "LiveTerminal":
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait(_SECONDS)
        self._reader.join(_SECONDS)
        os.close(self._ours)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, without the spaces at the ends and the empty lines at the bottom."""
        with self._lock:
            found = [line.rstrip() for line in self._screen.display]
        while found and not found[-1]:
            found.pop()
        return found

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def raw(self) -> bytes:
        """Everything that came, with its orders to the terminal."""
        with self._lock:
            return self._raw

    def shows(self, text: str) -> list[str]:
        """The screen, when that text stands there."""

        def look() -> list[str]:
            lines = self.lines
            return lines if any(text in line for line in lines) else []

        try:
            return eventually(look, within=_SECONDS)
        except AssertionError:
            raise AssertionError(f"{text!r} is not on the screen:\n{self.text}") from None

    def type(self, text: str) -> None:
        """As on a keyboard; `CTRL_C` interrupts."""
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """The exit code, when it has ended and all of it is on the screen."""
        code = self._process.wait(_SECONDS)
        self._reader.join(_SECONDS)
        return code

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._ours, 65_536)
            except OSError:  # nobody has the terminal any more
                return
            if not part:
                return
            with self._lock:
                self._raw += part
                self._stream.feed(part)


_ON_ITS_TERMINAL = """
import fcntl, signal, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)  # also if who runs the tests ignores it
from quarterjack.http.cli.main import main
main(prog_name="quarterjack")
"""
"""With the terminal as its own, so that Ctrl-C is for it."""
