"""Looks at a database file before it is used, so that no server begins on one that contradicts itself.

All of it up to a size at which that takes moments; of a larger one the size, the schema, and the beginning
of each table. `quarterjack check` always reads all.
"""

import logging
import sqlite3
from pathlib import Path
from typing import Final

from .errors import DatabaseDamaged
from .fault_kinds import is_damage
from .file_lock import FileLock

logger = logging.getLogger("quarterjack.storage")
LARGEST_READ: Final = 64 << 20
"""Bytes; more is not read whole at the start."""
_HEADING: Final = "*** in database main *** "


def look_at(connection: sqlite3.Connection, path: Path, largest: int = LARGEST_READ) -> None:
    """Raise `DatabaseDamaged` if the file is seen to be damaged. Blocks."""
    try:
        found = _fault(connection, path, largest)
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        found = str(error)
    if found is not None:
        raise DatabaseDamaged(path, found)


def tell_of_lost_log(path: Path, lock: FileLock) -> None:
    """Log a warning when whoever had the database before was killed, and its WAL is not there any more."""
    path = path.resolve()
    is_used = path.exists() and path.stat().st_size > 0
    if lock.was_left and is_used and not path.with_name(path.name + "-wal").exists():
        logger.warning(
            "%s was not closed at its last use, and its write-ahead log %s-wal is gone: what had been "
            "written last is lost, unless the file is a backup that was put in its place",
            path,
            path.name,
        )


def _fault(connection: sqlite3.Connection, path: Path, largest: int) -> str | None:
    if path.stat().st_size <= largest:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        return None if verdict == "ok" else " ".join(str(verdict).split()).removeprefix(_HEADING)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in names:
        connection.execute(f'SELECT * FROM "{name}" LIMIT 1').fetchone()  # noqa: S608 – of the schema
    return None
