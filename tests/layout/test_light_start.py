"""Who needs a part does not load the whole: what a start takes is said here in modules, not in seconds."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Final

import pytest
from pydantic import BaseModel

import quarterjack.http.shapes
import quarterjack.storage
from quarterjack.http.shapes.shape import Shape
from quarterjack.runtime.builtin.given_params import GivenParams
from quarterjack.storage.selects import PreparedSelect
from quarterjack.storage.statements import Statement
from quarterjack.storage.wire_model import WireModel

LAZY: Final = ("storage", "actors", "runtime")
SERVER: Final = ("aiohttp.web", "prometheus_client", "cryptography", "pebble", "icalendar")
HEAVY: Final = ("aiohttp", "peewee", "sqlite3", "croniter", "pykka", *SERVER[1:])
A_WORKER: Final = (
    "from quarterjack.runtime import Workflow, Retry; import quarterjack.runtime.worker.preload"
)
COMMAND: Final = """
import sys
from quarterjack.http.cli.main import main
sys.argv = ["quarterjack", *{arguments!r}]
try:
    main()
except SystemExit:
    pass
"""


def loaded_by(program: str) -> set[str]:
    """The modules that a process has which runs that."""
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{program}\nimport json, sys; print(json.dumps(list(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(ended.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("program", "unwanted"),
    [
        pytest.param("import quarterjack.runtime", (*HEAVY, "pydantic", "asyncio"), id="runtime"),
        pytest.param("from quarterjack.runtime import Workflow, Retry", HEAVY, id="a definition"),
        pytest.param(A_WORKER, HEAVY, id="a worker process"),
        pytest.param(
            "from quarterjack.runtime import Runtime", (*SERVER, "aiohttp", "click"), id="Runtime"
        ),
        pytest.param(
            "import quarterjack.http.cli.show.schedules; from quarterjack.http import Client",
            (*SERVER, "croniter", "quarterjack.runtime.runtime", "quarterjack.actors.schedule"),
            id="a command that asks a server",
        ),
        pytest.param(
            COMMAND.format(arguments=["--version"]), (*HEAVY, "pydantic", "asyncio"), id="--version"
        ),
        pytest.param(
            COMMAND.format(arguments=["--help"]), (*HEAVY, "pydantic", "asyncio"), id="--help"
        ),
        pytest.param(
            COMMAND.format(arguments=["serve", "--help"]), ("cryptography", "icalendar"), id="serve"
        ),
    ],
)
def test_what_is_not_needed_is_not_loaded(program: str, unwanted: tuple[str, ...]) -> None:
    assert loaded_by(program) & set(unwanted) == set()


@pytest.mark.parametrize("name", LAZY)
def test_a_package_has_at_run_time_the_names_that_type_checkers_see(root: Path, name: str) -> None:
    package = import_module(f"quarterjack.{name}")
    shown = dict(shown_names(root / name / "__init__.py", package.__name__))

    assert sorted(shown) == sorted(package.__all__)
    for each, module in shown.items():
        assert getattr(package, each) is getattr(import_module(module), each)
    assert set(shown) <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        package.Nothing  # noqa: B018


def shown_names(init: Path, package: str) -> Iterator[tuple[str, str]]:
    """What is imported under `TYPE_CHECKING`: names, and the modules that they come from."""
    for block in ast.parse(init.read_text(encoding="utf-8")).body:
        if isinstance(block, ast.If):
            for each in block.body:
                assert isinstance(each, ast.ImportFrom)
                module = f"{package}.{each.module}" if each.level else str(each.module)
                yield from ((alias.name, module) for alias in each.names)


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    for each in iter_modules(package.__path__, f"{package.__name__}."):
        yield import_module(each.name)


def kinds_below(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in kind.__subclasses__():
        yield each
        yield from kinds_below(each)


def test_every_statement_that_is_compiled_at_first_use_can_be_compiled() -> None:
    found = [
        value
        for module in modules_of(quarterjack.storage)
        for value in vars(module).values()
        if isinstance(value, Statement | PreparedSelect)
    ]
    assert len(found) > 50
    for each in found:
        statement = each._statement if isinstance(each, PreparedSelect) else each
        assert statement.sql


def test_every_model_that_is_built_at_first_use_can_be_built() -> None:
    for each in (*modules_of(quarterjack.http.shapes), import_module("quarterjack.http.app")):
        assert each.__name__.startswith("quarterjack.http")
    models = [model for base in (WireModel, Shape, GivenParams) for model in kinds_below(base)]
    assert len(models) > 100
    for model in models:
        model.model_rebuild()
        assert model.__pydantic_complete__
