"""Opens the SQLite database: one writer in the whole machine, and read-only connections beside it.

Durability: WAL with `synchronous=FULL`, so what was committed survives a power cut. Only the writer
writes and checkpoints, because SQLite before 3.51.3 can corrupt a WAL file when two connections do.
"""

import logging
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast
from urllib.parse import quote

from peewee import DatabaseError as PeeweeDatabaseError
from peewee import OperationalError, SqliteDatabase

from .errors import DatabaseDamaged, DatabaseError, InvalidInput, StorageFailed
from .fault_kinds import is_damage
from .file_lock import FileLock
from .file_watch import LOG_KEPT, FileWatch
from .soundness import tell_of_lost_log

logger = logging.getLogger("quarterjack.storage")
P = ParamSpec("P")
T = TypeVar("T")
Reader = SqliteDatabase
"""A read-only connection, as the functions of `queries` take it."""
_READERS = 2
_BUSY_SECONDS = 5
_MAGIC = b"SQLite format 3\x00"
_MEMORY_NUMBERS = count(1)


class Address:
    """Where the database lies, from a URL: `sqlite:///file.db`, `sqlite:////abs/file.db`, `sqlite://`.

    >>> Address("sqlite:///jobs.db").path
    PosixPath('jobs.db')
    >>> Address("sqlite://").path is None      # in memory, gone with the process
    True
    """

    def __init__(self, url: str) -> None:
        scheme, separator, rest = url.partition("://")
        if scheme != "sqlite" or not separator or (rest and not rest.startswith("/")):
            raise InvalidInput.field(
                "database", msg=f"{url!r} is not a database URL; write sqlite:///FILE or sqlite://"
            )
        name = rest[1:]
        self.path = None if name in ("", ":memory:") else Path(name)
        self.sqlite_name = (
            str(self.path)
            if self.path
            else f"file:quarterjack-{next(_MEMORY_NUMBERS)}?mode=memory&cache=shared"
        )

    def __str__(self) -> str:
        return f"sqlite:///{self.path}" if self.path else "sqlite://"


_NEW: Final = {"auto_vacuum": "incremental"}
"""Before all others, which write into a new file; into another one, this itself would write."""
_PRAGMAS: Final = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "journal_size_limit": LOG_KEPT,
}


def _is_new(path: Path | None) -> bool:
    return path is None or path.stat().st_size == 0


class Writer:
    """The one connection that writes; it holds the database's lock file until it is closed.

    To be opened, used and closed on one thread.
    """

    def __init__(self, address: Address) -> None:
        self._path = address.path
        self._guard: sqlite3.Connection | None = None
        self._lock = FileLock.of(address.path) if address.path else None
        try:
            if address.path and self._lock:
                tell_of_lost_log(address.path, self._lock)
                os.close(os.open(address.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self.database = SqliteDatabase(
                address.sqlite_name,
                uri=address.path is None,
                timeout=_BUSY_SECONDS,
                autoconnect=False,
                pragmas={**_NEW, **_PRAGMAS} if _is_new(address.path) else _PRAGMAS,
            )
            self.connection = self._connect()
            self._watch = FileWatch(address.path) if address.path else None
        except (OSError, sqlite3.Error, PeeweeDatabaseError, OperationalError) as error:
            self._unlock()
            if address.path and is_damage(error) and _is_database(address.path):
                raise DatabaseDamaged(address.path, error) from error
            raise DatabaseError(
                f"The database {address} can't be opened: {error}. Check that its folder exists, "
                "that it may be written, and that the file is an SQLite database."
            ) from error

    def reopen(self) -> None:
        """Give up the connection after an I/O error for a new one. Raises `StorageFailed`.

        A transaction whose sync failed may stand in the WAL, whole to look at. A reader holds the WAL's index
        meanwhile, in which it is not: so it does not come back, and the next one is written over it.
        """
        if self._path is None:
            return
        try:
            if self._guard is None:
                self._guard = _reading(self._path)
            self.database.close()
            self.connection = self._connect()
            self._guard.close()
        except (OSError, sqlite3.Error, PeeweeDatabaseError) as error:
            raise StorageFailed(f"The database {self._path} can't be opened: {error}") from error
        self._guard = None
        logger.warning("the database was opened anew after an I/O error")

    def look(self) -> None:
        """Raise `DatabaseMoved` if the file was deleted or replaced; `OSError` if that can't be told."""
        if self._watch is not None:
            self._watch.look()

    def close(self) -> None:
        """Close the connection (which checkpoints the WAL) and give the lock back."""
        self.database.close()
        if self._guard is not None:
            self._guard.close()
        self._unlock()

    def _connect(self) -> sqlite3.Connection:
        self.database.connect()
        connection = cast(sqlite3.Connection, self.database.connection())
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection

    def _unlock(self) -> None:
        if self._lock:
            self._lock.release()


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _reading(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None
    )
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


class MemoryAnchor:
    """Keeps a database in memory alive while nobody else has it open; from any thread."""

    def __init__(self, address: Address) -> None:
        self._connection = sqlite3.connect(
            address.sqlite_name, uri=True, check_same_thread=False, isolation_level=None
        )

    def close(self) -> None:
        """Let it go: the data is gone with the last connection."""
        self._connection.close()


class Readers:
    """Runs queries on a few threads, each with a read-only connection of its own."""

    def __init__(self, path: Path) -> None:
        uri = f"file:{quote(str(path.absolute()))}?mode=ro"
        self._database = SqliteDatabase(
            uri,
            uri=True,
            timeout=_BUSY_SECONDS,
            autoconnect=False,
            check_same_thread=False,  # they are closed by whoever closes all
            pragmas={"query_only": 1},
        )
        self._threads = ThreadPoolExecutor(_READERS, thread_name_prefix="quarterjack-reader")
        self._connections: list[Any] = []
        self._open_all()

    def _open_all(self) -> None:
        """Now, while there are files to be had; who fails tries again at its first query."""
        all_there = Barrier(_READERS)

        def ready(_: Reader) -> None:
            all_there.wait(_BUSY_SECONDS)

        wait([self.submit(ready) for _ in range(_READERS)])

    def _open_here(self) -> None:
        """On this thread, if it is not open."""
        if self._database.is_closed():
            self._database.connect()
            self._connections.append(self._database.connection())

    def submit(
        self, query: Callable[Concatenate[Reader, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Run a query on one of the threads."""

        def run() -> T:
            self._open_here()
            return query(self._database, *args, **kwargs)

        return self._threads.submit(run)

    def close(self) -> None:
        """Wait for the queries that run, and close the connections."""
        self._threads.shutdown(wait=True)
        for connection in self._connections:
            connection.close()
