"""Deletes what tells of executions and due instants when it is old: a limited number at a time.

Each function looks at the next rows of one kind in their order, whether they may go or not, and says
where to go on. So a call takes about as long however many there are that have to stay.
"""

import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from peewee import SQL, Tuple, fn

from .access_tables import AuditRow
from .rounds import NOTHING, Looked, Place, Room
from .statements import Statement, listed
from .tables import BackfillRow, EventRow, ExecutionRow, FireRow, WebhookDeliveryRow, WebhookRow
from .transaction import Transaction

_message = WebhookDeliveryRow
_LOWEST: Final = -(2**63)


def following(column: Any) -> Statement:
    """Finds the next value of a column that begins an index, by one look into that."""
    rows = column.model
    return Statement(lambda slot: rows.select(fn.min(column)).where(column > slot("after")))


def next_after(transaction: Transaction, statement: Statement, after: str) -> str | None:
    """What a statement made by `following` finds; None: that was the last."""
    ((found,),) = transaction.read(statement, {"after": after})
    return None if found is None else str(found)


def _has_execution(column: Any) -> Any:
    return fn.EXISTS(ExecutionRow.select(SQL("1")).where(ExecutionRow.id == column))


class _Owned(NamedTuple):
    """Rows of schedules or webhooks: the next owner; its next old rows (key, instant, and 1: it may go) in
    the order of instants and keys; and their end."""

    owner: Statement
    look: Statement
    delete: Statement


_FIRES: Final = _Owned(
    following(FireRow.schedule_id),
    Statement(
        lambda slot: (
            FireRow.select(
                FireRow.due,
                FireRow.due,
                (fn.coalesce(FireRow.through, FireRow.due) < slot("before"))
                & ~_has_execution(FireRow.execution_id),
            )
            .where(
                (FireRow.schedule_id == slot("owner"))
                & (FireRow.due > slot("key"))
                & (FireRow.due < slot("before"))
            )
            .order_by(FireRow.due)
            .limit(slot("most"))
        )
    ),
    Statement(
        lambda slot: FireRow.delete().where(
            (FireRow.schedule_id == slot("owner")) & FireRow.due.in_(listed(slot("keys")))
        )
    ),
)
_MESSAGES: Final = _Owned(
    following(_message.webhook),
    Statement(
        lambda slot: (
            _message.select(_message.seq, _message.created_at, _message.next_attempt_at.is_null())
            .where(
                (_message.webhook == slot("owner"))
                & (Tuple(_message.created_at, _message.seq) > Tuple(slot("at"), slot("key")))
                & (_message.created_at < slot("before"))
            )
            .order_by(_message.created_at, _message.seq)
            .limit(slot("most"))
        )
    ),
    Statement(
        lambda slot: _message.delete().where(
            (_message.webhook == slot("owner")) & _message.seq.in_(listed(slot("keys")))
        )
    ),
)
_NEWEST_EVENT = Statement(lambda _: EventRow.select(fn.max(EventRow.seq)))
_LOWEST_CURSOR = Statement(
    lambda _: WebhookRow.select(fn.min(WebhookRow.cursor)).where(WebhookRow.enabled == 1)
)
_OLD_EVENTS = Statement(
    lambda slot: (
        EventRow.select(EventRow.seq, EventRow.timestamp)
        .where(EventRow.seq <= slot("bound"))
        .order_by(EventRow.seq)
        .limit(slot("most"))
    )
)
_DELETE_EVENTS = Statement(lambda slot: EventRow.delete().where(EventRow.seq <= slot("seq")))
_OLD_AUDIT = Statement(
    lambda slot: (
        AuditRow.select(AuditRow.id)
        .where(AuditRow.at < slot("before"))
        .order_by(AuditRow.at, AuditRow.id)
        .limit(slot("most"))
    )
)
_DELETE_AUDIT = Statement(
    lambda slot: AuditRow.delete().where(AuditRow.id.in_(listed(slot("keys"))))
)
_BACKFILLS = Statement(
    lambda slot: (
        BackfillRow.select(
            BackfillRow.id,
            (BackfillRow.created_at < slot("before"))
            & ~fn.EXISTS(
                ExecutionRow.select(SQL("1")).where(ExecutionRow.backfill_id == BackfillRow.id)
            ),
        )
        .where(BackfillRow.id > slot("after"))
        .order_by(BackfillRow.id)
        .limit(slot("most"))
    )
)
_DELETE_BACKFILLS = Statement(
    lambda slot: BackfillRow.delete().where(BackfillRow.id.in_(listed(slot("keys"))))
)


def fires(transaction: Transaction, before: int, place: Place, room: Room) -> Looked:
    """Of the next schedule: what was decided about due instants, unless its execution is still there."""
    return _of_owner(_FIRES, transaction, before, place, room)


def messages(transaction: Transaction, before: int, place: Place, room: Room) -> Looked:
    """Of the next webhook: messages that are not to be sent any more."""
    return _of_owner(_MESSAGES, transaction, before, place, room)


def _of_owner(
    rows: _Owned, transaction: Transaction, before: int, place: Place, room: Room
) -> Looked:
    owner = next_after(transaction, rows.owner, place.after)
    if owner is None:
        return NOTHING
    at, key = place.seen or (_LOWEST, _LOWEST)
    values = {"owner": owner, "at": at, "key": key, "before": before, "most": room.least}
    found = transaction.read(rows.look, values)
    going = [key for key, _, may_go in found if may_go]
    if going:
        transaction.write(rows.delete, {"owner": owner, "keys": json.dumps(going)})
    if len(found) < room.least:
        return Looked(len(going), len(going), Place(place.part, owner))
    key, at, _ = found[-1]
    return Looked(len(going), len(going), place._replace(seen=(at, key)))


def events(transaction: Transaction, before: int, place: Place, room: Room) -> Looked:
    """From the oldest on, without a hole, because those who resume count on that."""
    ((newest,),) = transaction.read(_NEWEST_EVENT, {})
    ((cursor,),) = transaction.read(_LOWEST_CURSOR, {})
    bound = (newest or 0) - 1 if cursor is None else min((newest or 0) - 1, cursor)
    last, count = None, 0
    for seq, at in transaction.read(_OLD_EVENTS, {"bound": bound, "most": room.least}):
        if at >= before:
            break
        last, count = seq, count + 1
    if last is not None:
        transaction.write(_DELETE_EVENTS, {"seq": last})
    return Looked(count, count, place if count == room.least else None)


def audit(transaction: Transaction, before: int, place: Place, room: Room) -> Looked:
    """Who did what."""
    found = transaction.read(_OLD_AUDIT, {"before": before, "most": room.least})
    if found:
        transaction.write(_DELETE_AUDIT, {"keys": json.dumps([key for (key,) in found])})
    return Looked(len(found), len(found), place if len(found) == room.least else None)


def backfills(transaction: Transaction, before: int, place: Place, room: Room) -> Looked:
    """Those of which no execution is left."""
    values = {"before": before, "after": place.after, "most": room.least}
    found = transaction.read(_BACKFILLS, values)
    going = [key for key, may_go in found if may_go]
    if going:
        transaction.write(_DELETE_BACKFILLS, {"keys": json.dumps(going)})
    through = len(found) < room.least
    return Looked(len(going), len(going), None if through else Place(place.part, str(found[-1][0])))


LOOKS: Final[tuple[tuple[str, Callable[[Transaction, int, Place, Room], Looked]], ...]] = (
    ("fires", fires),
    ("events", events),
    ("audit", audit),
    ("webhook_deliveries", messages),
    ("backfills", backfills),
)
"""What goes by age, in this order."""
