"""A bound on what a step may take: address space beyond what the worker has when the step begins."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from quarterjack.actors.runner import StepRaised, StepReport

_STATM: Final = Path("/proc/self/statm")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@contextmanager
def limited(limit: int | None) -> Iterator[None]:
    """Let allocations fail beyond so many bytes more than now, inside the block."""
    if limit is None or not _STATM.exists():
        yield
        return
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = int(_STATM.read_text(encoding="ascii").split()[0]) * _PAGE + limit
    if before != resource.RLIM_INFINITY:
        bound = min(bound, before)
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))


def explained(report: StepReport, limit: int | None) -> StepReport:
    """The report; when memory ran out under a limit, the message says so."""
    if limit is None or not is_out_of_memory(report):
        return report
    assert isinstance(report, StepRaised)
    said = f": {report.failure.message}" if report.failure.message else ""
    message = f"the step wanted more memory than its limit of {sized(limit)}{said}"
    return report._replace(failure=report.failure._replace(message=message))


def is_out_of_memory(report: StepReport) -> bool:
    """Whether the step ended with a `MemoryError`."""
    return isinstance(report, StepRaised) and "MemoryError" in report.kinds


def sized(count: int) -> str:
    """A number of bytes for people.

    >>> sized(512 * 2**20), sized(1_500_000)
    ('512 MB', '1.4 MB')
    """
    return f"{count / 2**20:.1f}".removesuffix(".0") + " MB"
