"""Copies a database while others use it, and looks whether one is whole. Blocks; for a thread of its own."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from .errors import DatabaseError
from .file_system import is_read_only
from .file_watch import log_size
from .migrate import NEWEST, version_of

_PAGES_AT_ONCE: Final = 1_000
_MOST_FAULTS: Final = 100
_ALL_IS_WELL: Final = "ok"
CopyProgress = Callable[[int, int], None]
"""Is told how many pages are copied, and how many there are."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found in a database; no faults: it is whole."""

    faults: list[str]
    schema_version: int
    size: int
    """Bytes."""
    executions: int
    events: int


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that can't write. Raises `DatabaseError`."""
    try:
        uri = f"file:{quote(str(path.absolute()))}?mode=ro"
        if is_read_only(path) and not log_size(path):
            uri += "&immutable=1"  # else SQLite wants to make the files beside it
        connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise DatabaseError(f"The database {path} can't be read: {error}.") from None
    return connection


def copy_database(source: Path, target: Path, progress: CopyProgress = lambda _, __: None) -> None:
    """Write what is committed now into a new file, all of one moment. Raises `DatabaseError`.

    By SQLite's backup interface; the source is only read, so writers go on meanwhile.
    """
    reading, writing = open_to_read(source), sqlite3.connect(target, isolation_level=None)
    try:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on: one moment
        reading.backup(
            writing,
            pages=_PAGES_AT_ONCE,
            progress=lambda _, left, total: progress(total - left, total),
        )
        writing.execute("PRAGMA journal_mode = DELETE")  # a file by itself, to be moved as it is
    except sqlite3.Error as error:
        raise DatabaseError(f"The copy {target} can't be made: {error}.") from None
    finally:
        writing.close()
        reading.close()


def examine(connection: sqlite3.Connection) -> Examined:
    """Look at every page and every reference. Raises `DatabaseError` for what is no database of ours."""
    try:
        version = version_of(connection)
        if not 0 < version <= NEWEST:
            raise DatabaseError(
                f"That is no database of this Quarterjack: its schema version is {version}, "
                f"known are 1 to {NEWEST}."
            )
        faults = [
            text
            for (text,) in connection.execute(f"PRAGMA integrity_check({_MOST_FAULTS})")
            if text != _ALL_IS_WELL
        ]
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
            faults.append(f"row {row} of {table} belongs to a row of {parent} that is not there")
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
        (executions,) = connection.execute("SELECT count(*) FROM executions").fetchone()
        (events,) = connection.execute("SELECT count(*) FROM events").fetchone()
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"The database can't be read: {error}.") from None
    return Examined(faults[:_MOST_FAULTS], version, pages * page_size, executions, events)
