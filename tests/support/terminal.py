"""The command line in a process of its own: with pipes, or with a terminal to answer on."""

import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 120


@dataclass(frozen=True)
class Ended:
    """With what it ended, and what it wrote."""

    code: int
    stdout: str
    stderr: str


class Terminal:
    """Runs `quarterjack …` as a client of the server at `url`."""

    def __init__(self, url: str, cwd: Path) -> None:
        self._environment = {**os.environ, "QUARTERJACK_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}
        self._cwd = cwd

    def run(self, *arguments: object, stdin: bytes = b"") -> Ended:
        """With pipes, as scripts do."""
        done = subprocess.run(
            self._command(arguments),
            cwd=self._cwd,
            env=self._environment,
            input=stdin,
            capture_output=True,
            timeout=_SECONDS,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def answer(self, text: str, *arguments: object) -> Ended:
        """With a terminal for its questions, on which that is typed."""
        ours, theirs = pty.openpty()
        try:
            process = subprocess.Popen(
                self._command(arguments),
                cwd=self._cwd,
                env=self._environment,
                stdin=theirs,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            os.write(ours, text.encode())
            stdout, stderr = process.communicate(timeout=_SECONDS)
        finally:
            os.close(ours)
            os.close(theirs)
        return Ended(process.returncode, stdout.decode(), stderr.decode())

    def _command(self, arguments: tuple[object, ...]) -> list[str]:
        return [sys.executable, "-m", "quarterjack.http", *map(str, arguments)]
