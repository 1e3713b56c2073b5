"""Deletes what is old or too many, in small transactions: each change deletes a limited number of rows, looks
into a limited number of places, and says where the next one goes on.

Kept, however old: executions that have not ended and those that they have begun, the newest of each
workflow if so many are to be kept, events that an enabled webhook has not got yet, messages that are still
to be sent, and the newest event, because numbers go on from it. Statistics and what schedules have
counted stay.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from peewee import SQL, fn

from .access_tables import AuditRow
from .instants import to_micros
from .statements import Statement
from .statuses import UNFINISHED
from .tables import (
    BackfillRow,
    EventRow,
    ExecutionRow,
    FireRow,
    WebhookDeliveryRow,
    WebhookRow,
)
from .transaction import Transaction

LOOKS: Final = 100
"""Workflows, schedules or webhooks that one change looks into."""
_ENDLESS: Final = 2**63 - 1
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


_message = WebhookDeliveryRow
_NEXT_WEBHOOK = Statement(
    lambda slot: _message.select(fn.min(_message.webhook)).where(_message.webhook > slot("after"))
)
_OLD_MESSAGES = Statement(
    lambda slot: (
        _message.select(_message.seq)
        .where(
            (_message.webhook == slot("webhook"))
            & (_message.created_at < slot("before"))
            & _message.next_attempt_at.is_null()
        )
        .order_by(_message.created_at, _message.seq)
        .limit(slot("most"))
    )
)
_DELETE_MESSAGE = Statement(
    lambda slot: _message.delete().where(
        (_message.webhook == slot("webhook")) & (_message.seq == slot("seq"))
    )
)
_OLD_BACKFILLS = Statement(
    lambda slot: (
        BackfillRow.select(BackfillRow.id)
        .where(
            (BackfillRow.created_at < slot("before"))
            & ~fn.EXISTS(_row.select(SQL("1")).where(_row.backfill_id == BackfillRow.id))
        )
        .limit(slot("most"))
    )
)
_DELETE_BACKFILL = Statement(lambda slot: BackfillRow.delete().where(BackfillRow.id == slot("id")))


class Place(NamedTuple):
    """Where a change goes on: in which of `PARTS`, and after which workflow, schedule or webhook."""

    part: int = 0
    after: str = ""


BEGIN: Final = Place()


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows a change has deleted, and where there may be more; None: there are no more."""

    executions: int = 0
    fires: int = 0
    events: int = 0
    audit: int = 0
    webhook_deliveries: int = 0
    backfills: int = 0
    place: Place | None = None

    def __str__(self) -> str:
        told = (f"{count:,} {name.replace('_', ' ')}" for name, count in self.counts().items())
        return ", ".join(told)

    @property
    def rows(self) -> int:
        """All together."""
        return sum(self.counts().values())

    @property
    def more(self) -> bool:
        """Whether there may be more to delete."""
        return self.place is not None

    def counts(self) -> dict[str, int]:
        """How many rows of what."""
        names = (each.name for each in fields(self) if each.name != "place")
        return {name: getattr(self, name) for name in names}

    def __add__(self, other: "Pruned") -> "Pruned":
        theirs = other.counts()
        sums = {name: count + theirs[name] for name, count in self.counts().items()}
        return Pruned(**sums, place=other.place)


@dataclass(frozen=True, slots=True)
class Keep:
    """What may go: what is older than `before`, and of each workflow what is more than `at_most`.

    The newest `newest` executions of each workflow stay, however old. Those that go because there are too
    many of them have ended before `settled`, so that who waits for an end can read it.
    """

    before: datetime | None = None
    newest: int = 0
    at_most: int | None = None
    settled: datetime | None = None


