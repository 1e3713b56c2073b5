"""A runtime starts on what older versions wrote, and goes on where a kill had left them."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from released import RELEASED, restored

from quarterjack.actors.engine import VirtualClock
from quarterjack.runtime import ExecutionStatus, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import Trigger
from quarterjack.storage.queries import ExecutionFilter, PageRequest

LATER = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
"""Soon after the files were written."""


def old_workflows() -> list[Workflow]:
    """As they were when the files were written; nothing holds them up any more."""
    quick, broken = Workflow("quick"), Workflow("broken")
    pipeline, approval = Workflow("pipeline"), Workflow("approval")

    @quick.step
    def only(n: int = 1) -> int:
        return n + 1

    @broken.step
    def fails() -> None:
        raise ValueError("no such luck")

    @pipeline.step
    def fetch() -> dict[str, int]:
        raise AssertionError("it has succeeded, and is not to run again")

    @pipeline.step
    def deliver(fetch: dict[str, int]) -> int:
        return fetch["rows"]

    approval.wait_for_event("approved")
    return [quick, broken, pipeline, approval]


@pytest.mark.parametrize("text", RELEASED, ids=lambda text: text.stem)
def test_an_older_file_goes_on_where_it_was(text: Path, tmp_path: Path) -> None:
    database = tmp_path / "jobs.db"
    restored(database, text)
    with closing(sqlite3.connect(database)) as connection:
        before = dict(connection.execute("SELECT id, status FROM executions").fetchall())
        names = {name for (name,) in connection.execute("SELECT name FROM schedules")}
    clock = VirtualClock(LATER)
    with VirtualRuntime(f"sqlite:///{database}", workflows=old_workflows(), clock=clock) as runtime:
        runtime.settle()
        page = runtime.list_executions(ExecutionFilter(), PageRequest(500)).get()
        after = {each.id: each for each in page.items}
        assert before.keys() <= after.keys()
        open_ones = [key for key, status in before.items() if status in ("queued", "running")]
        ended = [key for key in open_ones if after[key].status is ExecutionStatus.SUCCEEDED]
        started = [key for key, status in before.items() if status == "running"]
        assert len(started) == 3
        assert set(started) <= set(ended)
        for key, status in before.items():
            if key not in open_ones:
                assert after[key].status.value == status
        schedules = runtime.list_schedules(page=PageRequest(500)).get().items
        assert {each.name for each in schedules} == names
        runtime.advance("1 day")
        page = runtime.list_executions(ExecutionFilter(), PageRequest(500)).get()
        fired = [each for each in page.items if each.trigger is Trigger.CRON]
        assert any(each.id not in before for each in fired)
        if "waiting" in before.values():
            (waiting,) = (key for key, status in before.items() if status == "waiting")
            runtime.send_event("approved").get()
            assert runtime.wait_for(waiting).get().status is ExecutionStatus.SUCCEEDED
