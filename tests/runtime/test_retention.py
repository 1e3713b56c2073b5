"""What the settings let go is deleted by itself, whatever crashes, and the file gets smaller."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from waiting import eventually

from quarterjack.actors.engine import VirtualClock
from quarterjack.actors.janitor import GoRound
from quarterjack.runtime import Runtime, Settings, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import InvalidInput
from quarterjack.storage.database import Address, Reader
from quarterjack.storage.giving_back import GiveBack, GivenBack
from quarterjack.storage.journal import Journal
from quarterjack.storage.queries import ExecutionFilter, PageRequest
from quarterjack.storage.upgrade import open_upgraded

quick = Workflow("quick")


@quick.step
def once() -> int:
    return 1


large = Workflow("large")


@large.step
def much() -> str:
    return "x" * 200_000


def free_pages(reader: Reader) -> int:
    """Pages of the file that nothing is in."""
    return int(reader.execute_sql("PRAGMA freelist_count").fetchone()[0])


def keeping(**settings: Any) -> VirtualRuntime:
    """A runtime with a schedule that runs once a day."""
    return VirtualRuntime(workflows=[quick], settings=Settings(**settings), clock=VirtualClock())


def daily(runtime: VirtualRuntime) -> None:
    draft = {"workflowId": "quick", "name": "daily", "scheduleConfig": {"cron": "0 0 * * *"}}
    runtime.create_scheduled_workflow(draft).get()


def count(runtime: VirtualRuntime) -> int:
    return len(runtime.list_executions(ExecutionFilter(), PageRequest(500)).get().items)


def test_all_is_kept_unless_the_settings_say_otherwise() -> None:
    with keeping() as runtime:
        daily(runtime)
        runtime.advance("100.5 days")
        assert count(runtime) == 100


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"keep": timedelta(days=30)}, 31),
        ({"keep": timedelta(days=30), "keep_executions": 50}, 50),
        ({"max_executions": 20}, 21),
        ({"keep": timedelta(days=30), "max_executions": 10}, 11),
    ],
    ids=["by age", "but the newest", "by number", "by both"],
)
def test_what_need_not_be_kept_goes_by_itself(settings: dict[str, Any], left: int) -> None:
    with keeping(**settings) as runtime:
        daily(runtime)
        runtime.advance("100.5 days")
        assert left - 1 <= count(runtime) <= left


@pytest.mark.parametrize("actor", ["janitor", "state"])
def test_it_goes_on_after_a_crash(actor: str) -> None:
    with keeping(max_executions=20) as runtime:
        daily(runtime)
        runtime.advance("50.5 days")
        runtime.crash(actor)
        runtime.advance("50.5 days")
        assert count(runtime) <= 21


def test_where_steps_take_long_they_become_small_and_rare() -> None:
    seen = []
    for slowness in (0, 50):
        with keeping(max_executions=1) as runtime:
            for _ in range(150):
                runtime.run("quick").get()
                runtime.settle()
            runtime.advance("2 min")
            before, runtime.disk.slowness = runtime.disk.commits, timedelta(milliseconds=slowness)
            runtime._running().cast.janitor.tell(GoRound())
            runtime.advance("1 min")
            seen.append(runtime.disk.commits - before)
            assert count(runtime) == 1
    fast, slow = seen
    assert 450 / 1_000 < fast < 12
    assert slow - fast > 450 / 50


def test_space_is_given_back_after_a_prune_that_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "q.db"
    with VirtualRuntime(f"sqlite:///{file}", workflows=[large], clock=VirtualClock()) as runtime:
        for _ in range(20):
            runtime.run("large").get()
            runtime.settle()
        runtime.advance("2 days")
        assert runtime.prune(timedelta(days=1)).get().executions == 20
        runtime.advance("1 min")
        reply = runtime._running().environment.reads(free_pages)
        assert reply.get() <= 256


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InvalidInput, match="below keep_executions"):
        Settings.of(keep_executions=10, max_executions=5)
    with pytest.raises(InvalidInput, match="keep"):
        Settings.of(keep="5m")


def test_space_is_given_back_bit_by_bit_and_a_tenth_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "q.db"
    writer = open_upgraded(Address(f"sqlite:///{file}"))
    try:
        connection = writer.connection
        connection.execute("BEGIN")
        rows = ((str(number), "x" * 900) for number in range(30_000))
        connection.executemany("INSERT INTO facts VALUES (?, ?)", rows)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint")
        large = file.stat().st_size
        connection.execute("DELETE FROM facts WHERE name < '6'")
        journal, steps = Journal(writer), 1
        while journal.commit([GiveBack()]).outcomes[0].more:
            steps += 1
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        assert steps > 5
        assert free <= max(256, pages // 10 + 1)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        writer.close()
    assert file.stat().st_size < 0.6 * large


def test_a_file_of_before_can_not_shrink_and_is_no_trouble(tmp_path: Path) -> None:
    file = tmp_path / "q.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE early (x)")
        other.execute("DROP TABLE early")
    writer = open_upgraded(Address(f"sqlite:///{file}"))
    try:
        connection = writer.connection
        connection.execute("BEGIN")
        rows = ((str(number), "x" * 900) for number in range(3_000))
        connection.executemany("INSERT INTO facts VALUES (?, ?)", rows)
        connection.execute("DELETE FROM facts")
        connection.execute("COMMIT")
        assert Journal(writer).commit([GiveBack()]).outcomes == [GivenBack(0, False)]
    finally:
        writer.close()


def test_a_real_runtime_deletes_and_shrinks_while_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quarterjack.actors.janitor.SETTLED", timedelta(0))
    settings = Settings(max_executions=10)
    with Runtime(f"sqlite:///{tmp_path}/q.db", workflows=[quick], settings=settings) as runtime:
        assembly = runtime._running()
        keys = [runtime.run("quick") for _ in range(60)]
        for key in keys:
            assert runtime.wait_for(key.get(timeout=20)).get(timeout=20).status == "succeeded"
        janitor = assembly.system.find("quarterjack/janitor")
        assert janitor is not None
        janitor.tell(GoRound())

        def few() -> bool:
            page = runtime.list_executions(ExecutionFilter(), PageRequest(500)).get(timeout=20)
            return len(page.items) <= 11

        assert eventually(few)
        assert runtime.wait_for(runtime.run("quick").get(timeout=20)).get(timeout=20)
