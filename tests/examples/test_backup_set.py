"""Backup set: each database for itself, a drill, and an alarm that nobody can overlook."""

import gzip
import hashlib
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from one_run import statuses

from quarterjack.actors.engine import VirtualClock
from quarterjack.examples.backup_set import backup_set, database_backup, restore_drill
from quarterjack.examples.report_file import read_json
from quarterjack.runtime import Execution
from quarterjack.runtime.testing import VirtualRuntime

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
HEAD = b"SQLite format 3\x00"


def make(path: Path, rows: int) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE things (name)")
        made.executemany("INSERT INTO things VALUES (?)", [(f"{n:0100}",) for n in range(rows)])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    make(folder / "orders.db", 1_000)
    make(folder / "people", 10)  # known by what it holds
    (folder / "notes.db").write_text("no database, whatever its name says")
    return folder


def run(runtime: VirtualRuntime, data: Path) -> Execution:
    given = {"folder": str(data), "output": str(data.parent / "out")}
    return runtime.wait_for(runtime.run("backup-set", params=given).get()).get()


def children(runtime: VirtualRuntime, workflow: str) -> list[Execution]:
    every = runtime.list_executions().get().items
    return [each for each in every if each.workflow_id == workflow]


def test_every_database_is_backed_up_by_an_execution_of_its_own(data: Path) -> None:
    with VirtualRuntime(workflows=[backup_set], clock=VirtualClock(NOW)) as runtime:
        found = run(runtime, data)
        backups = children(runtime, "database-backup")
        drills = children(runtime, "restore-drill")

    assert found.error is None
    assert [each.parent and each.parent.step for each in reversed(backups)] == [
        "database_backup[0]",
        "database_backup[1]",
    ]
    report = read_json(data.parent / "out/backup-set.json")
    assert [Path(each["database"]).name for each in report["backups"]] == ["orders.db", "people"]
    for each in report["backups"]:
        packed = Path(each["archive"]).read_bytes()
        assert hashlib.sha256(packed).hexdigest() == each["sha256"]
        assert gzip.decompress(packed).startswith(HEAD)
    assert len(drills) == 1
    assert report["drill"] == {
        "archive": report["backups"][0]["archive"],  # the largest
        "integrity": "ok",
        "rows": {"things": 1_000},
    }
    assert sorted(path.name for path in (data.parent / "out").iterdir()) == [
        "backup-set.json",
        "orders.db-20260301T023000Z.gz",
        "people-20260301T023000Z.gz",
    ]


def test_a_damaged_database_raises_the_alarm_and_a_retry_backs_up_only_that_one(data: Path) -> None:
    alarm = data.parent / "out/BACKUP-FAILED.txt"
    (data / "broken.db").write_bytes(HEAD + b"\xff" * 8_000)
    with VirtualRuntime(workflows=[backup_set], clock=VirtualClock(NOW)) as runtime:
        failed = run(runtime, data)
        text = alarm.read_text(encoding="utf-8")
        make(data / "broken.db", 5)
        again = runtime.retry_execution(failed.id).get()
        ended = runtime.wait_for(again).get()
        steps = runtime.get_execution(again).get()
        backups = children(runtime, "database-backup")

    assert failed.status == "failed"
    assert "- database_backup: 1 of 3 items failed; the first, database_backup[0]" in text
    assert ended.error is None
    assert ended.result["databases"] == 3
    assert len(backups) == 4  # three, and one again
    assert statuses(steps)["alarm"] == "skipped"
    assert not alarm.exists()


def test_a_retry_that_fails_again_raises_the_alarm_again(data: Path) -> None:
    alarm = data.parent / "out/BACKUP-FAILED.txt"
    (data / "broken.db").write_bytes(HEAD + b"\xff" * 8_000)
    with VirtualRuntime(workflows=[backup_set], clock=VirtualClock(NOW)) as runtime:
        failed = run(runtime, data)
        alarm.unlink()
        runtime.wait_for(runtime.retry_execution(failed.id).get()).get()

    assert alarm.exists()


def test_only_the_newest_of_each_database_are_kept(data: Path) -> None:
    for day in range(9):
        clock = VirtualClock(NOW + timedelta(days=day))
        with VirtualRuntime(workflows=[backup_set], clock=clock) as runtime:
            assert run(runtime, data).error is None

    names = sorted(path.name for path in (data.parent / "out").glob("orders.db-*"))
    assert len(names) == 7
    assert names[0] == "orders.db-20260303T023000Z.gz"


def test_no_database_is_no_failure_and_no_drill(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with VirtualRuntime(workflows=[backup_set], clock=VirtualClock(NOW)) as runtime:
        found = run(runtime, tmp_path / "data")
        steps = runtime.get_execution(found.id).get()

    assert found.result == {"databases": 0, "drill": None}
    assert statuses(steps)["restore_drill"] == "skipped"


def test_both_parts_can_be_run_alone(data: Path) -> None:
    with VirtualRuntime(workflows=[database_backup, restore_drill]) as runtime:
        given = {"database": str(data / "people"), "output": str(data.parent / "out")}
        key = runtime.run("database-backup", params=given).get()
        backup = runtime.wait_for(key).get().result
        key = runtime.run("restore-drill", params={"archive": backup["archive"]}).get()
        drill = runtime.wait_for(key).get()

    assert drill.result["rows"] == backup["rows"] == {"things": 10}
