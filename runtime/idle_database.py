"""A database that no server has open: copied, checked and pruned on the file itself. Blocks.

It holds the database's lock as a server does, so that none starts meanwhile.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quarterjack.storage import DatabaseError, InvalidInput, NotFound
from quarterjack.storage.database import Address, Writer
from quarterjack.storage.file_lock import FileLock
from quarterjack.storage.file_system import is_read_only
from quarterjack.storage.journal import Journal
from quarterjack.storage.pruning import BEGIN, Keep, Prune, Pruned
from quarterjack.storage.upgrade import open_upgraded
from quarterjack.storage.upkeep import (
    CopyProgress,
    Examined,
    copy_database,
    examine,
    open_to_read,
)


class IdleDatabase:
    """Of a URL such as `sqlite:///jobs.db`. Raises `InvalidInput`, and `NotFound` if there is no file.

    The calls raise `DatabaseInUse` while a server runs, and `DatabaseError`.
    """

    def __init__(self, database: str) -> None:
        self._address = Address(database)
        if self._address.path is None:
            raise InvalidInput.field(
                "database", msg="give a file, such as sqlite:///quarterjack.db"
            )
        self.path: Path = self._address.path
        if not self.path.exists():
            raise NotFound("database", str(self.path), hint="say where it is with --database")

    def backup(self, target: Path, progress: CopyProgress) -> None:
        """Copy it to a new file."""
        with self._alone():
            copy_database(self.path, target, progress)

    def check(self) -> Examined:
        """Read all of it, and change nothing, not even an old schema."""
        with self._alone():
            connection = open_to_read(self.path)
            try:
                return examine(connection)
            finally:
                connection.close()

    def prune(self, keep: Keep, *, workflow_id: str | None, most: int) -> Iterator[Pruned]:
        """Delete what need not be kept: what each small transaction has deleted, until there is no more."""
        with self._writer() as writer:
            journal, place = Journal(writer), BEGIN
            while True:
                found = _outcome(journal, Prune(keep, workflow_id, most, place))
                yield found
                if found.place is None:
                    return
                place = found.place

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no server has it; where nothing can be written, none can have."""
        if is_read_only(self.path):
            yield
            return
        lock = FileLock.of(self.path)
        try:
            yield
        finally:
            lock.release()

    def compact(self) -> None:
        """Give the space of what was deleted back to the file system: the file is written anew."""
        with self._writer() as writer:
            writer.connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            writer.connection.execute("VACUUM")

    @contextmanager
    def _writer(self) -> Iterator[Writer]:
        writer = open_upgraded(self._address)
        try:
            yield writer
        except sqlite3.Error as error:
            raise DatabaseError(f"The database {self.path} can't be written: {error}.") from error
        finally:
            writer.close()


def _outcome(journal: Journal, change: Prune) -> Pruned:
    found: Any = journal.commit([change]).outcomes[0]
    if isinstance(found, BaseException):
        raise found
    pruned: Pruned = found
    return pruned
