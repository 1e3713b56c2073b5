"""A database that no server has open: copied, checked and pruned on the file itself. Blocks.

It holds the database's lock as a server does, so that none starts meanwhile.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from quarterjack.storage import InvalidInput, NotFound, QuarterjackError
from quarterjack.storage.database import Address
from quarterjack.storage.file_lock import FileLock
from quarterjack.storage.file_system import is_read_only
from quarterjack.storage.journal import Journal
from quarterjack.storage.pruning import Prune, Pruned
from quarterjack.storage.upkeep import (
    CopyProgress,
    Examined,
    copy_database,
    examine,
    open_to_read,
)

from .assembly import open_writer
from .maintenance_calls import SHORTEST_AGE


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

    def prune(
        self, older_than: timedelta, now: datetime, *, keep: int, workflow_id: str | None, most: int
    ) -> Pruned:
        """Delete up to `most` rows that are older; `more` says whether there are more."""
        if older_than < SHORTEST_AGE:
            raise InvalidInput.field("olderThan", msg="is at least 1h")
        writer = open_writer(self._address)
        try:
            change = Prune(now - older_than, keep, workflow_id, most)
            found: Any = Journal(writer).commit([change]).outcomes[0]
        finally:
            writer.close()
        if isinstance(found, QuarterjackError):
            raise found
        pruned: Pruned = found
        return pruned

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

    def shrink(self) -> None:
        """Give the space of what was deleted back to the file system: the file is written anew."""
        writer = open_writer(self._address)
        try:
            writer.connection.execute("VACUUM")
        finally:
            writer.close()
