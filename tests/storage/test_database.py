"""One writer, durable; readers beside it; and what is refused when opening."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sample import a_schedule, an_event

from quarterjack.storage import DatabaseError, InvalidInput, Schedule, ScheduleId
from quarterjack.storage.database import Address, MemoryAnchor, Readers, Writer
from quarterjack.storage.file_lock import FileLock
from quarterjack.storage.journal import Journal
from quarterjack.storage.migrate import migrate
from quarterjack.storage.queries import schedule
from quarterjack.storage.schedule_changes import CreateSchedule


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///jobs.db", "jobs.db"),
        ("sqlite:////var/lib/jobs.db", "/var/lib/jobs.db"),
        ("sqlite://", None),
        ("sqlite:///", None),
        ("sqlite:///:memory:", None),
    ],
)
def test_an_address_is_a_file_or_memory(url: str, path: str | None) -> None:
    address = Address(url)

    assert address.path == (None if path is None else Path(path))
    assert str(Address(str(address))) == str(address)


@pytest.mark.parametrize("url", ["", "jobs.db", "mysql://x/y", "sqlite:/x", "sqlite://host/x.db"])
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="is not a database URL"):
        Address(url)


def test_the_writer_is_durable_and_checks_keys(writer: Writer) -> None:
    def pragma(name: str) -> object:
        return writer.connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    assert pragma("foreign_keys") == 1
    assert pragma("busy_timeout") == 5_000


def test_the_files_are_for_their_owner_only(writer: Writer, path: Path) -> None:
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes["q.db"] == modes["q.db.lock"] == 0o600
    assert set(modes.values()) == {0o600}


def test_a_second_writer_is_refused_naming_the_owner(writer: Writer, path: Path) -> None:
    with pytest.raises(DatabaseError, match=f"in use by process {os.getpid()}"):
        Writer(Address(f"sqlite:///{path}"))


def test_a_closed_writer_gives_the_file_back(path: Path) -> None:
    Writer(Address(f"sqlite:///{path}")).close()
    Writer(Address(f"sqlite:///{path}")).close()

    assert (path.parent / "q.db.lock").read_bytes() == b""


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="Check that its folder exists"):
        Writer(Address(f"sqlite:///{tmp_path}/nowhere/q.db"))


def test_a_lock_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="can't be made"):
        FileLock(tmp_path / "nowhere" / "lock")


def test_a_file_that_is_no_database_is_told_and_given_back(path: Path) -> None:
    path.write_bytes(b"this is no database, but long enough to look at" * 100)

    for _ in range(2):
        with pytest.raises(DatabaseError, match="can't be opened"):
            Writer(Address(f"sqlite:///{path}"))


def test_readers_see_what_is_committed_while_the_writer_writes(
    writer: Writer, journal: Journal, readers: Readers
) -> None:
    journal.commit([CreateSchedule(a_schedule(), [])])
    writer.connection.execute("BEGIN IMMEDIATE")
    writer.connection.execute("UPDATE schedules SET name = 'other'")

    during = readers.submit(schedule, ScheduleId("sch_1")).result(timeout=5)
    writer.connection.execute("COMMIT")
    after = readers.submit(schedule, ScheduleId("sch_1")).result(timeout=5)

    assert (during.name, after.name) == ("a name", "other")


def test_readers_can_not_write(readers: Readers) -> None:
    def write(database: sqlite3.Connection) -> None:
        database.execute_sql("DELETE FROM schedules")  # type: ignore[attr-defined]

    with pytest.raises(Exception, match="readonly"):
        readers.submit(write).result(timeout=5)  # type: ignore[arg-type]


def test_a_database_in_memory_lives_as_long_as_its_anchor() -> None:
    address = Address("sqlite://")
    anchor = MemoryAnchor(address)
    first = Writer(address)
    migrate(first.connection)
    made: list[Schedule] = (
        Journal(first).commit([CreateSchedule(a_schedule(), [an_event()])]).outcomes
    )
    first.close()

    with closing(Writer(address)) as second:
        found = second.connection.execute("SELECT id FROM schedules").fetchall()
        assert found == [(made[0].id,)]
    anchor.close()
