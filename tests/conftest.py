"""What holds for all tests."""

import os
import tempfile
from pathlib import Path

import pytest

# Hypothesis keeps tables of Unicode on disk; here they go where they leave nothing behind.
os.environ.setdefault(
    "HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "quarterjack-hypothesis")
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests have recorded as their `summary`, also of those that ran in other processes."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "summary":
                terminalreporter.section(report.nodeid)
                terminalreporter.write_line(str(value))
