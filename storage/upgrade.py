"""Makes a database fit for this program: a copy of an older one first, then the newest schema, then a file
that can give space back.

Whatever fails, the database is as it was. Blocks; for the writer's thread, before anything else is written.
"""

import logging
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

from .database import Address, Writer
from .errors import DatabaseError
from .migrate import NEWEST, known_version, migrate
from .upkeep import copy_database

logger = logging.getLogger("quarterjack.upgrade")
REWRITTEN: Final = 128 * 1024 * 1024
"""Bytes: an older file up to that size is written anew at its first start, which takes a second or two."""


def open_upgraded(address: Address) -> Writer:
    """The writer's connection, to a database with the newest schema. Raises `DatabaseError`."""
    writer = Writer(address)
    try:
        upgrade(writer.connection, address.path)
    except BaseException:
        writer.close()
        raise
    return writer


def upgrade(connection: sqlite3.Connection, path: Path | None) -> None:
    """Bring the database to the newest schema; one in a file is copied first. Raises `DatabaseError`."""
    found = known_version(connection)
    is_older = 0 < found < NEWEST
    if is_older and path is not None:
        _keep_a_copy(path, found)
    migrate(connection)
    if is_older:
        logger.info("the database was brought from schema version %d to %d", found, NEWEST)


def let_shrink(writer: Writer, path: Path) -> None:
    """Write a file of before incremental vacuum was known anew, if that is quick."""
    connection = writer.connection
    if connection.execute("PRAGMA auto_vacuum").fetchone()[0]:
        return
    if path.stat().st_size > REWRITTEN:
        logger.warning(
            "%s can't give space back until it is written anew: stop the server some time, and call "
            "`quarterjack prune --compact`",
            path,
        )
        return
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")
    except sqlite3.Error as error:  # such as no room: it can be done at another start
        logger.warning("%s can't be written anew, to give space back: %s", path, error)


def copy_of(path: Path, version: int) -> Path:
    """Where the copy of a database of an older version is kept."""
    return path.with_name(f"{path.name}.v{version}-before-v{NEWEST}")


def _keep_a_copy(path: Path, version: int) -> None:
    copy = copy_of(path, version)
    if _is_of_now(copy, path):
        logger.info("%s is a copy of the database already", copy)
        return
    part = copy.with_name(f".{copy.name}.part")
    try:
        _remove(part)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        copy_database(path, part)
        _sync(part)
        part.replace(copy)
        _sync(copy.parent)
    except (OSError, DatabaseError) as error:
        with suppress(OSError):
            _remove(part)
        raise DatabaseError(
            f"The database {path} has schema version {version} and is to get {NEWEST}, but no copy can "
            f"be made first: {error} The database is as it was; see that there is room for another "
            f"{path.stat().st_size:,} bytes in its folder."
        ) from error
    logger.warning(
        "the database has schema version %d and gets %d; a copy of it as it was is %s",
        version,
        NEWEST,
        copy,
    )


def _is_of_now(copy: Path, path: Path) -> bool:
    """Whether nothing was written since the copy was made: an upgrade that failed left it."""
    if not copy.exists():
        return False
    made = copy.stat().st_mtime_ns
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists() and wal.stat().st_size > 0 and wal.stat().st_mtime_ns > made:
        return False
    return path.stat().st_mtime_ns <= made


def _remove(part: Path) -> None:
    for each in (part, part.with_name(f"{part.name}-journal")):
        each.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """What is written, or is named in that folder, outlives a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
