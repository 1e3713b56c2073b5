"""One attempt of a built-in step, run as a runner does, without a runtime around it."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from web_server import WebServer

from quarterjack.actors.runner import (
    AttemptKey,
    StepBegan,
    StepRaised,
    StepReport,
    StepReturned,
    StepTask,
)
from quarterjack.actors.workflow import Workflow
from quarterjack.runtime.runners import CoroutineRunner
from quarterjack.storage import ExecutionId, Failure, ScheduleId, Trigger
from quarterjack.storage.instants import EPOCH
from quarterjack.storage.plain_data import unpack


class Attempt:
    """A step of a workflow on the runner `async`."""

    def __init__(self, runner: CoroutineRunner, workflow: Workflow, params: dict[str, Any]) -> None:
        (step,) = workflow.steps.values()
        self._runner = runner
        self._began = threading.Event()
        self._ended = threading.Event()
        self.reports: list[StepReport] = []
        self.key = AttemptKey(ExecutionId("exe_1"), step.name, 1)
        task = StepTask(
            key=self.key,
            step=step,
            workflow_id=workflow.id,
            schedule_id=ScheduleId("sch_1"),
            scheduled_time=EPOCH,
            trigger=Trigger.API,
            params=params,
            context={},
            results={},
        )
        runner.submit(task, self._report)

    def _report(self, report: StepReport) -> None:
        self.reports.append(report)
        (self._began if isinstance(report, StepBegan) else self._ended).set()

    def cancel(self) -> None:
        self._runner.cancel(self.key)

    @property
    def result(self) -> Any:
        """What the step returned."""
        assert self._ended.wait(20)
        report = self.reports[-1]
        assert isinstance(report, StepReturned), report
        return unpack(report.result)

    @property
    def failure(self) -> Failure:
        """How the step failed."""
        assert self._ended.wait(20)
        report = self.reports[-1]
        assert isinstance(report, StepRaised), report
        return report.failure


@pytest.fixture
def runner() -> Iterator[CoroutineRunner]:
    found = CoroutineRunner()
    yield found
    found.close()


@pytest.fixture
def attempt(runner: CoroutineRunner) -> Callable[..., Attempt]:
    """Runs the step of a workflow with parameters."""

    def tried(workflow: Workflow, **params: Any) -> Attempt:
        return Attempt(runner, workflow, params)

    return tried


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A web server on 127.0.0.1."""
    with WebServer() as server:
        yield server