@dataclass(frozen=True, slots=True)
class Prune:
    """Delete up to `most` rows of what need not be kept, beginning at `place`.

    With `workflow_id`, only executions of that workflow are looked at, and nothing else.
    """

    keep: Keep
    workflow_id: str | None = None
    most: int = 500
    place: Place = BEGIN

    def apply(self, transaction: Transaction) -> Pruned:
        """Executions first, then the ledger, and what else tells of them."""
        found, place = Pruned(), self.place
        for _ in range(LOOKS):
            name, look = PARTS[place.part]
            rows, after = look(self, transaction, place.after, self.most - found.rows)
            found = replace(found, **{name: getattr(found, name) + rows})
            if found.rows >= self.most:
                return replace(found, place=place)
            if after is not None:
                place = Place(place.part, after)
            elif self.workflow_id is None and place.part + 1 < len(PARTS):
                place = Place(place.part + 1)
            else:
                return found
        return replace(found, place=place)

    def _executions(self, transaction: Transaction, after: str, most: int) -> "_Looked":
        workflow_id = self.workflow_id or _following(transaction, _NEXT_WORKFLOW, after)
        if workflow_id is None:
            return _NOTHING
        count = 0
        for queued_before, before in self._bounds(transaction, workflow_id):
            values = {
                "workflow_id": workflow_id,
                "queued_before": queued_before,
                "before": before,
                "most": most - count,
            }
            for (key,) in transaction.read(_OLD, values):
                transaction.write(_DELETE, {"id": key})
                count += 1
        return _Looked(count, None if self.workflow_id else workflow_id)

    def _bounds(self, transaction: Transaction, workflow_id: str) -> list[tuple[int, int]]:
        """Executions may go that were queued before the first, and ended before the second."""
        keep, found = self.keep, []
        if keep.before is not None:
            bound = to_micros(keep.before)
            found.append((min(bound, _nth_newest(transaction, workflow_id, keep.newest)), bound))
        if keep.at_most is not None and keep.settled is not None:
            bound = _nth_newest(transaction, workflow_id, keep.at_most)
            found.append((bound, to_micros(keep.settled)))
        return found

    def _fires(self, transaction: Transaction, after: str, most: int) -> "_Looked":
        if self.keep.before is None:
            return _NOTHING
        schedule_id = _following(transaction, _NEXT_SCHEDULE, after)
        if schedule_id is None:
            return _NOTHING
        before = to_micros(self.keep.before)
        values = {"schedule_id": schedule_id, "before": before, "most": most}
        found = transaction.read(_OLD_FIRES, values)
        for (due,) in found:
            transaction.write(_DELETE_FIRE, {"schedule_id": schedule_id, "due": due})
        return _Looked(len(found), schedule_id)

    def _events(self, transaction: Transaction, _: str, most: int) -> "_Looked":
        """From the oldest on, without a hole, because those who resume count on that."""
        if self.keep.before is None:
            return _NOTHING
        before = to_micros(self.keep.before)
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
        return _Looked(count)

    def _audit(self, transaction: Transaction, _: str, most: int) -> "_Looked":
        return self._by_id(transaction, _OLD_AUDIT, _DELETE_AUDIT, most)

    def _messages(self, transaction: Transaction, after: str, most: int) -> "_Looked":
        if self.keep.before is None:
            return _NOTHING
        webhook = _following(transaction, _NEXT_WEBHOOK, after)
        if webhook is None:
            return _NOTHING
        before = to_micros(self.keep.before)
        values = {"webhook": webhook, "before": before, "most": most}
        found = transaction.read(_OLD_MESSAGES, values)
        for (seq,) in found:
            transaction.write(_DELETE_MESSAGE, {"webhook": webhook, "seq": seq})
        return _Looked(len(found), webhook)

    def _backfills(self, transaction: Transaction, _: str, most: int) -> "_Looked":
        """Those of which no execution is left."""
        return self._by_id(transaction, _OLD_BACKFILLS, _DELETE_BACKFILL, most)

    def _by_id(
        self, transaction: Transaction, old: Statement, delete: Statement, most: int
    ) -> "_Looked":
        if self.keep.before is None:
            return _NOTHING
        found = transaction.read(old, {"before": to_micros(self.keep.before), "most": most})
        for (key,) in found:
            transaction.write(delete, {"id": key})
        return _Looked(len(found))


class _Looked(NamedTuple):
    """How many rows went, and after what the same part goes on; None: it is through."""

    rows: int
    after: str | None = None


_NOTHING: Final = _Looked(0)
PARTS: Final[tuple[tuple[str, Any], ...]] = (
    ("executions", Prune._executions),
    ("fires", Prune._fires),
    ("events", Prune._events),
    ("audit", Prune._audit),
    ("webhook_deliveries", Prune._messages),
    ("backfills", Prune._backfills),
)
"""What is looked at, in this order."""


def _following(transaction: Transaction, following: Statement, after: str) -> str | None:
    """The next value of a column that begins an index, found by one look into it."""
    ((found,),) = transaction.read(following, {"after": after})
    return None if found is None else str(found)


def _nth_newest(transaction: Transaction, workflow_id: str, count: int) -> int:
    """When the last of so many newest executions was queued; what was queued before it may go."""
    if count == 0:
        return _ENDLESS
    found = transaction.read(_NTH_NEWEST, {"workflow_id": workflow_id, "place": count - 1})
    return int(found[0][0]) if found else 0
