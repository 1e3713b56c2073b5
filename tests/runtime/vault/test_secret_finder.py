"""A process runner's tasks wait for their secrets beside the loop, and can be cancelled meanwhile."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import secret_steps
from secret_steps import PLAIN
from waiting import eventually

from quarterjack.actors.runner import (
    AttemptKey,
    StepEnd,
    StepRaised,
    StepReport,
    StepReturned,
    StepTask,
)
from quarterjack.actors.secret_params import Reference
from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.runtime.runners import ProcessRunner
from quarterjack.runtime.vault.step_secrets import StepSecrets
from quarterjack.storage import ExecutionId, Trigger
from quarterjack.storage.instants import EPOCH
from quarterjack.storage.plain_data import unpack


class SlowVault:
    """Its secrets are far away: they are there when the test says so."""

    has_key = False

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.there = threading.Event()

    def seal(self, text: str) -> str:
        return text

    def unsealed(self, sealed: str) -> str:
        return sealed

    def refusal(self, reference: Reference) -> str | None:  # noqa: ARG002
        return None

    def looked_up(self, reference: Reference) -> str:  # noqa: ARG002
        self.asked.release()
        assert self.there.wait(20)
        return PLAIN


@pytest.fixture
def vault() -> Iterator[SlowVault]:
    found = SlowVault()
    yield found
    found.there.set()


@pytest.fixture
def runner(vault: SlowVault) -> Iterator[ProcessRunner]:
    book = WorkflowBook([secret_steps.careful], vault=vault)
    made = ProcessRunner(
        book.values(), now=lambda: datetime.now(UTC), processes=1, secrets=StepSecrets(book)
    )
    made.start()
    yield made
    made.close()


def task(step: str, number: int) -> StepTask:
    return StepTask(
        key=AttemptKey(ExecutionId("exe_1"), step, number),
        step=secret_steps.careful.steps[step],
        workflow_id=secret_steps.careful.id,
        schedule_id=None,
        scheduled_time=EPOCH,
        trigger=Trigger.API,
        params={"password": {"env": "ANY"}},
        context={},
        results={},
    )


def test_submitting_waits_for_no_secret_and_others_go_on(
    runner: ProcessRunner, vault: SlowVault
) -> None:
    reports: list[StepReport] = []
    first = task("use", 1)

    runner.submit(first, reports.append)
    assert vault.asked.acquire(timeout=20)
    runner.submit(task("beside", 2), reports.append)

    eventually(lambda: [each for each in reports if isinstance(each, StepReturned)])
    assert runner.in_flight(first.key)
    vault.there.set()
    eventually(lambda: not runner.in_flight(first.key))
    assert isinstance(reports[-1], StepReturned)
    assert unpack(reports[-1].result)[0] == len(PLAIN)


def test_an_attempt_is_cancelled_while_its_secret_is_looked_up(
    runner: ProcessRunner, vault: SlowVault
) -> None:
    reports: list[StepReport] = []
    first, second = task("use", 1), task("use", 2)
    runner.submit(first, reports.append)
    assert vault.asked.acquire(timeout=20)

    runner.cancel(first.key)

    assert not runner.in_flight(first.key)
    vault.there.set()
    runner.submit(second, reports.append)
    eventually(lambda: not runner.in_flight(second.key))
    ends = [each for each in reports if isinstance(each, StepEnd)]
    assert [each.key for each in ends] == [first.key, second.key]
    assert isinstance(ends[0], StepRaised)
    assert ends[0].failure.type == "Cancelled"


def test_a_runner_is_closed_while_a_secret_is_looked_up(
    runner: ProcessRunner, vault: SlowVault
) -> None:
    reports: list[StepReport] = []
    runner.submit(task("use", 1), reports.append)
    assert vault.asked.acquire(timeout=20)

    runner.close()
    vault.there.set()
    runner.submit(task("use", 2), reports.append)

    assert reports == []
