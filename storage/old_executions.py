"""Deletes executions that may go, with all that hangs on them, in the order in which they were queued.

Each call looks at a limited number of them, deletes a limited number of rows of all tables, and says how
far it has come. So it takes about as long however many there are, and however many of them have to stay.
"""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from peewee import SQL, Case, Field, Tuple, fn

from .forgotten import Gone, remember
from .rounds import Bound, Room, Stretch
from .statements import Slot, Statement, listed
from .statuses import UNFINISHED
from .tables import AttemptRow, ExecutionRow, OutputRow, StepRow
from .transaction import Transaction

USUAL: Final = 3
"""Rows that an execution has at the least, if it did anything: itself, a step, an attempt."""
HUGE: Final = 1_000
"""Attempts and output of one execution; more are not deleted at once. Its steps are, with the execution
itself: so nobody retries one of which some results are gone."""
_PAGE: Final = SQL("4096")
_OPEN: Final = [status.value for status in UNFINISHED]
_row, _parent = ExecutionRow, ExecutionRow.alias()


def _weight(field: Field) -> Any:
    """What it takes to delete a row: one, and one for each page that its largest value goes on in."""
    return 1 + fn.coalesce(fn.length(field), 0) / _PAGE


def _hanging(rows: Any, weight: Any) -> Any:
    return rows.select(fn.coalesce(fn.sum(weight), 0)).where(rows.execution == _row.id)


def _of_ended(weight: Any) -> Any:
    return Case(None, ((_row.ended_at.is_null(False), weight),), 0)


_WEIGHT: Final = _of_ended(_weight(_row.result) + _hanging(StepRow, _weight(StepRow.result)))
_TRACES: Final = _of_ended(
    _hanging(AttemptRow, SQL("1")) + _hanging(OutputRow, _weight(OutputRow.output))
)


def _window(slot: Slot) -> Any:
    """The next executions in their order, whether they may go or not: so each call looks at so many."""
    has_open_parent = fn.EXISTS(
        _parent.select(SQL("1")).where((_parent.id == _row.parent_id) & _parent.status.in_(_OPEN))
    )
    return (
        _row.select(
            _row.id,
            _row.queued_at,
            _row.ended_at,
            _row.status.in_(_OPEN) | has_open_parent,
            _WEIGHT,
            _TRACES,
            _row.schedule_id,
            _row.status,
            _row.trigger,
            _row.due,
            _row.backfill_id,
            _row.started_at,
        )
        .where(
            (_row.queued_at < slot("before"))
            & (Tuple(_row.queued_at, _row.id) > Tuple(slot("queued_at"), slot("id")))
        )
        .order_by(_row.queued_at, _row.id)
        .limit(slot("most"))
    )


_OF_ALL = Statement(_window)
_OF_ONE = Statement(lambda slot: _window(slot).where(_row.workflow_id == slot("workflow_id")))
_DELETE = Statement(lambda slot: _row.delete().where(_row.id.in_(listed(slot("ids")))))


def _some_of(rows: Any, *key: Field) -> Statement:
    """Deletes a limited number of an execution's rows."""
    return Statement(
        lambda slot: rows.delete().where(
            (rows.execution == slot("id"))
            & Tuple(*key).in_(
                rows.select(*key).where(rows.execution == slot("id")).limit(slot("most"))
            )
        )
    )


_PIECES: Final = (
    _some_of(OutputRow, OutputRow.step, OutputRow.number),
    _some_of(AttemptRow, AttemptRow.step, AttemptRow.number),
)


class Deleted(NamedTuple):
    """How many executions went, and rows of all tables; and what is left of the stretch."""

    executions: int
    rows: int
    left: Stretch | None


class _Found(NamedTuple):
    id: str
    queued_at: int
    ended_at: int | None
    is_needed: int
    own_weight: int
    traces: int
    schedule_id: str | None
    status: str
    trigger: str
    due: int | None
    backfill_id: str | None
    started_at: int | None

    @property
    def weight(self) -> int:
        return self.own_weight + self.traces

    def may_go(self, bounds: Sequence[Bound]) -> bool:
        if self.is_needed or self.ended_at is None:
            return False
        return any(
            (self.queued_at, self.id) < (each.queued_before, each.id)
            and self.ended_at < each.ended_before
            for each in bounds
        )

    def gone(self, schedule_id: str, ended_at: int) -> Gone:
        return Gone(
            schedule_id,
            self.status,
            self.backfill_id is not None,
            self.due is not None,
            self.trigger,
            self.started_at,
            ended_at,
        )


def delete_old(transaction: Transaction, stretch: Stretch, room: Room) -> Deleted:
    """Delete executions of the stretch, oldest first, as far as there is room."""
    effort = room.effort
    width = max(1, min(room.rows, effort // USUAL))
    window = _look(transaction, stretch, width)
    going: list[_Found] = []
    rows = 0
    for found in window:
        if found.may_go(stretch.bounds):
            if found.traces > max(effort, HUGE) and not going:
                return Deleted(0, _delete_some(transaction, found.id, effort), stretch)
            if rows + found.weight > effort and (going or not room.is_fresh):
                break
            going.append(found)
            rows += found.weight
        stretch = stretch._replace(queued_at=found.queued_at, id=found.id)
    else:
        if len(window) < width:
            return Deleted(len(going), _delete(transaction, going, rows), None)
    return Deleted(len(going), _delete(transaction, going, rows), stretch)


def _look(transaction: Transaction, stretch: Stretch, width: int) -> list[_Found]:
    values = {
        "before": max(each.queued_before + bool(each.id) for each in stretch.bounds),
        "queued_at": stretch.queued_at,
        "id": stretch.id,
        "workflow_id": stretch.workflow_id,
        "most": width,
    }
    query = _OF_ALL if stretch.workflow_id is None else _OF_ONE
    return [_Found(*row) for row in transaction.read(query, values)]


def _delete(transaction: Transaction, going: Sequence[_Found], rows: int) -> int:
    if going:
        remember(
            transaction,
            [
                each.gone(each.schedule_id, each.ended_at)
                for each in going
                if each.schedule_id is not None and each.ended_at is not None
            ],
        )
        transaction.write(_DELETE, {"ids": json.dumps([each.id for each in going])})
    return rows


def _delete_some(transaction: Transaction, key: str, effort: int) -> int:
    """Of one with very many rows: what it wrote goes first, then its steps' attempts."""
    rows = 0
    for statement in _PIECES:
        rows += transaction.write_now(statement, {"id": key, "most": effort - rows})
        if rows >= effort:
            break
    return rows
