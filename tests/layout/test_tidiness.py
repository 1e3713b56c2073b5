"""Files and functions fit in a head, names say something, and nobody looks at the clock himself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.layout.conftest import SourceFile

LINES_OF_A_FUNCTION = 60
LINES_OF_A_FILE = 400

SAY_NOTHING = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}

# Time, chance and new ids come from the clock and the id factory, so that a run can be repeated.
UNREPEATABLE = {
    "asyncio.sleep",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "time.sleep",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
}
MAY_BE_UNREPEATABLE = re.compile("clock|ids|seeded")

MAY_PRINT = ("http/cli/", "perf/", "examples/")

ON_SOMEBODYS_MACHINE = re.compile(r"(?<![\w.\-/])/(?:home|root|tmp|work|Users)/|\b[A-Z]:\\\\?Users")


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Each name that an import binds, with what it stands for: `{"sleep": "time.sleep"}`."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def uses(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Every use of something imported, by its full name, however it was imported."""
    names = imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            first, *rest = ast.unparse(node).split(".")
            if first in names:
                yield node, ".".join([names[first], *rest])


def is_unrepeatable(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    return name in UNREPEATABLE or (module == "random" and attribute != "Random")


def unseeded(tree: ast.Module) -> Iterator[ast.Call]:
    """`Random()`: a source of chance that was given no seed."""
    makers = {node for node, name in uses(tree) if name == "random.Random"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.func in makers and not node.args:
            yield node


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def prints(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            yield node


def test_every_function_fits_on_a_screen(sources: list["SourceFile"]) -> None:
    long = [
        f"{source.name}:{function.lineno} {function.name}: {lines(function)} lines"
        for source in sources
        for function in functions(source.tree)
        if lines(function) > LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_every_file_holds_one_idea(sources: list["SourceFile"]) -> None:
    counts = {source.name: len(source.text.splitlines()) for source in sources}
    assert [name for name, count in counts.items() if count > LINES_OF_A_FILE] == []


def test_every_file_is_named_for_what_it_holds(sources: list["SourceFile"]) -> None:
    assert [source.name for source in sources if source.path.stem in SAY_NOTHING] == []
    folders = {part for source in sources for part in PurePosixPath(source.name).parent.parts}
    assert folders & SAY_NOTHING == set()


def test_time_chance_and_ids_come_from_their_own_modules(
    packaged_sources: list["SourceFile"],
) -> None:
    bound = [
        source
        for source in packaged_sources
        if not source.name.startswith("examples/")
        and not MAY_BE_UNREPEATABLE.search(source.path.stem)
    ]
    found = [
        f"{source.name}:{node.lineno} {name}"
        for source in bound
        for node, name in uses(source.tree)
        if is_unrepeatable(name)
    ]
    found += [f"{source.name}:{node.lineno}" for source in bound for node in unseeded(source.tree)]
    assert found == []


def test_only_commands_and_examples_print(sources: list["SourceFile"]) -> None:
    found = [
        f"{source.name}:{node.lineno}"
        for source in sources
        if not source.name.startswith(MAY_PRINT)
        for node in prints(source.tree)
    ]
    assert found == []


def test_no_file_names_a_path_of_one_machine(sources: list["SourceFile"], root: Path) -> None:
    others = [root / name for name in ("setup.cfg", "pyproject.toml", ".ci/run", ".ci/check")]
    texts = {source.name: source.text for source in sources}
    texts |= {path.name: path.read_text(encoding="utf-8") for path in others}
    assert [name for name, text in texts.items() if ON_SOMEBODYS_MACHINE.search(text)] == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import time; time.time()", ["time.time"]),
        ("from time import sleep as nap; nap(1)", ["time.sleep"]),
        ("import datetime as dt; dt.datetime.now()", ["datetime.datetime.now"]),
        ("from datetime import datetime; datetime.utcnow()", ["datetime.datetime.utcnow"]),
        ("import random; random.shuffle([])", ["random.shuffle"]),
        ("import random; random.Random(7)", []),
        ("from uuid import uuid4; default = uuid4", ["uuid.uuid4"]),
        ("self.clock.sleep(1); self.random.choice(x)", []),
    ],
)
def test_the_search_for_unrepeatable_calls_finds_them(line: str, found: list[str]) -> None:
    assert [name for _, name in uses(ast.parse(line)) if is_unrepeatable(name)] == found


@pytest.mark.parametrize(("line", "count"), [("Random()", 1), ("Random(seed)", 0)])
def test_the_search_for_chance_without_a_seed_finds_it(line: str, count: int) -> None:
    assert len(list(unseeded(ast.parse(f"from random import Random; {line}")))) == count
