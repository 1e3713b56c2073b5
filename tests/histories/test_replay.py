"""Executions that older code has left in the middle of things are brought to their end by today's."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from recorded_deliveries import AS_RECORDED, delivery

from quarterjack.actors.engine import VirtualClock
from quarterjack.runtime.testing import VirtualRuntime

HISTORIES = sorted(Path(__file__).parent.glob("*.sql"))
LEFT_AT = datetime(2026, 1, 1, 2, tzinfo=UTC)
EVERYTHING = {"pick": 1, "pack": 1, "ship": 2, "thank": 1}
LEFT_TO_DO = {
    1: {"ship": 2, "thank": 1},
    2: {"ship": 1, "thank": 1},
    4: {"pack": 1, "ship": 2, "thank": 1},
    5: EVERYTHING,
}
"""Which attempts today's code has to make of each order: what had ended is not run again."""


def _replayed(
    history: Path, tmp_path: Path, last: tuple[str, ...]
) -> tuple[dict[int, Any], Counter[str]]:
    """How each order has ended, by its number, and which steps ran for that."""
    path, ran = tmp_path / "q.db", list[str]()
    with closing(sqlite3.connect(path)) as database:
        database.executescript(history.read_text(encoding="utf-8"))
    flow = delivery(ran, lambda _: None, last)
    clock = VirtualClock(LEFT_AT)
    with VirtualRuntime(f"sqlite:///{path}", workflows=[flow], clock=clock, seed=2) as runtime:
        runtime.settle()
        for _ in range(3):
            for number in LEFT_TO_DO:
                runtime.send_event("approved", key=str(number)).get()
            runtime.advance("2h")
        found = runtime.list_executions().get().items
        return {int(str(each.params["number"])): each for each in found}, Counter(ran)


def _steps(left: dict[int, dict[str, int]]) -> dict[str, int]:
    return {
        f"{number} {step}": count for number, each in left.items() for step, count in each.items()
    }


@pytest.fixture(params=HISTORIES, ids=[each.stem for each in HISTORIES])
def history(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_there_are_histories_of_older_schemas() -> None:
    assert len(HISTORIES) >= 3


def test_what_was_recorded_goes_on_where_it_was(history: Path, tmp_path: Path) -> None:
    found, ran = _replayed(history, tmp_path, AS_RECORDED)

    assert {number: each.result for number, each in found.items()} == {
        number: f"thank {number}" for number in range(1, 6)
    }
    assert ran == _steps(LEFT_TO_DO)


def test_what_was_recorded_goes_on_with_more_steps(history: Path, tmp_path: Path) -> None:
    found, ran = _replayed(history, tmp_path, (*AS_RECORDED, "tell"))

    results = {number: each.result for number, each in found.items()}
    assert results == {3: "thank 3"} | {number: f"tell {number}" for number in LEFT_TO_DO}
    assert ran == _steps({number: each | {"tell": 1} for number, each in LEFT_TO_DO.items()})


@pytest.mark.parametrize("name", ["schema_v007", "schema_v012"])
def test_what_was_recorded_fails_with_the_names_of_steps_that_are_gone(
    name: str, tmp_path: Path
) -> None:
    history = Path(__file__).with_name(f"{name}.sql")
    found, _ = _replayed(history, tmp_path, ("send",))

    errors = {number: found[number].error for number in (1, 2, 4)}
    assert {error.type for error in errors.values()} == {"WorkflowChanged"}
    assert all("ship, thank" in error.message for error in errors.values())
    assert found[3].result == "thank 3"
    assert found[5].result == "send 5"


def test_what_began_before_steps_were_noted_goes_on_with_those_there_are(tmp_path: Path) -> None:
    history = Path(__file__).with_name("schema_v003.sql")
    found, _ = _replayed(history, tmp_path, ("send",))

    assert found[2].error is not None
    assert found[2].error.type == "WorkflowChanged"  # it had begun to ship
    assert {number: found[number].result for number in (1, 3, 4, 5)} == {
        1: "send 1",
        3: "thank 3",
        4: "send 4",
        5: "send 5",
    }
