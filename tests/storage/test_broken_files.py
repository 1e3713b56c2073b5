"""What is told about a database file: damaged, failing, moved, with a long log, on a network."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from peewee import DatabaseError as PeeweeError
from sample import a_schedule, an_event

from quarterjack.storage import DatabaseDamaged, StorageUnavailable
from quarterjack.storage.database import Address, Readers, Writer
from quarterjack.storage.errors import DatabaseMoved, StorageFailed
from quarterjack.storage.fault_kinds import is_damage, is_file_failure
from quarterjack.storage.file_system import is_read_only, network_of
from quarterjack.storage.file_watch import LOG_IS_LONG, FileWatch, log_size
from quarterjack.storage.journal import Journal
from quarterjack.storage.queries import PageRequest, ScheduleFilter, schedules
from quarterjack.storage.schedule_changes import CreateSchedule
from quarterjack.storage.soundness import look_at
from quarterjack.storage.transaction import Transaction

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /srv/with\\040space rw - nfs4 server:/x rw
31 22 0:41 / /home/me/there rw - fuse.sshfs me@host: rw
32 30 0:42 / /srv/with\\040space/local rw - xfs /dev/vdb rw
nonsense
"""


class Failing:
    """A change that meets an error of SQLite, as it says."""

    def __init__(self, code: int) -> None:
        self._error = sqlite3.OperationalError("disk I/O error")
        if code == sqlite3.SQLITE_CORRUPT:
            self._error = sqlite3.DatabaseError("malformed")  # type: ignore[assignment]
        self._error.sqlite_errorcode = code

    def apply(self, transaction: Transaction) -> None:
        transaction.emit([an_event("never")])
        raise self._error


def overwrite(path: Path, pages: range) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek(page * 4_096)
            file.write(os.urandom(4_096))


def emptied(writer: Writer, path: Path) -> int:
    """Have all in the database's own file; its pages."""
    writer.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size // 4_096


def test_damage_is_known_also_as_peewee_tells_of_it(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    file.write_bytes(b"no database at all" * 500)
    with (
        closing(sqlite3.connect(file)) as connection,
        pytest.raises(sqlite3.DatabaseError) as raised,
    ):
        connection.execute("SELECT * FROM sqlite_master").fetchall()

    assert is_damage(raised.value)
    assert is_damage(PeeweeError(raised.value))
    assert not is_file_failure(raised.value)
    assert not is_damage(ValueError("other"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        pytest.param(sqlite3.SQLITE_IOERR_FSYNC, StorageFailed, id="sync"),
        pytest.param(sqlite3.SQLITE_FULL, StorageUnavailable, id="full"),
        pytest.param(sqlite3.SQLITE_CORRUPT, DatabaseDamaged, id="damage"),
    ],
)
def test_a_commit_says_what_is_to_be_done_and_stores_nothing(
    journal: Journal, code: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as raised:
        journal.commit([CreateSchedule(a_schedule(), [an_event()]), Failing(code)])

    assert type(raised.value) is kind
    assert journal.commit([CreateSchedule(a_schedule(), [an_event()])]).events[0].seq == 1


@pytest.mark.parametrize("has_readers", [False, True])
def test_a_writer_that_is_opened_anew_goes_on_and_keeps_others_out(
    writer: Writer, path: Path, has_readers: bool
) -> None:
    Journal(writer).commit([CreateSchedule(a_schedule(), [an_event()])])
    readers = Readers(path) if has_readers else None

    for _ in range(3):
        writer.reopen()
    made = Journal(writer).commit([CreateSchedule(a_schedule("sch_2"), [an_event()])])

    assert made.events[0].seq == 2
    assert writer.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert writer.connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    with pytest.raises(Exception, match="in use"):
        Writer(Address(f"sqlite:///{path}"))
    if readers is not None:
        found = readers.submit(schedules, ScheduleFilter(), PageRequest()).result(timeout=5)
        assert len(found.items) == 2
        readers.close()


@pytest.mark.parametrize("largest", [0, 1 << 30])
def test_a_sound_database_is_found_sound_however_large(
    writer: Writer, path: Path, largest: int
) -> None:
    Journal(writer).commit([CreateSchedule(a_schedule(), [])])

    look_at(writer.connection, path, largest)


@pytest.mark.parametrize(
    ("largest", "pages"),
    [
        pytest.param(1 << 30, lambda count: range(count // 2, count // 2 + 1), id="one page"),
        pytest.param(0, lambda count: range(2, count), id="too large to read, all but the schema"),
    ],
)
def test_damage_is_found_at_the_start(
    writer: Writer, path: Path, largest: int, pages: Callable[[int], range]
) -> None:
    Journal(writer).commit([CreateSchedule(a_schedule(f"sch_{n}"), []) for n in range(300)])
    overwrite(path, pages(emptied(writer, path)))

    with (
        closing(sqlite3.connect(path)) as fresh,
        pytest.raises(DatabaseDamaged, match="quarterjack backup") as raised,
    ):
        look_at(fresh, path, largest)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_not_the_same_any_more_is_noticed(
    writer: Writer, path: Path, replaced: bool
) -> None:
    writer.look()
    if replaced:
        path.with_name("other").write_bytes(b"")
        path.with_name("other").replace(path)
    else:
        path.unlink()

    with pytest.raises(DatabaseMoved, match="was deleted or replaced"):
        writer.look()


def test_a_long_log_is_told_once_until_it_is_short_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.touch()
    watch, log = FileWatch(path), path.with_name("q.db-wal")
    assert log_size(path) == 0

    for size in (LOG_IS_LONG + 1, LOG_IS_LONG + 2, 0, LOG_IS_LONG + 1):
        log.touch()
        os.truncate(log, size)
        watch.look()

    told = [record for record in caplog.records if "has grown to 256 MB" in record.getMessage()]
    assert len(told) == 2


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("/var/q.db", None),
        ("/srv/with space/q.db", "nfs4"),
        ("/srv/with space/local/q.db", None),
        ("/home/me/there/deep/q.db", "fuse.sshfs"),
        ("/home/me/thereabouts/q.db", None),
    ],
)
def test_a_network_file_system_is_known_by_its_mount(
    tmp_path: Path, file: str, kind: str | None
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)

    assert network_of(Path(file), mounts) == kind


def test_where_mounts_can_not_be_read_nothing_is_said(tmp_path: Path) -> None:
    assert network_of(tmp_path / "q.db", tmp_path / "nothing") is None
    assert network_of(tmp_path / "q.db") is None
    assert not is_read_only(tmp_path / "q.db")
