"""One webhook while the runtime lives: what of it is going on now, and nothing that is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from quarterjack.storage.webhook_queries import Sendable
from quarterjack.storage.webhook_records import DeliveryStatus, Webhook, WebhookId

from .broadcaster import Published
from .engine import Ref

AT_ONCE: Final = 4
"""Messages that one receiver is sent at the same time."""


class EventsHeard(NamedTuple):
    """Tell: there are events that webhooks want."""


@dataclass(slots=True)
class Lane:
    """Everything in it is bounded, however much waits in the database."""

    webhook: Webhook
    topics: set[str] = field(default_factory=set)
    """What it hears of."""
    in_flight: set[int] = field(default_factory=set)
    """Deliveries that are being sent."""
    settled: set[int] = field(default_factory=set)
    """Those that have ended while the lane looks for what is to be sent: it may see them as before."""
    collecting: bool = False
    collect_again: bool = False
    looking: bool = False
    look_again: bool = False
    full: bool = False
    """Whether events wait in the outbox because too many deliveries are open."""
    told: set[DeliveryStatus] = field(default_factory=set)
    """What the log was told of since a message was taken."""
    held_until: datetime | None = None
    """The receiver wants nothing before."""

    @property
    def room(self) -> int:
        """How many more messages may be sent now."""
        return AT_ONCE - len(self.in_flight)

    def end(self, seq: int) -> None:
        """A delivery is not being sent any more, and that is stored."""
        self.in_flight.discard(seq)
        if self.looking:
            self.settled.add(seq)
            self.look_again = True

    def picked(
        self, found: Iterable[Sendable], now: datetime
    ) -> tuple[list[Sendable], datetime | None]:
        """Of what was found: what is to be sent now, and when to look again (None: not by the clock)."""
        picked: list[Sendable] = []
        for each in found:
            due = each.delivery.next_attempt_at
            if each.delivery.seq in self.in_flight or each.delivery.seq in self.settled:
                continue
            if due is None or due > now:
                return picked, due
            if len(picked) == self.room:
                break
            picked.append(each)
        return picked, None

    def stop_collecting(self) -> None:
        """It looks for no more events."""
        self.collecting = False

    def stop_looking(self) -> None:
        """It has looked for what is to be sent."""
        self.looking = False
        self.settled.clear()


class Ear:
    """Hears the events that webhooks want, and tells their actor once until it has listened."""

    def __init__(self, owner: Ref[Any], lanes: Mapping[WebhookId, Lane]) -> None:
        self._owner = owner
        self._lanes = lanes
        self._heard: set[WebhookId] = set()

    def offer(self, published: Published, ids: tuple[str, ...]) -> None:
        """Note whose event it is; the event itself is read from the outbox."""
        event = published.event
        for each in ids:
            lane = self._lanes.get(webhook_of(each))
            if lane is not None and lane.webhook.wants(event):
                if not self._heard:
                    self._owner.tell(EventsHeard())
                self._heard.add(lane.webhook.id)

    def listen(self) -> set[WebhookId]:
        """Whose events have come since the last time."""
        heard, self._heard = self._heard, set()
        return heard


def subscription(webhook_id: WebhookId, topic: str) -> str:
    """The id under which a webhook's topic is subscribed to."""
    return f"{webhook_id} {topic}"


def webhook_of(subscribed: str) -> WebhookId:
    """Whose subscription it is.

    >>> webhook_of(subscription(WebhookId("whk_1"), "schedule:*"))
    'whk_1'
    """
    return WebhookId(subscribed.partition(" ")[0])
