"""Stands between the writer and SQLite: commits can fail, be slow, or be the last before the power goes."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, Literal, cast

from quarterjack.actors.engine import VirtualClock
from quarterjack.storage.database import Writer

Trouble = Literal["full", "locked", "io"]
_MESSAGES: Final[dict[Trouble, str]] = {
    "full": "database or disk is full",
    "locked": "database is locked",
    "io": "disk I/O error",
}


class VirtualDisk:
    """`trouble` is what each write meets until it is None; `slowness` is how long a commit takes.

    `commits` counts those that are durable.
    """

    def __init__(self, clock: VirtualClock, on_power_cut: Callable[[], None]) -> None:
        self.trouble: Trouble | None = None
        self.slowness = timedelta(0)
        self.commits = 0
        self._clock = clock
        self._on_power_cut = on_power_cut
        self._left: int | None = None
        self._is_last_durable = True
        self._writer: Writer | None = None

    def cut_power(self, *, after: int, durable: bool) -> None:
        """Let the power go at the commit number `after` from now: as it is durable, or just before."""
        self._left, self._is_last_durable = after, durable

    def attach(self, writer: Writer) -> Writer:
        """The writer, with its statements passing through here."""
        self._writer = writer
        writer.connection = cast(sqlite3.Connection, _Connection(writer.connection, self))
        return writer

    def lose_power(self) -> None:
        """Close what the operating system would: what is not committed is gone."""
        writer, self._writer, self._left = self._writer, None, None
        if writer is not None:
            with suppress(sqlite3.Error):
                writer.connection.rollback()
            writer.close()

    def begin(self) -> None:
        """Before a transaction."""
        if self.trouble == "locked":
            self._fail()

    def commit(self, connection: sqlite3.Connection) -> None:
        """Make a transaction durable, or fail. Raises `sqlite3.OperationalError`."""
        if self.trouble is not None:
            self._fail()
        if self.slowness:
            self._clock.stall(self.slowness)
        if self._left is not None:
            self._left -= 1
        is_last = self._left == 0
        if is_last:
            self._on_power_cut()
            if not self._is_last_durable:
                raise sqlite3.OperationalError(_MESSAGES["io"])
        connection.execute("COMMIT")
        self.commits += 1

    def _fail(self) -> None:
        raise sqlite3.OperationalError(_MESSAGES[self.trouble or "io"])


class _Connection:
    """What the journal uses of a connection."""

    def __init__(self, connection: sqlite3.Connection, disk: VirtualDisk) -> None:
        self._connection = connection
        self._disk = disk

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, values: Iterable[Any] = ()) -> sqlite3.Cursor | None:
        if sql == "COMMIT":
            self._disk.commit(self._connection)
            return None
        if sql == "BEGIN IMMEDIATE":
            self._disk.begin()
        return self._connection.execute(sql, tuple(values))

    def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
        return self._connection.executemany(sql, rows)

    def rollback(self) -> None:
        self._connection.rollback()
