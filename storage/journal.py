"""Commits batches of changes with their events: the only write path.

A commit promises: every change of the batch and its events are durable together, or none is. A
change that is refused or fails takes nobody else with it. Lives on one thread, the writer's.
"""

import logging
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from .database import Writer
from .errors import DatabaseDamaged, QuarterjackError, StorageFailed, StorageUnavailable
from .events import Event
from .fault_kinds import is_damage, is_file_failure
from .records import Delivery, StepKey
from .transaction import Change, Transaction

logger = logging.getLogger(__name__)


class Committed(NamedTuple):
    """What a batch came to: a result or an exception per change, what happened in commit order, and who is
    to be told of events that came: steps and schedules.

    With `trouble` there are fewer outcomes than changes: the others were not written, as after that error.
    """

    outcomes: list[Any]
    events: list[Event]
    woken: list[StepKey]
    deliveries: list[Delivery]
    trouble: StorageUnavailable | DatabaseDamaged | None = None


class Journal:
    """The writer's side of the database."""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection
        self._database = writer.database.database
        self._last_seq = int(
            self._connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        )

    @property
    def last_seq(self) -> int:
        """The sequence number of the newest committed event; 0 when there is none."""
        return self._last_seq

    def commit(self, changes: Sequence[Change[Any]]) -> Committed:
        """Write the changes in one transaction; an outcome is a result, or the exception raised.

        Raises `StorageUnavailable` when the database takes no writes: nothing is stored then. After a
        `StorageFailed` the writer has to be opened anew; after `DatabaseDamaged` nothing is to be written.
        """
        try:
            return self._together(changes)
        except (StorageUnavailable, sqlite3.OperationalError) as error:
            self._rollback()
            kind = StorageFailed if is_file_failure(error) else StorageUnavailable
            raise kind(f"The database takes no writes: {error}") from error
        except Exception as error:
            self._rollback()
            if is_damage(error):
                raise DatabaseDamaged(self._database, error) from error
            if len(changes) == 1:
                return Committed([error], [], [], [])
            logger.warning("a change spoiled its batch, writing %d one by one", len(changes))
        return self._one_by_one(changes)

    def _one_by_one(self, changes: Sequence[Change[Any]]) -> Committed:
        committed = Committed([], [], [], [])
        for change in changes:
            try:
                single = self.commit([change])
            except (StorageUnavailable, DatabaseDamaged) as error:
                return committed._replace(trouble=error)
            committed.outcomes.extend(single.outcomes)
            committed.events.extend(single.events)
            committed.woken.extend(single.woken)
            committed.deliveries.extend(single.deliveries)
        return committed

    def _together(self, changes: Sequence[Change[Any]]) -> Committed:
        self._connection.execute("BEGIN IMMEDIATE")
        transaction = Transaction(self._connection, self._last_seq)
        outcomes: list[Any] = []
        for change in changes:
            before = transaction.writes
            try:
                outcomes.append(change.apply(transaction))
            except QuarterjackError as refusal:
                if transaction.writes != before:
                    raise
                outcomes.append(refusal)
        transaction.finish()
        self._connection.execute("COMMIT")
        self._last_seq += len(transaction.events)
        return Committed(outcomes, transaction.events, transaction.woken, transaction.deliveries)

    def _rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
