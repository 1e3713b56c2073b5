"""What can be written about backfills: that one was made, that it is unwanted, and what that ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .errors import AlreadyExists, IllegalTransition, NotFound, QuarterjackError
from .events import Event
from .execution_changes import AdvanceExecution
from .ids import BackfillId, ExecutionId
from .instants import to_micros
from .records import Backfill, Execution, Fire
from .rows import Row, backfill_columns, execution_columns, fire_columns
from .schedule_changes import (
    DeleteSchedule,
    count_left,
    require_schedule,
    touch_schedule,
    workflow_of,
)
from .statements import Statement, insert, upsert
from .statuses import UNFINISHED, BackfillStatus
from .tables import BackfillRow, ExecutionRow, FireRow
from .tally import LEFT
from .transaction import Transaction

_OPEN = [status.value for status in UNFINISHED]
_OWN_AND_OPEN = ExecutionRow.retry_of.is_null() & ExecutionRow.status.in_(_OPEN)
_INSERT = insert(BackfillRow)
_INSERT_EXECUTION = insert(ExecutionRow)
_PUT_FIRE = upsert(FireRow)
_DROP_FIRE = Statement(
    lambda slot: FireRow.delete().where(
        (FireRow.schedule_id == slot("schedule_id")) & (FireRow.due == slot("due"))
    )
)
_STRETCH = Statement(
    lambda slot: FireRow.select(FireRow.through, FireRow.instants).where(
        (FireRow.schedule_id == slot("schedule_id")) & (FireRow.due == slot("due"))
    )
)
_LEFT = Statement(
    lambda slot: FireRow.select(FireRow.due.coerce(False), FireRow.outcome, FireRow.instants).where(
        (FireRow.schedule_id == slot("schedule_id"))
        & (FireRow.due >= slot("first"))
        & (FireRow.due <= slot("last"))
        & FireRow.outcome.in_(list(LEFT))
    )
)
_EXECUTED = Statement(
    lambda slot: ExecutionRow.select(ExecutionRow.due).where(
        (ExecutionRow.schedule_id == slot("schedule_id"))
        & (ExecutionRow.due >= slot("first"))
        & (ExecutionRow.due <= slot("last"))
    )
)
_STATE = Statement(
    lambda slot: BackfillRow.select(
        BackfillRow.cancelled_at,
        ExecutionRow.select(ExecutionRow.id)
        .where((ExecutionRow.backfill_id == BackfillRow.id) & _OWN_AND_OPEN)
        .limit(1),
    ).where(BackfillRow.id == slot("id"))
)
_CANCEL = Statement(
    lambda slot: BackfillRow.update({BackfillRow.cancelled_at: slot("at")}).where(
        BackfillRow.id == slot("id")
    )
)
_UNFINISHED = Statement(
    lambda slot: (
        ExecutionRow.select(ExecutionRow.backfill_id)
        .join(BackfillRow, on=(BackfillRow.id == ExecutionRow.backfill_id))
        .where(
            (BackfillRow.schedule_id == slot("schedule_id"))
            & BackfillRow.cancelled_at.is_null()
            & _OWN_AND_OPEN
        )
        .distinct()
    )
)


class BackfillConflict(QuarterjackError):
    """Somebody else has recorded a backfill of the same instants just now; repeat yours."""


@dataclass(frozen=True, slots=True)
class StretchChange:
    """A ledger row that stands for many instants, without those that have rows of their own now."""

    was: Fire
    left: Fire | None
    """What it stands for still; None: for nothing."""


@dataclass(frozen=True, slots=True)
class RecordBackfill:
    """Store a backfill with all its executions, their ledger rows and events: all of it, or nothing.

    What the ledger said of such an instant before is replaced. Made with `prepared`, so that the writer
    has little more to do than to write. Raises `NotFound` for a schedule that is gone, and
    `BackfillConflict` when one of the instants has an execution meanwhile.
    """

    backfill: Backfill
    executions: Sequence[Execution]
    """In the order of their instants."""
    stretches: Sequence[StretchChange]
    events: Sequence[Event]
    execution_rows: Sequence[Row]
    fire_rows: Sequence[Row]
    is_id_given: bool = False
    """Whoever asked has chosen the id, so it may be taken: raises `AlreadyExists` then."""

    @classmethod
    def prepared(
        cls,
        backfill: Backfill,
        executions: Sequence[Execution],
        fires: Sequence[Fire],
        stretches: Sequence[StretchChange],
        events: Sequence[Event],
    ) -> "RecordBackfill":
        """The change with its rows as they are stored; for thousands of them that takes a second."""
        rows = [execution_columns(each) for each in executions]
        ledger = [fire_columns(each) for each in fires]
        return cls(backfill, executions, stretches, events, rows, ledger)

    def apply(self, transaction: Transaction) -> BackfillId:
        schedule_id = self.backfill.schedule_id
        require_schedule(transaction, schedule_id)
        if self.is_id_given and transaction.read(_STATE, {"id": self.backfill.id}):
            raise AlreadyExists("backfill", self.backfill.id)
        self._check(transaction)
        transaction.write(_INSERT, backfill_columns(self.backfill))
        for row in self.execution_rows:
            transaction.write(_INSERT_EXECUTION, row)
        self._uncount(transaction)
        for stretch in self.stretches:
            key = {"schedule_id": schedule_id, "due": to_micros(stretch.was.due)}
            transaction.write(_DROP_FIRE, key)
        left = [stretch.left for stretch in self.stretches if stretch.left is not None]
        for row in [*self.fire_rows, *map(fire_columns, left)]:
            transaction.write(_PUT_FIRE, row)
        count_left(transaction, schedule_id, left)
        if self.executions:
            touch_schedule(transaction, schedule_id, self.backfill.created_at)
        transaction.emit(self.events)
        return self.backfill.id

    def _uncount(self, transaction: Transaction) -> None:
        """What the ledger said of these instants does not count any more."""
        gone = {row["due"] for row in self.fire_rows}
        if not gone:
            return
        gone |= {to_micros(stretch.was.due) for stretch in self.stretches}
        key = self.backfill.schedule_id
        span = {"schedule_id": key, "first": min(gone), "last": max(gone)}
        workflow_id = workflow_of(transaction, key)
        for due, outcome, instants in transaction.read(_LEFT, span):
            if due in gone:
                transaction.tally.left(workflow_id, key, outcome, due, -instants)

    def _check(self, transaction: Transaction) -> None:
        """Whether all is still as it was when this was worked out."""
        planned = {row["due"] for row in self.fire_rows}
        if not planned:
            return
        key: dict[str, Any] = {"schedule_id": self.backfill.schedule_id}
        span = {"first": min(planned), "last": max(planned)}
        if planned & {due for (due,) in transaction.read(_EXECUTED, key | span)}:
            raise BackfillConflict
        for stretch in self.stretches:
            row = fire_columns(stretch.was)
            if transaction.read(_STRETCH, row) != [(row["through"], row["instants"])]:
                raise BackfillConflict


@dataclass(frozen=True, slots=True)
class CancelBackfill:
    """Store that a backfill is not wanted any more: what it has not begun is not to begin.

    Raises `NotFound`, and `IllegalTransition` when nothing of it is left to be ended.
    """

    backfill_id: BackfillId
    at: datetime

    def apply(self, transaction: Transaction) -> None:
        found = transaction.read(_STATE, {"id": self.backfill_id})
        if not found:
            raise NotFound("backfill", self.backfill_id)
        cancelled_at, unfinished = found[0]
        if unfinished is None:
            current = BackfillStatus.FINISHED if cancelled_at is None else BackfillStatus.CANCELLED
            raise IllegalTransition(
                "backfill", self.backfill_id, current=current, wanted=BackfillStatus.CANCELLED
            )
        if cancelled_at is None:
            transaction.write(_CANCEL, {"id": self.backfill_id, "at": to_micros(self.at)})


@dataclass(frozen=True, slots=True)
class EndQueued:
    """Store the end of executions that were never begun; one that has ended already is left alone."""

    ends: Sequence[AdvanceExecution]

    def apply(self, transaction: Transaction) -> list[ExecutionId]:
        ended = []
        for each in self.ends:
            try:
                each.apply(transaction)
            except (IllegalTransition, NotFound):  # raised before anything is written
                continue
            ended.append(each.execution_id)
        return ended


@dataclass(frozen=True, slots=True)
class DeleteWithBackfills:
    """Forget a schedule, and cancel its backfills; answers with those of which something is left."""

    delete: DeleteSchedule
    at: datetime

    def apply(self, transaction: Transaction) -> list[BackfillId]:
        key = self.delete.schedule_id
        self.delete.apply(transaction)
        found = transaction.read(_UNFINISHED, {"schedule_id": key})
        keys = [BackfillId(each) for (each,) in found]
        for each in keys:
            transaction.write(_CANCEL, {"id": each, "at": to_micros(self.at)})
        return keys
