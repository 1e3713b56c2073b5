"""Servers as users start them: a process of its own, a database file, a free port."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from server_process import ServerProcess

APPS = Path(__file__).parent / "apps"
Start = Callable[..., ServerProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `quarterjack serve` with the test workflows, on the test's database file."""
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with ExitStack() as stack:

        def started(*arguments: str, **more: Any) -> ServerProcess:
            every = ("--app", "jobs", "--port", "0", "--database", database, *arguments)
            server = ServerProcess(*every, cwd=APPS, log=tmp_path / "log", **more)
            return stack.enter_context(server)

        yield started


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the test workflows leave their traces."""
    return tmp_path / "runs.log"


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The file for which the workflow `gated` waits."""
    return tmp_path / "gate"
