"""Databases that older versions wrote, and left as a kill does: copied, and brought to the newest schema."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from released import RELEASED, restored

from quarterjack.storage import DatabaseError
from quarterjack.storage.database import Address
from quarterjack.storage.migrate import MIGRATIONS, NEWEST, Migration, version_of
from quarterjack.storage.upgrade import copy_of, let_shrink, open_upgraded

COUNTED = """
    SELECT workflow_id, sum(succeeded), sum(failed), sum(timed_out), sum(cancelled)
    FROM workflow_hours GROUP BY 1 HAVING sum(succeeded + failed + timed_out + cancelled)
"""
RECOUNTED = """
    SELECT workflow_id, sum(status = 'succeeded'), sum(status = 'failed'),
        sum(status = 'timedOut'), sum(status = 'cancelled')
    FROM executions WHERE ended_at IS NOT NULL GROUP BY 1
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "jobs.db"


def upgraded(file: Path) -> None:
    writer = open_upgraded(Address(f"sqlite:///{file}"))
    try:
        let_shrink(writer, file)
    finally:
        writer.close()


def schema(connection: sqlite3.Connection) -> dict[str, list[object]]:
    """Columns and indexes by table; columns may have been added in another order."""
    found: dict[str, list[object]] = {}
    for (table,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall():
        columns = sorted(row[1:] for row in connection.execute(f"PRAGMA table_info({table})"))
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", [table]
        )
        found[table] = [
            columns,
            sorted((name, " ".join((sql or "").split())) for name, sql in indexes),
        ]
    return found


def test_there_is_a_file_of_every_version() -> None:
    assert [each.stem for each in RELEASED] == [f"v{number:03}" for number in range(1, NEWEST + 1)]


@pytest.mark.parametrize("text", RELEASED, ids=lambda text: text.stem)
def test_an_older_file_becomes_one_of_the_newest_schema(
    text: Path, database: Path, tmp_path: Path
) -> None:
    restored(database, text)
    upgraded(database)
    upgraded(tmp_path / "new.db")

    with (
        closing(sqlite3.connect(database)) as found,
        closing(sqlite3.connect(tmp_path / "new.db")) as new,
    ):
        assert version_of(found) == NEWEST
        assert schema(found) == schema(new)
        assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert found.execute("PRAGMA foreign_key_check").fetchall() == []
        assert found.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert found.execute(COUNTED).fetchall() == found.execute(RECOUNTED).fetchall()


@pytest.fixture
def old(database: Path) -> Iterator[Path]:
    """A file of the first version."""
    restored(database, RELEASED[0])
    yield database


def contents(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [*connection.iterdump(), str(version_of(connection))]


def test_a_copy_of_the_older_file_is_kept_and_is_private(old: Path) -> None:
    before = contents(old)
    upgraded(old)
    copy = copy_of(old, 1)
    assert copy.name == f"jobs.db.v1-before-v{NEWEST}"
    assert contents(copy) == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert {each.name for each in old.parent.iterdir()} == {old.name, copy.name, "jobs.db.lock"}


def test_what_was_only_in_the_log_file_is_copied_too(old: Path) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("UPDATE schedules SET note = 'written last'")
        upgraded(old)
    with closing(sqlite3.connect(copy_of(old, 1))) as copy:
        assert copy.execute("SELECT DISTINCT note FROM schedules").fetchall() == [("written last",)]


def test_a_new_file_and_one_of_today_are_not_copied(database: Path) -> None:
    upgraded(database)
    upgraded(database)
    assert {each.name for each in database.parent.iterdir()} == {"jobs.db", "jobs.db.lock"}


def _failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fails(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half_done (x)")
        raise error

    monkeypatch.setattr(
        "quarterjack.storage.migrate.MIGRATIONS",
        (*MIGRATIONS[:-1], Migration(NEWEST, fails)),
    )


def test_a_migration_that_fails_leaves_the_version_and_makes_one_copy(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(old)
    with monkeypatch.context() as patch:
        _failing(patch, sqlite3.OperationalError("database or disk is full"))
        with pytest.raises(
            DatabaseError, match=rf"from schema version 1 to {NEWEST}.*full.*as it was"
        ):
            upgraded(old)
        made = copy_of(old, 1).stat().st_ino
        with pytest.raises(DatabaseError):
            upgraded(old)
    assert contents(old) == before
    assert copy_of(old, 1).stat().st_ino == made
    upgraded(old)
    assert copy_of(old, 1).stat().st_ino == made
    assert contents(copy_of(old, 1)) == before


def test_a_copy_of_an_earlier_upgrade_is_replaced_when_there_is_more_to_keep(old: Path) -> None:
    copy = copy_of(old, 1)
    copy.write_bytes(b"of an upgrade that was taken back")
    with closing(sqlite3.connect(old, isolation_level=None)) as other:
        other.execute("UPDATE schedules SET note = 'since then'")
    before = contents(old)
    upgraded(old)
    assert contents(copy) == before


def test_no_copy_no_upgrade(old: Path) -> None:
    before = contents(old)
    part = old.with_name(f".{copy_of(old, 1).name}.part")
    (part / "in the way").mkdir(parents=True)
    with pytest.raises(DatabaseError, match=r"no copy can be made first.*as it was.*room"):
        upgraded(old)
    assert contents(old) == before
    assert not copy_of(old, 1).exists()


def test_a_newer_file_is_refused_with_both_versions_and_not_copied(database: Path) -> None:
    upgraded(database)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 3}")
    with pytest.raises(DatabaseError, match=f"version {NEWEST + 3}.*up to {NEWEST}"):
        upgraded(database)
    assert {each.name for each in database.parent.iterdir()} == {"jobs.db", "jobs.db.lock"}


def test_a_large_older_file_is_not_written_anew_by_itself(
    old: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("quarterjack.storage.upgrade.REWRITTEN", 4096)
    upgraded(old)
    assert "prune --compact" in caplog.text
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (0,)
