"""Workflows whose course the tests decide, and a runtime on a virtual clock."""

from collections.abc import Iterator

import pytest

from quarterjack.runtime import Retry, StepContext, Workflow
from quarterjack.runtime.testing import VirtualRuntime


@pytest.fixture
def report() -> Workflow:
    """Three steps: one, then two beside each other."""
    found = Workflow("report")

    @found.step
    def extract(region: str = "eu") -> dict[str, str]:
        return {"region": region}

    @found.step
    def load(extract: dict[str, str]) -> int:
        return len(extract["region"])

    @found.step
    def notify(extract: dict[str, str], ctx: StepContext) -> str:
        return f"{extract['region']} {ctx.trigger}"

    return found


@pytest.fixture
def slow() -> Workflow:
    """Takes 90 seconds of virtual time: its step fails, waits, and succeeds."""
    found = Workflow("slow")

    @found.step(retry=Retry(attempts=2, backoff="90s"))
    def twice(ctx: StepContext) -> int:
        assert ctx.attempt == 2, "not yet"
        return ctx.attempt

    return found


@pytest.fixture
def broken() -> Workflow:
    """Fails."""
    found = Workflow("broken")

    @found.step
    def fail() -> None:
        raise LookupError("nothing there")

    return found


@pytest.fixture
def runtime(report: Workflow, slow: Workflow, broken: Workflow) -> Iterator[VirtualRuntime]:
    with VirtualRuntime(workflows=[report, slow, broken], seed=1) as started:
        yield started
