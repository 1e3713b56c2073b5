"""Tables in Markdown whose rows promise something, and name the tests that show it or say why there is none.

A row begins with an id such as `P1`; tests are written as `tests/…/test_x.py::test_y`. Only text is read.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ID = re.compile(r"[A-Z]\d{1,2}")
_CELL = re.compile(r"(?<!\\)\|")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`( \(long\))?")
NO_TEST = "No test: "


@dataclass(frozen=True)
class NamedTest:
    """A test as a row names it; `is_long` if the row says so."""

    path: str
    name: str
    is_long: bool

    def __str__(self) -> str:
        return f"{self.path}::{self.name}"


@dataclass(frozen=True)
class Claim:
    """A row: its id, its cells between that and the last, and what the last says."""

    id: str
    cells: tuple[str, ...]
    proof: str

    @property
    def tests(self) -> list[NamedTest]:
        """Those that it names."""
        found = _NAMED.findall(self.proof)
        return [NamedTest(path, name, bool(long)) for path, name, long in found]

    @property
    def reason(self) -> str:
        """Why there is no test; empty: there is one."""
        _, mark, reason = self.proof.partition(NO_TEST)
        return reason.strip() if mark else ""


def claims(page: str) -> list[Claim]:
    """The rows of all tables of a page that begin with an id.

    >>> (claim,) = claims("| P1 | it holds | `tests/a/test_b.py::test_c` (long) |")
    >>> claim.id, claim.cells, claim.tests
    ('P1', ('it holds',), [NamedTest(path='tests/a/test_b.py', name='test_c', is_long=True)])
    """
    found = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in _CELL.split(line.strip())[1:-1]]
        if len(cells) > 1 and _ID.fullmatch(cells[0]):
            found.append(Claim(cells[0], tuple(cells[1:-1]), cells[-1]))
    return found


def problems(claim: Claim, root: Path) -> Iterator[str]:
    """What is wrong with what a row says of its tests."""
    names = [str(test) for test in claim.tests]
    if not names and len(claim.reason.split()) < 3:
        yield f"{claim.id} names no test, and no reason after {NO_TEST!r}"
    if "`tests/" in _NAMED.sub("", claim.proof):
        yield f"{claim.id} names a test in another form"
    if len(set(names)) < len(names):
        yield f"{claim.id} names a test twice"
    for test in claim.tests:
        there = tests_in(root / test.path)
        if test.name not in there:
            yield f"{claim.id}: there is no {test}"
        elif there[test.name] != test.is_long:
            yield f"{claim.id}: {test} {'is' if there[test.name] else 'is not'} (long)"


@cache
def tests_in(file: Path) -> dict[str, bool]:
    """The tests of a file, each with whether it runs only where long ones are asked for."""
    if not file.is_file():
        return {}
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        node.name: any(map(_is_slow, node.decorator_list))
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.name.startswith("test_")
    }


def _is_slow(decorator: ast.expr) -> bool:
    return ast.unparse(decorator) == "pytest.mark.slow"
