"""Events that have come, until every schedule that waited for them has decided; kept for a day after that.

A delivery is stored in the transaction that it comes with: of the request, of the step's progress, of
the end of the workflow that it tells of. What is not done yet is handed to the schedules again at the
next start. Deliveries with an idempotency key are remembered: the same one again is none.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from peewee import fn

from .database import Reader
from .errors import IdempotencyConflict
from .event_names import awaited_as
from .ids import ExecutionId, ScheduleId
from .instants import from_micros, to_micros
from .plain_data import Packed, pack_checked, unpack
from .records import Delivery, Receipt
from .selects import tuples
from .statements import Statement, columns, insert
from .statuses import UNFINISHED, ScheduleStatus
from .tables import DeliveryRow, ExecutionRow, FireRow, ScheduleRow
from .transaction import Transaction

KEPT: Final = timedelta(hours=24)
"""How long a delivery is remembered after it was done, so that it is not made again."""
_MOST_FORGOTTEN: Final = 100
"""Old ones that are forgotten with each one that is done."""
_CLOSE: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_EVERY: Final = ("name", "wider_name")
_LISTENING: Final = [
    status.value for status in (ScheduleStatus.ACTIVE, ScheduleStatus.ERROR, ScheduleStatus.PAUSED)
]
_OPEN: Final = [status.value for status in UNFINISHED]
_LISTENERS = Statement(
    lambda slot: (
        ScheduleRow.select(ScheduleRow.id)
        .where(
            ScheduleRow.event.in_([slot(name) for name in _EVERY])
            & ScheduleRow.status.in_(_LISTENING)
        )
        .order_by(ScheduleRow.created_at, ScheduleRow.id)
    )
)
_KNOWN = Statement(
    lambda slot: DeliveryRow.select(
        DeliveryRow.id,
        DeliveryRow.digest,
        DeliveryRow.answer,
        DeliveryRow.done_at,
        DeliveryRow.source,
    ).where(
        (DeliveryRow.name == slot("name"))
        & (DeliveryRow.idempotency_key == slot("idempotency_key"))
    )
)
_NEXT_ID = Statement(lambda _: DeliveryRow.select(fn.coalesce(fn.max(DeliveryRow.id), 0) + 1))
_NEWEST = Statement(
    lambda slot: DeliveryRow.select(fn.max(DeliveryRow.at)).where(
        (DeliveryRow.at >= slot("from")) & (DeliveryRow.at < slot("until"))
    )
)
_TAKEN = Statement(
    lambda slot: (
        FireRow.select(FireRow.due)
        .join(ScheduleRow, on=(ScheduleRow.id == FireRow.schedule_id))
        .where(ScheduleRow.event.in_([slot(name) for name in _EVERY]) & (FireRow.due == slot("at")))
        .union_all(DeliveryRow.select(DeliveryRow.at).where(DeliveryRow.at == slot("at")))
        .limit(1)
    )
)
_INSERT = insert(DeliveryRow)
_DONE = Statement(
    lambda slot: DeliveryRow.update(
        {
            DeliveryRow.payload: None,
            DeliveryRow.listeners: slot("listeners"),
            DeliveryRow.answer: slot("answer"),
            DeliveryRow.done_at: slot("done_at"),
        }
    ).where(DeliveryRow.id == slot("id"))
)
_FORGET = Statement(lambda slot: DeliveryRow.delete().where(DeliveryRow.id == slot("id")))
_FORGET_OLD = Statement(
    lambda slot: DeliveryRow.delete().where(
        DeliveryRow.id.in_(
            DeliveryRow.select(DeliveryRow.id)
            .where(
                (DeliveryRow.done_at < slot("before"))
                & (
                    DeliveryRow.source.is_null()
                    | DeliveryRow.source.not_in(
                        ExecutionRow.select(ExecutionRow.id).where(
                            (ExecutionRow.id == DeliveryRow.source) & ExecutionRow.status.in_(_OPEN)
                        )
                    )
                )
            )
            .order_by(DeliveryRow.done_at)
            .limit(_MOST_FORGOTTEN)
        )
    )
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that has just come."""

    name: str
    key: str
    payload: Packed
    at: datetime
    chain: tuple[ScheduleId, ...] = ()
    source: ExecutionId | None = None
    idempotency_key: str | None = None
    traceparent: str | None = None


def listeners(transaction: Transaction, name: str) -> tuple[ScheduleId, ...]:
    """The schedules that wait for an event of that name."""
    return tuple(key for (key,) in transaction.read(_LISTENERS, _names(name)))


