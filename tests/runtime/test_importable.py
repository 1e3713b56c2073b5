"""What can't run in a process is refused at the start, with a sentence that says what to do."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from process_steps import steps
from waiting import eventually

from quarterjack.actors.runner import AttemptKey, StepReport, StepReturned, StepTask
from quarterjack.runtime import (
    Runtime,
    Settings,
    WorkersNotStarted,
    Workflow,
    WorkflowDefinitionError,
)
from quarterjack.runtime.importable import modules_of
from quarterjack.runtime.runners import ProcessRunner
from quarterjack.storage import ExecutionId, Trigger
from quarterjack.storage.instants import EPOCH

in_a_list = [Workflow("in-a-list")]


@in_a_list[0].step
def listed() -> int:
    return 1


def top_level() -> int:
    return 1


def flow(function: Callable[..., Any], **options: Any) -> Workflow:
    found = Workflow("flow")
    found.step(name="step", **options)(function)
    return found


def _from_main() -> Callable[..., Any]:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("def job(): return 1", names)
    function: Callable[..., Any] = names["job"]
    return function


def _closure() -> Callable[..., Any]:
    def inner() -> int:
        return 1

    return inner


@pytest.mark.parametrize(
    ("function", "options", "told"),
    [
        pytest.param(_closure(), {}, "is defined inside another function", id="closure"),
        pytest.param(lambda: 1, {}, "it is a lambda", id="lambda"),
        pytest.param(_from_main(), {}, "the program's main module", id="main"),
        pytest.param(
            top_level, {"when": lambda: 1}, "its `when` can't run in a process", id="when"
        ),
        pytest.param(top_level, {}, "no imported module has this Workflow", id="unknown workflow"),
        pytest.param(_closure(), {"runner": "process"}, "move the function", id="asked for"),
    ],
)
def test_what_a_process_can_t_find_is_refused(
    function: Callable[..., Any], options: dict[str, Any], told: str
) -> None:
    default = "thread" if "runner" in options else "process"

    with pytest.raises(WorkflowDefinitionError) as caught:
        modules_of([flow(function, **options)], default)

    assert (caught.value.workflow, caught.value.step) == ("flow", "step")
    assert told.lower() in str(caught.value).lower()
    assert 'runner="thread"' in str(caught.value)


def test_steps_that_run_elsewhere_may_be_anything() -> None:
    async def coroutine() -> int:
        return 1

    waits = Workflow("waits")
    waits.sleep("1s")
    found = modules_of([flow(lambda: 1, runner="thread"), flow(coroutine), waits], "process")

    assert found.names == ()


def test_a_workflow_is_found_in_its_module_and_in_lists() -> None:
    assert modules_of([steps], "process").names == ("process_steps",)
    assert modules_of(in_a_list, "process").names == (__name__,)


@pytest.fixture
def vanishing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module that can be imported once."""
    source = "from quarterjack.runtime import Workflow\nflow = Workflow('flow')\n"
    source += "@flow.step\ndef step(): return 1\n"
    (tmp_path / "vanishing.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import vanishing  # type: ignore[import-not-found]

    yield vanishing
    sys.modules.pop("vanishing", None)


def test_a_module_that_workers_can_t_import_fails_the_start(vanishing: ModuleType) -> None:
    Path(str(vanishing.__file__)).unlink()
    runner = ProcessRunner([vanishing.flow], now=lambda: datetime.now(UTC), processes=1)

    with pytest.raises(WorkersNotStarted, match="No module named 'vanishing'"):
        runner.start()


def test_a_module_that_makes_no_workflow_again_fails_the_start(vanishing: ModuleType) -> None:
    Path(str(vanishing.__file__)).write_text("", encoding="utf-8")
    runner = ProcessRunner([vanishing.flow], now=lambda: datetime.now(UTC), processes=1)

    with pytest.raises(WorkersNotStarted, match="made no workflow 'flow'"):
        runner.start()


def test_an_embedded_runtime_can_use_processes() -> None:
    settings = Settings.of(runner="process", processes=1)
    with Runtime(workflows=[in_a_list[0]], settings=Settings.of(runner="thread")) as runtime:
        execution_id = runtime.run("in-a-list").get(timeout=5)
        assert runtime.wait_for(execution_id).get(timeout=5).result == 1

    with pytest.raises(WorkflowDefinitionError, match="lambda"):
        Runtime(workflows=[flow(lambda: 1)], settings=settings).start().get(timeout=10)


def test_a_worker_that_can_t_be_replaced_is_tried_again(vanishing: ModuleType) -> None:
    path = Path(str(vanishing.__file__))
    source = path.read_text(encoding="utf-8")
    runner = ProcessRunner([vanishing.flow], now=lambda: datetime.now(UTC), processes=1)
    runner.start()
    ends: list[StepReport] = []
    key = AttemptKey(ExecutionId("exe_1"), "step", 1)
    step = vanishing.flow.steps["step"]
    task = StepTask(key, step, vanishing.flow.id, None, EPOCH, Trigger.API, {}, {}, {})

    path.write_text("import os\nos._exit(7)\n", encoding="utf-8")
    runner.submit(task, ends.append)
    eventually(lambda: len(ends) == 2)
    (worker,) = (each for each in multiprocessing.active_children() if "pebble" in each.name)
    os.kill(worker.pid or 0, signal.SIGKILL)
    worker.join()
    runner.submit(replace(task, key=key._replace(number=2)), ends.append)
    path.write_text(source, encoding="utf-8")
    eventually(lambda: len(ends) == 4)
    runner.close()

    assert isinstance(ends[-1], StepReturned)
