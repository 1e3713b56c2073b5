"""The thread runner: at most so many at once, lost threads replaced."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gate import Gate
from waiting import eventually

from quarterjack.actors.runner import (
    AttemptKey,
    StepBegan,
    StepRaised,
    StepReport,
    StepReturned,
    StepTask,
)
from quarterjack.actors.workflow import Workflow
from quarterjack.runtime.runners import CoroutineRunner, ThreadRunner
from quarterjack.storage import ExecutionId, Trigger, WorkflowId
from quarterjack.storage.instants import EPOCH


def task(function: Callable[..., Any], number: int = 1) -> StepTask:
    flow = Workflow("flow")
    flow.step(name="step")(function)
    return StepTask(
        key=AttemptKey(ExecutionId("exe_1"), "step", number),
        step=flow.steps["step"],
        workflow_id=WorkflowId("flow"),
        schedule_id=None,
        scheduled_time=EPOCH,
        trigger=Trigger.API,
        params={},
        context={},
        results={},
    )


@pytest.fixture
def gate() -> Iterator[Gate]:
    found = Gate()
    yield found
    found.open()


@pytest.fixture
def runner() -> Iterator[ThreadRunner]:
    before = set(threading.enumerate())
    found = ThreadRunner(limit=2)
    yield found
    found.close()
    eventually(lambda: set(threading.enumerate()) <= before)


def ended(reports: list[StepReport]) -> int:
    return sum(isinstance(report, StepReturned | StepRaised) for report in reports)


def test_no_more_than_the_limit_run_at_once(runner: ThreadRunner, gate: Gate) -> None:
    reports: list[StepReport] = []
    for number in range(5):
        runner.submit(task(gate.wait, number), reports.append)

    eventually(lambda: len(reports) == 2)
    assert all(isinstance(report, StepBegan) for report in reports)
    gate.open()

    eventually(lambda: ended(reports) == 5)
    assert not any(runner.in_flight(task(gate.wait, number).key) for number in range(5))


def test_a_lost_thread_takes_no_place_from_the_others(runner: ThreadRunner, gate: Gate) -> None:
    reports: list[StepReport] = []
    for number in range(2):
        runner.submit(task(gate.wait, number), reports.append)
    eventually(lambda: len(reports) == 2)

    for number in range(2):
        runner.cancel(task(gate.wait, number).key)
        runner.cancel(task(gate.wait, number).key)
    assert runner.lost == 2
    runner.submit(task(lambda: None, 9), reports.append)

    eventually(lambda: ended(reports) == 1)
    gate.open()
    eventually(lambda: ended(reports) == 3)
    eventually(lambda: runner.lost == 0)


def test_what_is_cancelled_before_it_begins_never_does(runner: ThreadRunner, gate: Gate) -> None:
    reports: list[StepReport] = []
    ran: list[int] = []
    for number in range(2):
        runner.submit(task(gate.wait, number), reports.append)
    eventually(lambda: len(reports) == 2)
    runner.submit(task(lambda: ran.append(1), 7), reports.append)

    runner.cancel(task(gate.wait, 7).key)
    runner.cancel(task(gate.wait, 8).key)
    gate.open()

    eventually(lambda: ended(reports) == 3)
    (report,) = [each for each in reports if isinstance(each, StepRaised)]
    assert report.failure.type == "Cancelled"
    assert ran == []


def test_a_closed_runner_ends_its_idle_threads() -> None:
    before = set(threading.enumerate())
    runner = ThreadRunner()
    reports: list[StepReport] = []
    runner.submit(task(lambda: 1), reports.append)
    eventually(lambda: ended(reports) == 1)

    runner.close()
    runner.close()

    eventually(lambda: set(threading.enumerate()) <= before)


def test_a_coroutine_runner_that_was_never_used_closes() -> None:
    runner = CoroutineRunner()

    runner.cancel(task(lambda: 1).key)
    runner.close()

    assert not runner.in_flight(task(lambda: 1).key)


def test_closing_a_coroutine_runner_cancels_what_runs() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    runner = CoroutineRunner()
    reports: list[StepReport] = []
    runner.submit(task(hang), reports.append)
    eventually(lambda: len(reports) == 1)
    assert runner.in_flight(task(hang).key)

    runner.close()
    runner.close()

    (report,) = [each for each in reports if isinstance(each, StepRaised)]
    assert report.failure.type == "CancelledError"


def test_a_coroutine_that_is_cancelled_before_its_first_turn_is_reported() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    runner = CoroutineRunner()
    reports: list[StepReport] = []
    for number in range(100):
        runner.submit(task(hang, number), reports.append)
        runner.cancel(task(hang, number).key)

    eventually(lambda: ended(reports) == 100)
    assert not any(runner.in_flight(task(hang, number).key) for number in range(100))
    runner.close()


def test_a_coroutine_may_clean_up_when_its_runner_is_closed() -> None:
    cleaned: list[int] = []

    async def tidy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            async with asyncio.timeout(0.1):
                for turn in range(10):
                    await asyncio.to_thread(cleaned.append, turn)

    runner = CoroutineRunner()
    reports: list[StepReport] = []
    runner.submit(task(tidy), reports.append)
    eventually(lambda: len(reports) == 1)

    runner.close()

    assert cleaned == list(range(10))
    assert ended(reports) == 1
