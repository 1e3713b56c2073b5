"""An execution whose actor crashes again and again is ended with a reason; its neighbours go on."""

from typing import Any

import pytest
from events_of import types

from quarterjack.actors.execution import ExecutionActor
from quarterjack.runtime.testing import VirtualRuntime


@pytest.fixture
def crash_on_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The actors of `report` crash with each result of a step."""
    original = ExecutionActor.handlers
    returned = next(kind for kind in original if kind.__name__ == "StepReturned")

    def crash_if_report(self: Any, message: Any) -> None:
        if self._execution.workflow_id == "report":
            raise RuntimeError("a bug")
        original[type(message)](self, message)

    monkeypatch.setattr(ExecutionActor, "handlers", {**original, returned: crash_if_report})


@pytest.mark.usefixtures("crash_on_reports")
def test_a_step_whose_result_crashes_its_actor_is_given_up(
    runtime: VirtualRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = runtime.run("report").get(), runtime.run("slow").get()

    ended, fine = runtime.wait_for(bad).get(), runtime.wait_for(good).get()

    assert fine.status == "succeeded"
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error.type == "Interrupted"
    assert "actor crashed" in ended.error.message
    monkeypatch.undo()
    assert runtime.wait_for(runtime.run("report").get()).get().status == "succeeded"


@pytest.mark.usefixtures("crash_on_reports")
def test_an_execution_that_can_not_even_be_loaded_fails_with_the_crash(
    runtime: VirtualRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(self: Any, reply: Any) -> None:
        raise RuntimeError("another bug")

    monkeypatch.setattr(ExecutionActor, "_loaded", crash)
    bad, good = runtime.run("report").get(), runtime.run("slow").get()

    ended, fine = runtime.wait_for(bad).get(), runtime.wait_for(good).get()

    assert fine.status == "succeeded"
    assert ended.status == "failed"
    assert ended.error is not None
    assert "another bug" in ended.error.message
    assert types(runtime, of=bad)[-1] == "workflow.failed"
