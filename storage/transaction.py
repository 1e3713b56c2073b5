"""One transaction in the making: buffered writes, reads that see them, events numbered in order."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from .events import Event
from .instants import to_micros
from .plain_data import pack
from .records import Delivery, StepKey
from .statements import Statement, insert
from .tables import EventRow
from .tally import Tally

_INSERT_EVENT = insert(EventRow)
T_co = TypeVar("T_co", covariant=True)


class Change(Protocol, Generic[T_co]):
    """Something to be written. It checks first and writes then, so that a refusal leaves no trace."""

    def apply(self, transaction: "Transaction") -> T_co:
        """Write it, emit its events, and say what came of it."""
        ...


class Transaction:
    """Collects equal statements in a row and runs them with `executemany`.

    Lives on the writer's thread, between BEGIN IMMEDIATE and COMMIT.
    """

    def __init__(self, connection: sqlite3.Connection, last_seq: int) -> None:
        self._connection = connection
        self._sql = ""
        self._rows: list[tuple[Any, ...]] = []
        self._seq = last_seq
        self.events: list[Event] = []
        self.writes = 0
        self.woken: list[StepKey] = []
        """Steps that have what they waited for, to be told after COMMIT."""
        self.deliveries: list[Delivery] = []
        """Events that schedules have to decide about, to be told after COMMIT."""
        self.tally = Tally()
        """What is to be added to the statistics; only by changes that write something, too."""

    def write(self, statement: Statement, values: Mapping[str, Any]) -> None:
        """Run the statement some time before COMMIT, and before any read."""
        if statement.sql != self._sql:
            self._flush()
            self._sql = statement.sql
        self._rows.append(statement.bind(values))
        self.writes += 1

    def write_now(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """Run the statement at once; how many rows it changed."""
        self._flush()
        changed = self._connection.execute(statement.sql, statement.bind(values)).rowcount
        self.writes += changed
        return changed

    def read(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a query, which sees all that was written before it."""
        self._flush()
        return self._connection.execute(statement.sql, statement.bind(values)).fetchall()

    def emit(self, events: Iterable[Event]) -> None:
        """Let the events be committed with the rest, each with the next sequence number."""
        for event in events:
            self._seq += 1
            self.events.append(event.numbered(self._seq))
            self.writes += 1

    def wake(self, steps: Iterable[StepKey]) -> None:
        """Let those who wait for these steps be told after COMMIT."""
        self.woken.extend(steps)

    def hand_over(self, delivery: Delivery) -> None:
        """Let the schedules that wait for an event be told after COMMIT."""
        self.deliveries.append(delivery)

    def free_pages(self) -> tuple[int, int]:
        """How many pages of the file nothing is in, and how many there are."""
        self._flush()
        (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        return int(free), int(pages)

    def give_back(self, pages: int) -> int:
        """Cut so many free pages off the file; how many there were. None if the file isn't made for that."""
        free, _ = self.free_pages()
        for _ in range(pages):  # Python's module ends such a statement after its first page
            self._connection.execute("PRAGMA incremental_vacuum(1)")
        given = free - self.free_pages()[0]
        self.writes += given
        return given

    def finish(self) -> None:
        """Run all that is still buffered; COMMIT comes next."""
        for event in self.events:
            self.write(_INSERT_EVENT, _event_columns(event))
        for statement, values in self.tally.writes():
            self.write(statement, values)
        self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        if len(self._rows) == 1:
            self._connection.execute(self._sql, self._rows[0])
        else:
            self._connection.executemany(self._sql, self._rows)
        self._rows = []


def _event_columns(event: Event) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "type": event.type,
        "schedule_id": event.schedule_id,
        "workflow_id": event.workflow_id,
        "execution_id": event.execution_id,
        "timestamp": to_micros(event.timestamp),
        "data": pack(event.data),
    }
