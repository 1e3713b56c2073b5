"""What holds for all tests."""

import os
import sys
import tempfile
import zlib
from compileall import compile_dir
from pathlib import Path

import pytest

import quarterjack.actors
import quarterjack.http
import quarterjack.runtime
import quarterjack.storage

_HERE = Path(__file__).parent

# Hypothesis keeps tables of Unicode on disk; here they go where they leave nothing behind.
os.environ.setdefault(
    "HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "quarterjack-hypothesis")
)

# What is imported while tests are collected, and all of Quarterjack, is compiled once, and not again in each
# of the hundreds of servers and workers that they start; what they write themselves to be imported leaves no
# bytecode.
_WITHOUT_BYTECODE = sys.dont_write_bytecode
sys.dont_write_bytecode = False


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile what changed, before other processes of the tests load it."""
    if not hasattr(session.config, "workerinput"):
        for package in (
            quarterjack.actors,
            quarterjack.http,
            quarterjack.runtime,
            quarterjack.storage,
        ):
            for folder in package.__path__:
                compile_dir(folder, quiet=2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix the modules, each still in one piece: else one worker has all that start servers and browsers."""
    items.sort(key=lambda item: zlib.crc32(item.path.relative_to(_HERE).as_posix().encode()))


def pytest_collection_finish() -> None:
    """From here on as it was wanted."""
    sys.dont_write_bytecode = _WITHOUT_BYTECODE


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests have recorded as their `summary`, also of those that ran in other processes."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "summary":
                terminalreporter.section(report.nodeid)
                terminalreporter.write_line(str(value))
