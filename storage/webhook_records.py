"""Webhooks as plain records: who is told of which events, and how far each telling has come."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, NewType

from .events import Event
from .ids import ScheduleId, WorkflowId
from .instants import format_instant
from .plain_data import PlainData

WebhookId = NewType("WebhookId", str)
TEST_EVENT: Final = "webhook.test"
"""What a test sends; it is no type of the events that are stored."""


@dataclass(frozen=True, slots=True)
class SecretSource:
    """What a webhook's messages are signed with: the secret itself, or where it is looked up.

    The value is in no text that is made of this, so that no log or error has it.
    """

    kind: Literal["stored", "env", "file"]
    value: str = field(repr=False)
    """`whsec_…`, the name of an environment variable, or the path of a file."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events."""

    id: WebhookId
    url: str
    description: str
    topics: tuple[str, ...]
    """As the WebSocket's: `workflow:failed`, `schedule:*`, `*`, …"""
    workflow_ids: tuple[WorkflowId, ...]
    """Only events of these; empty: of all."""
    schedule_id: ScheduleId | None
    """Only events of this one; None: of all, and of what no schedule began."""
    enabled: bool
    disabled_reason: str
    """Why, when nobody asked for it; empty otherwise."""
    secret: SecretSource
    cursor: int
    """All events up to this sequence number were looked at, and those that match are deliveries."""
    created_at: datetime
    updated_at: datetime

    def wants(self, event: Event) -> bool:
        """Whether an event of one of its topics passes its filters.

        `quarterjack.storage.webhook_queries` asks the same of what is stored.
        """
        if self.workflow_ids and event.workflow_id not in self.workflow_ids:
            return False
        return self.schedule_id is None or event.schedule_id == self.schedule_id


class DeliveryStatus(StrEnum):
    """How far a webhook's receiver has been told of an event."""

    PENDING = "pending"
    """Not tried yet."""
    FAILED = "failed"
    """The last attempt failed, and there will be another."""
    DELIVERED = "delivered"
    GIVEN_UP = "givenUp"


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One event for one webhook, and what became of it. `seq` is the event's; tests count down from -1."""

    webhook_id: WebhookId
    seq: int
    event_type: str
    status: DeliveryStatus
    created_at: datetime
    attempts: int = 0
    next_attempt_at: datetime | None = None
    attempted_at: datetime | None = None
    last_status: int | None = None
    """The HTTP status of the last answer, if there was one."""
    last_error: str | None = None
    duration: timedelta | None = None
    """Of the last attempt."""
    delivered_at: datetime | None = None

    @property
    def message_id(self) -> str:
        """What tells it from all others, and is the same at each attempt."""
        return f"msg_{self.webhook_id.removeprefix('whk_')}_{self.seq}"


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """How many of a webhook's deliveries are in which status; of the ended ones only those still kept."""

    pending: int = 0
    failed: int = 0
    delivered: int = 0
    given_up: int = 0


def form_of_test(webhook_id: WebhookId, at: datetime) -> dict[str, PlainData]:
    """What a test sends: an event that is in no list of events, so it has no sequence number."""
    return {
        "seq": None,
        "type": TEST_EVENT,
        "scheduleId": None,
        "workflowId": None,
        "executionId": None,
        "timestamp": format_instant(at),
        "data": {"webhookId": webhook_id},
    }
