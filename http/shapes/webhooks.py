"""Webhooks and their deliveries as they are answered."""

from typing import Any

from quarterjack.storage import webhook_records as records
from quarterjack.storage.instants import Instant
from quarterjack.storage.webhook_queries import Overview
from quarterjack.storage.webhook_records import DeliveryStatus

from .shape import Seconds, Shape

_HIDDEN = "***"


class Webhook(Shape):
    """An address that is told of events."""

    id: str
    url: str
    description: str
    topics: list[str]
    workflow_ids: list[str]
    """Only events of these workflows; empty: of all."""
    schedule_id: str | None
    """Only events of this schedule; null: of all, and of what no schedule began."""
    enabled: bool
    disabled_reason: str | None
    """Why the server has switched it off, if it did."""
    secret: str | dict[str, str]
    """`***`, or where it is looked up; the secret itself when it was made just now, and never again."""
    cursor: int
    """All events up to this `seq` were looked at."""
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, found: records.Webhook, secret: str | None = None) -> "Webhook":
        """A webhook that is stored; with its secret if that was made just now."""
        return cls(**_fields(found, secret))


class DeliveryCounts(Shape):
    """How many deliveries are in which status; of the ended ones only those still kept."""

    pending: int
    failed: int
    delivered: int
    given_up: int


class WebhookOverview(Webhook):
    """A webhook, and how its deliveries stand."""

    deliveries: DeliveryCounts

    @classmethod
    def of_overview(cls, found: Overview) -> "WebhookOverview":
        """A webhook that is stored."""
        counts = found.counts
        return cls(
            **_fields(found.webhook, None),
            deliveries=DeliveryCounts(
                pending=counts.pending,
                failed=counts.failed,
                delivered=counts.delivered,
                given_up=counts.given_up,
            ),
        )


class WebhookDelivery(Shape):
    """What became of one event for one webhook."""

    message_id: str
    """As in the header `webhook-id`, the same at each attempt."""
    seq: int
    """Of the event; below 0 for tests."""
    event: str
    """The event's type."""
    status: DeliveryStatus
    attempts: int
    created_at: Instant
    attempted_at: Instant | None
    next_attempt_at: Instant | None
    delivered_at: Instant | None
    last_status: int | None
    """The HTTP status of the last answer; null: there was none."""
    last_error: str | None
    duration: Seconds | None
    """Of the last attempt."""

    @classmethod
    def of(cls, found: records.WebhookDelivery) -> "WebhookDelivery":
        """A delivery that is stored."""
        return cls(
            message_id=found.message_id,
            seq=found.seq,
            event=found.event_type,
            status=found.status,
            attempts=found.attempts,
            created_at=found.created_at,
            attempted_at=found.attempted_at,
            next_attempt_at=found.next_attempt_at,
            delivered_at=found.delivered_at,
            last_status=found.last_status,
            last_error=found.last_error,
            duration=None if found.duration is None else found.duration.total_seconds(),
        )


def _fields(found: records.Webhook, secret: str | None) -> dict[str, Any]:
    source = found.secret
    shown = _HIDDEN if source.kind == "stored" else {source.kind: source.value}
    return {
        "id": found.id,
        "url": found.url,
        "description": found.description,
        "topics": list(found.topics),
        "workflow_ids": list(found.workflow_ids),
        "schedule_id": found.schedule_id,
        "enabled": found.enabled,
        "disabled_reason": found.disabled_reason or None,
        "secret": secret or shown,
        "cursor": found.cursor,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }
