"""Requests that may be repeated: one is reserved before it is carried out, and its answer kept for a day.

The reservation names the id that the work will have, so that what was done before a crash is found
again. A key belongs to one caller and one call.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_
from typing import Any, Final, NamedTuple

from peewee import SQL

from .access_tables import IdempotentRequestRow
from .errors import IdempotencyConflict
from .instants import from_micros, to_micros
from .plain_data import pack, unpack
from .statements import Slot, Statement, columns, insert
from .transaction import Transaction

KEPT: Final = timedelta(hours=24)
"""How long a request is remembered."""
_MOST_FORGOTTEN: Final = 100
"""Old ones that are forgotten with each new one."""
_ROW = IdempotentRequestRow
_NAMES: Final = ("caller", "method", "path", "key")


class RequestKey(NamedTuple):
    """What makes two requests the same."""

    caller: str
    """The id of the token; empty without one."""
    method: str
    path: str
    key: str


class StoredAnswer(NamedTuple):
    """What a request was answered with."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Reservation(NamedTuple):
    """A request that may be carried out, with the id that is planned for its work."""

    planned_id: str
    is_new: bool
    """False: it was reserved before, and the work may have been done."""
    answer: StoredAnswer | None
    """It was answered before."""


def _is_it(slot: Slot) -> Any:
    first, *others = (getattr(_ROW, name) == slot(name) for name in _NAMES)
    return reduce(and_, others, first)


_INSERT = insert(_ROW)
_KNOWN = Statement(
    lambda slot: _ROW.select(
        _ROW.digest, _ROW.planned_id, _ROW.status, _ROW.headers, _ROW.answer, _ROW.at
    ).where(_is_it(slot))
)
_ANSWER = Statement(
    lambda slot: _ROW.update(
        {name: slot(name.name) for name in (_ROW.status, _ROW.headers, _ROW.answer)}
    ).where(_is_it(slot))
)
_FORGET = Statement(lambda slot: _ROW.delete().where(_is_it(slot)))
_FORGET_OLD = Statement(
    lambda slot: _ROW.delete().where(
        SQL("rowid").in_(
            _ROW.select(SQL("rowid"))
            .where(_ROW.at < slot("before"))
            .order_by(_ROW.at)
            .limit(_MOST_FORGOTTEN)
        )
    )
)


@dataclass(frozen=True, slots=True)
class ReserveRequest:
    """Take a request, or say what became of it. Raises `IdempotencyConflict` for another body."""

    request: RequestKey
    digest: bytes
    """Of the body."""
    planned_id: str
    at: datetime

    def apply(self, transaction: Transaction) -> Reservation:
        known = self._known(transaction)
        if known is not None:
            return known
        before = to_micros(self.at - KEPT)
        transaction.write_now(_FORGET_OLD, {"before": before})
        transaction.write_now(_FORGET, self.request._asdict())
        row = {"digest": self.digest, "planned_id": self.planned_id, "at": self.at}
        transaction.write(_INSERT, columns(_ROW, {**self.request._asdict(), **row}))
        return Reservation(self.planned_id, True, None)

    def _known(self, transaction: Transaction) -> Reservation | None:
        found = transaction.read(_KNOWN, self.request._asdict())
        if not found:
            return None
        digest, planned_id, status, headers, body, at = found[0]
        if from_micros(at) < self.at - KEPT:
            return None
        if digest != self.digest:
            raise IdempotencyConflict(
                f"Another body was sent with the idempotency key {self.request.key!r}; repeat the "
                "request as it was, or give a new one a key of its own."
            )
        answer = None if status is None else StoredAnswer(status, unpack(headers), bytes(body))
        return Reservation(planned_id, False, answer)


@dataclass(frozen=True, slots=True)
class KeepAnswer:
    """Store the answer to a reserved request, to be given again."""

    request: RequestKey
    answer: StoredAnswer

    def apply(self, transaction: Transaction) -> None:
        status, headers, body = self.answer
        row = {"status": status, "headers": pack(dict(headers)), "answer": body}
        transaction.write(_ANSWER, {**self.request._asdict(), **row})


@dataclass(frozen=True, slots=True)
class ForgetRequest:
    """Give a reservation back: nothing was done, so the key may be used anew."""

    request: RequestKey

    def apply(self, transaction: Transaction) -> None:
        transaction.write(_FORGET, self.request._asdict())
