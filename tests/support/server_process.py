"""A real server process with real sockets, for acceptance tests."""

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from rest_client import RestClient

_READY_SECONDS = 30
_END_SECONDS = 30


class ServerProcess:
    """`quarterjack serve …` until it is ended; use as a context manager."""

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        command: str = "serve",
        before: Iterable[str] = (),
    ) -> None:
        self._log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [*before, sys.executable, "-m", "quarterjack.http", command, *arguments],
                cwd=cwd,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(env or {})},
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    def __enter__(self) -> "ServerProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    @property
    def log(self) -> str:
        """What it wrote to standard error."""
        return self._log.read_text(encoding="utf-8")

    def line(self) -> str:
        """The next line of its standard output."""
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            assert selector.select(_READY_SECONDS), f"no line of output; log:\n{self.log}"
        return self.process.stdout.readline().decode().rstrip("\n")

    def client(self) -> RestClient:
        """A client, when the server says that it listens."""
        line = self.line()
        assert "listening on http://" in line, f"{line!r}; log:\n{self.log}"
        return RestClient(line.rpartition(" ")[2])

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and wait for the exit code."""
        self.send(number)
        return self.wait()

    def wait(self) -> int:
        """The exit code."""
        return self.process.wait(timeout=_END_SECONDS)

    def rest_of_output(self) -> str:
        """What is left on standard output after its end."""
        assert self.process.stdout is not None
        return self.process.stdout.read().decode()


Start = Callable[..., ServerProcess]
"""Starts a server with the options that it is given."""
