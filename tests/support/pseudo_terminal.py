"""A terminal of some size for a command: what a person sees there, with or without its colours."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

_SECONDS = 50
_CODE, _END = "\x1f", "\x1e"
"""Between what a command printed and its exit code, and after that."""
_ORDERS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[=>()][A-Z0-9]?")


@dataclass(frozen=True)
class Seen:
    """With what it ended, and what came to the terminal."""

    code: int
    raw: str

    @property
    def text(self) -> str:
        """Without colours and other orders."""
        return _ORDERS.sub("", self.raw).replace("\r\n", "\n")

    @property
    def lines(self) -> list[str]:
        """Of that, without the spaces at their ends."""
        return [line.rstrip() for line in self.text.splitlines()]

    @property
    def has_colours(self) -> bool:
        """Whether any text is in a colour, and not only bold or dim."""
        return re.search(r"\x1b\[[0-9;]*3[0-9]m", self.raw) is not None


class PseudoTerminal:
    """Runs `quarterjack …` as a client of the server at `url`, on a terminal of that width."""

    def __init__(self, url: str, columns: int, rows: int = 50) -> None:
        self._environment = {
            **os.environ,
            "QUARTERJACK_URL": url,
            "PYTHONDONTWRITEBYTECODE": "1",
            "TERM": "xterm-256color",
            "TZ": "Europe/Paris",
        }
        for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "QUARTERJACK_TOKEN"):
            self._environment.pop(name, None)
        self._size = struct.pack("HHHH", rows, columns, 0, 0)

    def __call__(self, *arguments: object, env: Mapping[str, str] | None = None) -> Seen:
        """Run it to its end."""
        process, raw = self._run(["-m", "quarterjack.http", *map(str, arguments)], env)
        return Seen(process.wait(_SECONDS), raw)

    def each(self, commands: Sequence[Sequence[str]]) -> list[Seen]:
        """Run them one after the other, in one process that has loaded everything."""
        process, raw = self._run([__file__, json.dumps(commands)], None)
        assert process.wait(_SECONDS) == 0, raw
        parts = raw.split(_END)[:-1]
        return [
            Seen(int(code), text) for text, _, code in (part.rpartition(_CODE) for part in parts)
        ]

    def _run(
        self, arguments: Sequence[str], env: Mapping[str, str] | None
    ) -> tuple[subprocess.Popen[bytes], str]:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, self._size)
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**self._environment, **(env or {})},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        with closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
            return process, _everything(terminal.fileno()).decode()


def _everything(terminal: int) -> bytes:
    """Until nobody has the terminal any more, which Linux tells as an error."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts)


def _run_each(commands: Sequence[Sequence[str]]) -> None:
    from quarterjack.http.cli.main import main

    for arguments in commands:
        try:
            main(list(arguments), prog_name="quarterjack")
        except SystemExit as end:
            print(f"{_CODE}{end.code or 0}{_END}", end="", flush=True)


if __name__ == "__main__":
    _run_each(json.loads(sys.argv[1]))
