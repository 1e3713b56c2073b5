"""`quarterjack …` many times over, each in a process of its own, that need not import everything first.

One process imports the program; each command is a fork of it, and is to end by itself.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import click
from terminal import Ended


class ForkedCommands:
    """Call it with the arguments; use as a context manager. What commands write passes by `folder`."""

    def __init__(self, folder: Path) -> None:
        self._written = [folder / "stdout", folder / "stderr"]
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> "ForkedCommands":
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)  # with a command that has not ended
        self._process.communicate()

    def __call__(self, *arguments: str, cwd: Path) -> Ended:
        """Run it in that folder; how it ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        call = {"arguments": arguments, "cwd": str(cwd), "written": list(map(str, self._written))}
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return Ended(code, *(each.read_text(encoding="utf-8") for each in self._written))


def _fork_for_each_line() -> None:
    from quarterjack.http.cli.main import main

    with click.Context(main) as ctx:
        for name in main.list_commands(ctx):
            main.get_command(ctx, name)

    for line in sys.stdin:
        process = os.fork()
        if not process:
            _run(**json.loads(line))
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(arguments: list[str], cwd: str, written: list[str]) -> NoReturn:
    from quarterjack.http.cli.main import main

    for number, path in enumerate(written, start=1):
        os.dup2(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), number)
    os.chdir(cwd)
    sys.path[0] = cwd
    main(arguments, prog_name="quarterjack")
    raise AssertionError("click ends the process")


if __name__ == "__main__":
    _fork_for_each_line()
