"""Workflows by name, as `serve --app` finds them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quarterjack.runtime import WorkflowDefinitionError
from quarterjack.runtime.workflow_loader import WorkflowsNotLoaded, load_workflows

SOURCE = """
from quarterjack.runtime import Workflow

one = Workflow("one")
two = Workflow("two")
also_one = one
several = [two, one]
nothing = []
number = 5
"""
WRONG = """
from quarterjack.runtime import Workflow

wrong = Workflow("wrong")


@wrong.step
def loop(loop):
    return loop
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, with the modules `loaded_jobs`, `broken_jobs`, `wrong_jobs`, `no_jobs`."""
    (tmp_path / "loaded_jobs.py").write_text(SOURCE)
    (tmp_path / "broken_jobs.py").write_text("1 / 0")
    (tmp_path / "wrong_jobs.py").write_text(WRONG)
    (tmp_path / "no_jobs.py").write_text("")
    (tmp_path / "missing_jobs.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.endswith("_jobs")]:
        del sys.modules[name]


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("loaded_jobs", ["one", "two"]),
        ("loaded_jobs:two", ["two"]),
        ("loaded_jobs:several", ["two", "one"]),
    ],
)
def test_what_a_name_stands_for(target: str, names: list[str]) -> None:
    assert [workflow.id for workflow in load_workflows(target)] == names


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("no_jobs", "holds no Workflow"),
        ("nowhere_jobs", "no module 'nowhere_jobs'"),
        ("missing_jobs", "no module 'no_such_library'"),
        ("broken_jobs", "ZeroDivisionError"),
        ("loaded_jobs:three", "has no 'three'"),
        ("loaded_jobs:number", "'number' is a int"),
        ("loaded_jobs:nothing", "'nothing' is a list"),
        ("loaded jobs", "write MODULE or MODULE:ATTR"),
        ("", "write MODULE or MODULE:ATTR"),
        (".relative", "write MODULE or MODULE:ATTR"),
    ],
)
def test_what_can_not_be_loaded_is_named(target: str, told: str) -> None:
    with pytest.raises(WorkflowsNotLoaded, match=told) as refused:
        load_workflows(target)
    assert refused.value.target == target
    assert str(refused.value).startswith(f"{target}: ")


@pytest.mark.usefixtures("module")
def test_a_wrong_definition_tells_its_own_error() -> None:
    with pytest.raises(WorkflowDefinitionError, match="step 'loop'"):
        load_workflows("wrong_jobs")
