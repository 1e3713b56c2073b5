"""Servers as users start them: a process of its own, a database file, a free port."""

import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from server_process import ServerProcess, Start

OTHER_FILES = 300
"""That a process opens besides its connections."""
APPS = Path(__file__).parent / "apps"


@contextmanager
def _starting(folder: Path, request: pytest.FixtureRequest, *options: str) -> Iterator[Start]:
    options += getattr(request.module, "SERVER_OPTIONS", ())
    database = f"sqlite:///{folder / 'q.db'}"
    always = ("--app", "jobs", "--port", "0", "--database", database, *options)
    with ExitStack() as stack:

        def started(*arguments: str, **more: Any) -> ServerProcess:
            every = (*always, *arguments)
            server = ServerProcess(*every, cwd=APPS, log=folder / "log", **more)
            return stack.enter_context(server)

        yield started


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Start]:
    """Starts `quarterjack serve` with the test workflows, on the test's database file.

    A module's `SERVER_OPTIONS` are given to each; where steps are not what it is about, they run on
    threads, because worker processes make a start twice as long.
    """
    with _starting(tmp_path, request) as started:
        yield started


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the server that the tests of a module share; the database is its `q.db`."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def start_shared(shared_folder: Path, request: pytest.FixtureRequest) -> Iterator[Start]:
    """As `start`, for a server that the tests of a module share; it does not wait for their steps."""
    with _starting(shared_folder, request, "--grace", "100ms") as started:
        yield started


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the test workflows leave their traces."""
    return tmp_path / "runs.log"


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The file for which the workflow `gated` waits."""
    return tmp_path / "gate"


@pytest.fixture
def many_files() -> Iterator[Callable[[int], None]]:
    """Lets this process and those that it starts have so many connections, or skips the test."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)

    def have(count: int) -> None:
        wanted, most = count + OTHER_FILES, before[1]
        if most != resource.RLIM_INFINITY and most < wanted:
            pytest.skip(f"{count} connections need `ulimit -Hn {wanted}`; here it is {most}")
        if before[0] != resource.RLIM_INFINITY and before[0] < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))

    yield have
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
