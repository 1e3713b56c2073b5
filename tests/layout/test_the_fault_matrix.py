"""Each row of the pages on faults and promises names tests that exist, or says why it has none."""

from pathlib import Path

import pytest
from claims import Claim, claims, problems

COUNTS = {"P": 13, "D": 13, "T": 9, "R": 12, "A": 8, "W": 10, "H": 12, "S": 14}
"""How many faults there are of each kind: 91 in all."""
HERE = "tests/layout/test_the_fault_matrix.py"
A_TEST = f"`{HERE}::test_each_fault_has_a_sentence_and_a_promise`"
PAGES = ["docs/fault-matrix.md", "docs/reliability.md"]


def test_the_matrix_has_every_fault_once_in_order(root: Path) -> None:
    page = (root / "docs/fault-matrix.md").read_text(encoding="utf-8")

    wanted = [f"{kind}{number + 1}" for kind, count in COUNTS.items() for number in range(count)]

    assert [claim.id for claim in claims(page)] == wanted


def test_each_fault_has_a_sentence_and_a_promise(root: Path) -> None:
    page = (root / "docs/fault-matrix.md").read_text(encoding="utf-8")

    assert [claim.id for claim in claims(page) if list(map(bool, claim.cells)) != [True] * 2] == []


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_promises_is_tested_or_it_says_why_not(root: Path, name: str) -> None:
    found = claims((root / name).read_text(encoding="utf-8"))

    assert found
    assert [problem for claim in found for problem in problems(claim, root)] == []


@pytest.mark.parametrize(
    ("proof", "told"),
    [
        ("", "names no test"),
        ("No test: why", "names no test"),
        ("some other words of some length", "names no test"),
        ("`tests/layout/nowhere.py::test_x`", "there is no tests/layout/nowhere.py::test_x"),
        (f"`{HERE}::test_x`", f"there is no {HERE}::test_x"),
        (f"`{HERE}`", "another form"),
        (f"{A_TEST} (long)", "is not (long)"),
        (f"{A_TEST}, {A_TEST}", "names a test twice"),
    ],
)
def test_a_row_that_proves_nothing_is_found(root: Path, proof: str, told: str) -> None:
    assert any(told in problem for problem in problems(Claim("P1", (), proof), root))


def test_a_row_with_a_reason_is_as_good_as_one_with_a_test(root: Path) -> None:
    assert list(problems(Claim("P1", (), A_TEST), root)) == []
    assert list(problems(Claim("P1", (), "No test: it needs another machine."), root)) == []
