"""How long starts take: processor time of a process until it is ready, beside Python that does nothing.

Time on the clock would tell of the machine's other work; what is left of a start is loading modules.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from perf.harness import Scenario, Size, Subject

_APP: Final = """
from quarterjack.runtime import Workflow

flow = Workflow("flow")

@flow.step
def nothing() -> int:
    return 1
"""
_SERVE: Final = (
    *("-m", "quarterjack.http", "serve", "--app", "app", "--runner", "thread"),
    *("--port", "0", "--database", "sqlite:///start.db"),
)


def _median(measure: Callable[[], float]) -> Callable[[Size], float]:
    return lambda size: median(measure() for _ in range(size.of(11, 3)))


def _ended(*arguments: str) -> Callable[[Size], float]:
    """Milliseconds of a process from its start to its end."""

    def measure() -> float:
        process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
        return _used(process)

    return _median(measure)


def _served() -> float:
    """Milliseconds of a server with an empty database until it listens."""
    with TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text(_APP, encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, *_SERVE], cwd=folder, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        with process.stdout:
            assert "listening on" in process.stdout.readline()
            process.kill()
            return _used(process)


def _used(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> float:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return 1_000 * (usage.ru_utime + usage.ru_stime)


def _scenario(name: str, question: str, ours: Callable[[Size], float], floor: float) -> Scenario:
    nothing = Subject("python -c pass", _ended("-c", "pass"))
    return Scenario(
        name,
        question,
        "ms of CPU",
        higher_is_better=False,
        ours=Subject("quarterjack", ours),
        others=(nothing,),
        floor=floor,
    )


SCENARIOS: Sequence[Scenario] = (
    _scenario(
        "start-import",
        "loading what defines and runs workflows",
        _ended("-c", "from quarterjack.runtime import Runtime, Workflow"),
        floor=0.01,
    ),
    _scenario(
        "start-worker",
        "loading what a worker process has",
        _ended("-c", "import quarterjack.runtime.worker.preload"),
        floor=0.05,
    ),
    _scenario(
        "start-command",
        "`quarterjack --version`",
        _ended("-m", "quarterjack.http", "--version"),
        floor=0.1,
    ),
    _scenario(
        "start-server",
        "`quarterjack serve` until it listens, with an empty database",
        _median(_served),
        floor=0.015,
    ),
)
