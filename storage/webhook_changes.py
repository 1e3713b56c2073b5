"""What can be written about webhooks.

Events become deliveries in the transaction that moves the webhook's cursor past them, so each becomes
exactly one, whatever happens in between. Of deliveries that have ended, the newest are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from peewee import fn

from .errors import IllegalTransition, InvalidInput, NotFound
from .events import Event, event_form
from .plain_data import pack_checked
from .rows import micros
from .statements import Statement, columns, insert
from .tables import EventRow, WebhookDeliveryRow, WebhookRow
from .transaction import Transaction
from .webhook_records import (
    TEST_EVENT,
    DeliveryStatus,
    Webhook,
    WebhookDelivery,
    WebhookId,
    form_of_test,
)
from .webhook_rows import named, to_delivery, to_webhook, webhook_columns

MOST_WEBHOOKS: Final = 100
KEPT: Final = 1_000
"""Ended deliveries of one webhook that are remembered."""
_row = WebhookDeliveryRow
_NEWEST_EVENT = Statement(lambda _: EventRow.select(fn.coalesce(fn.max(EventRow.seq), 0)))
_COUNT = Statement(lambda _: WebhookRow.select(fn.count(WebhookRow.id)))
_FIND = Statement(lambda slot: WebhookRow.select().where(WebhookRow.id == slot("id")))
_INSERT = insert(WebhookRow)
_DELETE = Statement(lambda slot: WebhookRow.delete().where(WebhookRow.id == slot("id")))
_MOVE = Statement(
    lambda slot: WebhookRow.update({WebhookRow.cursor: slot("cursor")}).where(
        WebhookRow.id == slot("id")
    )
)
_INSERT_DELIVERY = insert(WebhookDeliveryRow)
_FIND_DELIVERY = Statement(
    lambda slot: _row.select().where((_row.webhook == slot("id")) & (_row.seq == slot("seq")))
)
_LOWEST = Statement(
    lambda slot: _row.select(fn.coalesce(fn.min(_row.seq), 0)).where(_row.webhook == slot("id"))
)
_ATTEMPTED = Statement(
    lambda slot: _row.update(
        {
            getattr(_row, name): slot(name)
            for name in (
                "status",
                "attempts",
                "next_attempt_at",
                "attempted_at",
                "last_status",
                "last_error",
                "duration",
                "delivered_at",
            )
        }
    ).where((_row.webhook == slot("id")) & (_row.seq == slot("seq")))
)
_OLDEST_KEPT = Statement(
    lambda slot: (
        _row.select(_row.created_at, _row.seq)
        .where((_row.webhook == slot("id")) & _row.next_attempt_at.is_null())
        .order_by(_row.created_at.desc(), _row.seq.desc())
        .limit(1)
        .offset(KEPT - 1)
    )
)
_FORGET = Statement(
    lambda slot: _row.delete().where(
        (_row.webhook == slot("id"))
        & _row.next_attempt_at.is_null()
        & (
            (_row.created_at < slot("created_at"))
            | ((_row.created_at == slot("created_at")) & (_row.seq < slot("seq")))
        )
    )
)

_REASON = Statement(
    lambda slot: WebhookRow.update({WebhookRow.disabled_reason: slot("reason")}).where(
        WebhookRow.id == slot("id")
    )
)


@dataclass(frozen=True, slots=True)
class AddWebhook:
    """Make a webhook, which is told of what happens from now on. Raises `InvalidInput`: too many."""

    webhook: Webhook

    def apply(self, transaction: Transaction) -> Webhook:
        ((count,),) = transaction.read(_COUNT, {})
        if count >= MOST_WEBHOOKS:
            raise InvalidInput.field(
                msg=f"there are {MOST_WEBHOOKS} webhooks already; delete one, or let one receiver "
                "pass messages on"
            )
        stored = replace(self.webhook, cursor=_newest_event(transaction))
        transaction.write(_INSERT, webhook_columns(asdict(stored) | {"secret": stored.secret}))
        return stored


@dataclass(frozen=True, slots=True)
class UpdateWebhook:
    """Change some fields, by their names. Raises `NotFound`.

    One that is switched on again is told of what happens from then on, and of what waited before.
    """

    webhook_id: WebhookId
    fields: Mapping[str, Any]
    at: datetime

    def apply(self, transaction: Transaction) -> Webhook:
        before = _found(transaction, self.webhook_id)
        changes = {**self.fields, "updated_at": self.at}
        if "enabled" in changes:
            changes["disabled_reason"] = ""
            if changes["enabled"] and not before.enabled:
                changes["cursor"] = _newest_event(transaction)
        stored = webhook_columns(changes)
        update = Statement(
            lambda slot: WebhookRow.update(
                {getattr(WebhookRow, name): slot(name) for name in changes}
            ).where(WebhookRow.id == slot("id"))
        )
        transaction.write_now(update, {**stored, "id": self.webhook_id})
        return _found(transaction, self.webhook_id)


@dataclass(frozen=True, slots=True)
class DeleteWebhook:
    """Forget a webhook with its deliveries. Raises `NotFound`."""

    webhook_id: WebhookId

    def apply(self, transaction: Transaction) -> None:
        _found(transaction, self.webhook_id)
        transaction.write(_DELETE, {"id": self.webhook_id})


@dataclass(frozen=True, slots=True)
class CollectDeliveries:
    """Make deliveries of events that a webhook wants, and move its cursor from `after` to `through`.

    Answers with the webhook as it is then; None: it is gone. One that is disabled, or whose cursor is
    another, stays as it is.
    """

    webhook_id: WebhookId
    after: int
    through: int
    events: Sequence[Event]
    at: datetime

    def apply(self, transaction: Transaction) -> Webhook | None:
        rows = transaction.read(_FIND, {"id": self.webhook_id})
        if not rows:
            return None
        found = to_webhook(named(WebhookRow, rows[0]))
        if not found.enabled or found.cursor != self.after:
            return found
        for event in self.events:
            made = _pending(self.webhook_id, event.seq, event.type, self.at)
            transaction.write(_INSERT_DELIVERY, _delivery_columns(made, event_form(event)))
        transaction.write(_MOVE, {"id": self.webhook_id, "cursor": self.through})
        _forget_old(transaction, self.webhook_id)
        return replace(found, cursor=self.through)


@dataclass(frozen=True, slots=True)
class RecordAttempt:
    """Store what became of an attempt, and switch the webhook off if there is a reason to.

    Answers with the webhook as it is then; None: it is gone.
    """

    delivery: WebhookDelivery
    """As it is after the attempt."""
    disable: str = ""
    """Why the webhook is to be switched off; empty: it is not."""

    def apply(self, transaction: Transaction) -> Webhook | None:
        now, key = self.delivery, self.delivery.webhook_id
        rows = transaction.read(_FIND, {"id": key})
        if not rows:
            return None
        transaction.write(_ATTEMPTED, {**_delivery_columns(now, None), "id": key})
        if not self.disable:
            return to_webhook(named(WebhookRow, rows[0]))
        fields = {"enabled": False}
        changed = UpdateWebhook(key, fields, now.attempted_at or now.created_at).apply(transaction)
        transaction.write_now(_REASON, {"id": key, "reason": self.disable})
        return replace(changed, disabled_reason=self.disable)


@dataclass(frozen=True, slots=True)
class AddTestDelivery:
    """Have a test event sent to one webhook. Raises `NotFound`, `IllegalTransition`: it is disabled."""

    webhook_id: WebhookId
    at: datetime

    def apply(self, transaction: Transaction) -> WebhookDelivery:
        _require_enabled(transaction, self.webhook_id, "tested")
        ((lowest,),) = transaction.read(_LOWEST, {"id": self.webhook_id})
        made = _pending(self.webhook_id, min(lowest, 0) - 1, TEST_EVENT, self.at)
        form = form_of_test(self.webhook_id, self.at)
        transaction.write(_INSERT_DELIVERY, _delivery_columns(made, form))
        _forget_old(transaction, self.webhook_id)
        return made


@dataclass(frozen=True, slots=True)
class RetryDelivery:
    """Have a delivery sent (again) now, with all its attempts before it. Raises `NotFound`,
    `IllegalTransition`: the webhook is disabled."""

    webhook_id: WebhookId
    seq: int
    at: datetime

    def apply(self, transaction: Transaction) -> WebhookDelivery:
        _require_enabled(transaction, self.webhook_id, "sent to")
        rows = transaction.read(_FIND_DELIVERY, {"id": self.webhook_id, "seq": self.seq})
        if not rows:
            raise NotFound("delivery", f"{self.webhook_id}/{self.seq}")
        again = replace(
            to_delivery(named(WebhookDeliveryRow, rows[0])),
            status=DeliveryStatus.PENDING,
            attempts=0,
            next_attempt_at=self.at,
            delivered_at=None,
        )
        transaction.write(_ATTEMPTED, {**_delivery_columns(again, None), "id": self.webhook_id})
        return again


def _found(transaction: Transaction, key: WebhookId) -> Webhook:
    rows = transaction.read(_FIND, {"id": key})
    if not rows:
        raise NotFound("webhook", key)
    return to_webhook(named(WebhookRow, rows[0]))


def _require_enabled(transaction: Transaction, key: WebhookId, wanted: str) -> None:
    if not _found(transaction, key).enabled:
        raise IllegalTransition("webhook", key, current="disabled", wanted=wanted)


def _newest_event(transaction: Transaction) -> int:
    ((newest,),) = transaction.read(_NEWEST_EVENT, {})
    return int(newest)


def _pending(key: WebhookId, seq: int, event_type: str, at: datetime) -> WebhookDelivery:
    return WebhookDelivery(key, seq, event_type, DeliveryStatus.PENDING, at, next_attempt_at=at)


def _delivery_columns(delivery: WebhookDelivery, body: Any) -> dict[str, Any]:
    plain = asdict(delivery)
    stored = {
        "status": delivery.status.value,
        "duration": micros(delivery.duration),
        "body": None if body is None else pack_checked(body),
    }
    return columns(WebhookDeliveryRow, {**plain, **stored})


def _forget_old(transaction: Transaction, key: WebhookId) -> None:
    oldest = transaction.read(_OLDEST_KEPT, {"id": key})
    if oldest:
        created_at, seq = oldest[0]
        transaction.write_now(_FORGET, {"id": key, "created_at": created_at, "seq": seq})
