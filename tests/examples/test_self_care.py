"""Self-care: a backup that was checked, or none."""

import hashlib
import json
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quarterjack.examples.self_care import BackupDamaged, integrity, self_care
from quarterjack.runtime import Execution, Runtime

Play = Callable[..., Execution]
NOW = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE things (name)")
        made.executemany("INSERT INTO things VALUES (?)", [(f"{n}",) for n in range(100)])
    return path


def test_a_runtime_backs_up_its_own_database_while_it_runs(tmp_path: Path) -> None:
    path, output = tmp_path / "q.db", tmp_path / "backups"
    with Runtime(f"sqlite:///{path}", workflows=[self_care]) as runtime:
        key = runtime.run("self-care", params={"database": str(path), "output": str(output)}).get(
            timeout=10
        )
        found = runtime.wait_for(key).get(timeout=20)

    assert found.error is None
    backup = Path(found.result["backup"])
    assert found.result["integrity"] == "ok"
    assert found.result["rows"]["executions"] == 1
    assert found.result["sha256"] == hashlib.sha256(backup.read_bytes()).hexdigest()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with Runtime(f"sqlite:///{backup}", workflows=[self_care]) as restored:
        assert restored.list_executions().get(timeout=10).items[0].id == key


def test_the_report_names_the_backup(tmp_path: Path, database: Path, play: Play) -> None:
    found = play(self_care, NOW, database=str(database), output=str(tmp_path / "out"))

    assert found.error is None
    report = json.loads((tmp_path / "out/self-care.json").read_text(encoding="utf-8"))
    assert report["rows"] == {"things": 100}
    assert report["backup"].endswith("quarterjack-backup-20260101T123000Z.db")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "quarterjack-backup-20260101T123000Z.db",
        "self-care.json",
    ]


def test_only_the_newest_are_kept(tmp_path: Path, database: Path, play: Play) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "my-own.db").write_bytes(b"mine")

    for number in range(4):
        at = NOW + number * timedelta(minutes=1)
        found = play(self_care, at, database=str(database), output=str(output), keep=2)

    names = sorted(path.name for path in output.glob("*.db"))
    assert names == [
        "my-own.db",
        "quarterjack-backup-20260101T123200Z.db",
        "quarterjack-backup-20260101T123300Z.db",
    ]
    assert found.result["kept"] == 2
    assert found.result["pruned"] == ["quarterjack-backup-20260101T123100Z.db"]


def test_a_copy_that_is_not_whole_is_removed_and_told(tmp_path: Path, database: Path) -> None:
    raw = bytearray(database.read_bytes())
    raw[4_096:6_000] = b"\xff" * (6_000 - 4_096)
    copy = tmp_path / "copy.db"
    copy.write_bytes(raw)

    with pytest.raises(BackupDamaged, match="not whole"):
        integrity(str(copy))
    assert not copy.exists()


def test_a_database_that_is_not_there_fails_and_leaves_no_backup(
    tmp_path: Path, play: Play
) -> None:
    output = tmp_path / "out"

    found = play(self_care, NOW, database=str(tmp_path / "gone.db"), output=str(output))

    assert found.status == "failed"
    assert found.error is not None
    assert found.error.type == "OperationalError"
    assert list(output.glob("*.db")) == []
