"""Deletes what is old, in small transactions: each change deletes a limited number of rows and says whether
there is more.

Kept, however old: executions that have not ended and those that they have begun, the newest of each
workflow if so many are to be kept, events that an enabled webhook has not got yet, and the newest event,
because numbers go on from it. Statistics and what schedules have counted stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from peewee import SQL, fn

from .access_tables import AuditRow
from .instants import to_micros
from .statements import Statement
from .statuses import UNFINISHED
from .tables import EventRow, ExecutionRow, FireRow, WebhookRow
from .transaction import Transaction

_OPEN = [status.value for status in UNFINISHED]
_row, _parent = ExecutionRow, ExecutionRow.alias()
_NEXT_WORKFLOW = Statement(
    lambda slot: _row.select(fn.min(_row.workflow_id)).where(_row.workflow_id > slot("after"))
)
_NTH_NEWEST = Statement(
    lambda slot: (
        _row.select(_row.queued_at)
        .where(_row.workflow_id == slot("workflow_id"))
        .order_by(_row.queued_at.desc())
        .limit(1)
        .offset(slot("place"))
    )
)
_OLD = Statement(
    lambda slot: (
        _row.select(_row.id)
        .where(
            (_row.workflow_id == slot("workflow_id"))
            & (_row.queued_at < slot("queued_before"))
            & (_row.ended_at < slot("before"))
            & _row.status.not_in(_OPEN)
            & ~fn.EXISTS(
                _parent.select(SQL("1")).where(
                    (_parent.id == _row.parent_id) & _parent.status.in_(_OPEN)
                )
            )
        )
        .order_by(_row.queued_at)
        .limit(slot("most"))
    )
)
_DELETE = Statement(lambda slot: _row.delete().where(_row.id == slot("id")))
_NEXT_SCHEDULE = Statement(
    lambda slot: FireRow.select(fn.min(FireRow.schedule_id)).where(
        FireRow.schedule_id > slot("after")
    )
)
_OLD_FIRES = Statement(
    lambda slot: (
        FireRow.select(FireRow.due)
        .where(
            (FireRow.schedule_id == slot("schedule_id"))
            & (FireRow.due < slot("before"))
            & (fn.coalesce(FireRow.through, FireRow.due) < slot("before"))
            & ~fn.EXISTS(_row.select(SQL("1")).where(_row.id == FireRow.execution_id))
        )
        .order_by(FireRow.due)
        .limit(slot("most"))
    )
)
_DELETE_FIRE = Statement(
    lambda slot: FireRow.delete().where(
        (FireRow.schedule_id == slot("schedule_id")) & (FireRow.due == slot("due"))
    )
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
_DELETE_AUDIT = Statement(lambda slot: AuditRow.delete().where(AuditRow.id == slot("id")))


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows a change has deleted, and whether there are more to delete."""

    executions: int = 0
    fires: int = 0
    events: int = 0
    audit: int = 0
    more: bool = False

    @property
    def rows(self) -> int:
        """All together."""
        return self.executions + self.fires + self.events + self.audit

    def __add__(self, other: "Pruned") -> "Pruned":
        return Pruned(
            self.executions + other.executions,
            self.fires + other.fires,
            self.events + other.events,
            self.audit + other.audit,
            other.more,
        )


@dataclass(frozen=True, slots=True)
class Prune:
    """Delete up to `most` rows of what is older than `before`, and say whether there is more.

    `keep` newest executions of each workflow stay. With `workflow_id`, only executions of that workflow are
    looked at, and nothing else.
    """

    before: datetime
    keep: int = 0
    workflow_id: str | None = None
    most: int = 500

    def apply(self, transaction: Transaction) -> Pruned:
        """Executions first, then the ledger, the events and the audit table."""
        found = Pruned()
        for part in (self._executions, self._fires, self._events, self._audit):
            left = self.most - found.rows
            if left <= 0:
                break
            found = found + part(transaction, left)
        return Pruned(
            found.executions, found.fires, found.events, found.audit, found.rows >= self.most
        )

    def _executions(self, transaction: Transaction, most: int) -> Pruned:
        before, count = to_micros(self.before), 0
        for workflow_id in self._workflows(transaction):
            values = {
                "workflow_id": workflow_id,
                "queued_before": self._bound(transaction, workflow_id),
                "before": before,
                "most": most - count,
            }
            for (key,) in transaction.read(_OLD, values):
                transaction.write(_DELETE, {"id": key})
                count += 1
            if count >= most:
                break
        return Pruned(executions=count)

    def _workflows(self, transaction: Transaction) -> Iterator[str]:
        if self.workflow_id is not None:
            yield self.workflow_id
            return
        yield from _distinct(transaction, _NEXT_WORKFLOW)

    def _bound(self, transaction: Transaction, workflow_id: str) -> int:
        """Executions of that workflow that were queued before it may go."""
        before = to_micros(self.before)
        if self.keep == 0:
            return before
        place = {"workflow_id": workflow_id, "place": self.keep - 1}
        nth = transaction.read(_NTH_NEWEST, place)
        return min(before, nth[0][0]) if nth else 0

    def _fires(self, transaction: Transaction, most: int) -> Pruned:
        if self.workflow_id is not None:
            return Pruned()
        before, count = to_micros(self.before), 0
        for schedule_id in _distinct(transaction, _NEXT_SCHEDULE):
            values = {"schedule_id": schedule_id, "before": before, "most": most - count}
            for (due,) in transaction.read(_OLD_FIRES, values):
                transaction.write(_DELETE_FIRE, {"schedule_id": schedule_id, "due": due})
                count += 1
            if count >= most:
                break
        return Pruned(fires=count)

    def _events(self, transaction: Transaction, most: int) -> Pruned:
        """From the oldest on, without a hole, because those who resume count on that."""
        if self.workflow_id is not None:
            return Pruned()
        before = to_micros(self.before)
        ((newest,),) = transaction.read(_NEWEST_EVENT, {})
        ((cursor,),) = transaction.read(_LOWEST_CURSOR, {})
        bound = (newest or 0) - 1 if cursor is None else min((newest or 0) - 1, cursor)
        last, count = None, 0
        for seq, at in transaction.read(_OLD_EVENTS, {"bound": bound, "most": most}):
            if at >= before:
                break
            last, count = seq, count + 1
        if last is not None:
            transaction.write(_DELETE_EVENTS, {"seq": last})
        return Pruned(events=count)

    def _audit(self, transaction: Transaction, most: int) -> Pruned:
        if self.workflow_id is not None:
            return Pruned()
        found = transaction.read(_OLD_AUDIT, {"before": to_micros(self.before), "most": most})
        for (key,) in found:
            transaction.write(_DELETE_AUDIT, {"id": key})
        return Pruned(audit=len(found))


def _distinct(transaction: Transaction, following: Statement) -> Iterator[str]:
    """Each value of a column that begins an index, found by one look into it."""
    after = ""
    while True:
        ((found,),) = transaction.read(following, {"after": after})
        if found is None:
            return
        yield found
        after = found