def known(transaction: Transaction, arrival: Arrival) -> Receipt | None:
    """What came of the same event before; None: it is new. Raises `IdempotencyConflict`."""
    if arrival.idempotency_key is None:
        return None
    found = transaction.read(
        _KNOWN, {"name": arrival.name, "idempotency_key": arrival.idempotency_key}
    )
    if not found:
        return None
    key, digest, answer, done_at, source = found[0]
    if done_at is not None and source is None and from_micros(done_at) < arrival.at - KEPT:
        transaction.write(_FORGET, {"id": key})
        return None
    if digest != _digest(arrival):
        key = arrival.idempotency_key.rpartition("\t")[2]  # without its sender
        raise IdempotencyConflict(
            f"Another event {arrival.name!r} was sent with the idempotency key "
            f"{key!r}; repeat it as it was, or give a new one a key of its own."
        )
    return Receipt(key, None if done_at is None else tuple(unpack(answer)))


def store(
    transaction: Transaction,
    arrival: Arrival,
    heard_by: tuple[ScheduleId, ...],
    resumed: tuple[ExecutionId, ...] = (),
) -> Receipt:
    """Keep it for its listeners, or (if there are none) only as long as it has to be remembered."""
    if not heard_by and arrival.idempotency_key is None:
        return Receipt(None, resumed)
    ((key,),) = transaction.read(_NEXT_ID, {})
    at = _instant(transaction, arrival)
    done = not heard_by
    row = {
        "id": key,
        "name": arrival.name,
        "key": arrival.key,
        "payload": None if done else arrival.payload,
        "at": at,
        "chain": list(arrival.chain),
        "source": arrival.source,
        "listeners": pack_checked(heard_by),
        "answer": pack_checked(resumed),
        "idempotency_key": arrival.idempotency_key,
        "digest": None if arrival.idempotency_key is None else _digest(arrival),
        "done_at": arrival.at if done else None,
        "traceparent": arrival.traceparent,
    }
    transaction.write(_INSERT, columns(DeliveryRow, row))
    if done:
        _forget_old(transaction, arrival.at)
        return Receipt(key, resumed)
    transaction.hand_over(
        Delivery(
            key,
            arrival.name,
            arrival.key,
            arrival.payload,
            at,
            arrival.chain,
            arrival.source,
            heard_by,
            resumed,
            arrival.traceparent,
        )
    )
    return Receipt(key, None)


@dataclass(frozen=True, slots=True)
class FinishDelivery:
    """Store that every schedule has decided, and forget what was done long before."""

    delivery_id: int
    answer: Sequence[ExecutionId]
    at: datetime

    def apply(self, transaction: Transaction) -> None:
        transaction.write(
            _DONE,
            {
                "id": self.delivery_id,
                "listeners": pack_checked([]),
                "answer": pack_checked(list(self.answer)),
                "done_at": to_micros(self.at),
            },
        )
        _forget_old(transaction, self.at)


def _forget_old(transaction: Transaction, now: datetime) -> None:
    """With each that is done, so that they are no more than a day's."""
    transaction.write_now(_FORGET_OLD, {"before": to_micros(now - KEPT)})


def unfinished_deliveries(reader: Reader) -> list[Delivery]:
    """Those about which schedules have to decide yet, in the order in which they came."""
    row = DeliveryRow
    query = (
        row.select(
            row.id,
            row.name,
            row.key,
            row.payload.cast("BLOB").alias("packed"),
            row.at,
            row.chain,
            row.source,
            row.listeners,
            row.answer,
            row.traceparent,
        )
        .where(row.done_at.is_null())
        .order_by(row.id)
    )
    return [_to_delivery(*found) for found in tuples(reader, query)]


def _to_delivery(*row: Any) -> Delivery:
    key, name, event_key, payload, at, chain, source, heard_by, answer, traceparent = row
    return Delivery(
        key,
        name,
        event_key,
        Packed(payload),
        at,
        tuple(chain),
        source,
        tuple(heard_by),
        tuple(answer),
        traceparent,
    )


def _instant(transaction: Transaction, arrival: Arrival) -> datetime:
    """When it came; a moment later if the schedules have decided about that instant already."""
    at = arrival.at
    near = {"from": to_micros(at), "until": to_micros(at + _CLOSE)}
    ((newest,),) = transaction.read(_NEWEST, near)
    if newest is not None:
        at = from_micros(newest) + _MICROSECOND
    while transaction.read(_TAKEN, {**_names(arrival.name), "at": to_micros(at)}):
        at += _MICROSECOND
    return at


def _names(name: str) -> dict[str, Any]:
    names = awaited_as(name)
    return {"name": names[0], "wider_name": names[-1]}


def _digest(arrival: Arrival) -> bytes:
    said = hashlib.blake2b(arrival.key.encode(), digest_size=16)
    said.update(b"\0" + arrival.payload)
    return said.digest()
