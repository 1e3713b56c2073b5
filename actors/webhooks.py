"""Tells webhooks' receivers of events: each event at least once, with the same message id, in no set order.

Runs on the loop. Takes `ChangeWebhooks` from outside, and hears from the broadcaster that there is
something; what it is, and whom it has been told to, is read from the database. A webhook's cursor moves
past an event in the transaction that makes the event a delivery, and a delivery is open until its end is
stored: a crash or a kill loses nothing, and may send what was being sent a second time.

Each webhook has a lane of its own, with a few messages at once: a slow receiver holds up nobody else.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from quarterjack.storage.transaction import Change
from quarterjack.storage.webhook_changes import CollectDeliveries, RecordAttempt
from quarterjack.storage.webhook_queries import Sendable, Uncollected, sendable, uncollected
from quarterjack.storage.webhook_queries import every_webhook as stored_webhooks
from quarterjack.storage.webhook_records import (
    DeliveryStatus,
    Webhook,
    WebhookDelivery,
    WebhookId,
)

from .alarm_clock import AlarmClock
from .broadcaster import Forget, Listen, Unlisten
from .cast_member import CastMember
from .engine import Reply, handles
from .environment import Environment
from .policies.webhook_verdict import Verdict, verdict
from .sender import Answer, Dispatch, OutgoingMessage
from .webhook_lane import AT_ONCE, Ear, EventsHeard, Lane, subscription

logger = logging.getLogger("quarterjack.webhooks")
_AT_ONCE_COLLECTED = 200
_MOST_SKIPPED = 1_000
"""Events that nobody wants, past which the cursor is moved nevertheless."""
_AFTER_TROUBLE = timedelta(seconds=5)
_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class ChangeWebhooks:
    """Ask: write a change of this webhook or of its deliveries, and go by it. Answered with its outcome."""

    webhook_id: WebhookId
    change: Change[Any]


class _Look(NamedTuple):
    """Look whose time has come."""


class _GoOn(NamedTuple):
    """Try again what did not work."""

    webhook_id: WebhookId


class Webhooks(CastMember):
    """One per runtime."""

    def __init__(self, environment: Environment, dispatch: Dispatch) -> None:
        super().__init__(environment)
        self._dispatch = dispatch
        self._lanes: dict[WebhookId, Lane] = {}
        self._alarms: AlarmClock[WebhookId] = AlarmClock(self, _Look())
        self._ear: Ear

    def on_start(self) -> None:
        self._ear = Ear(self.ref, self._lanes)
        self.hold()
        self.read(self._loaded, stored_webhooks)

    def on_failure(self, *_: Any) -> None:
        self._leave()

    def on_stop(self) -> None:
        self._leave()

    @handles(EventsHeard)
    def heard(self, _: EventsHeard) -> None:
        for key in self._ear.listen():
            if key in self._lanes:
                self._collect(self._lanes[key])

    @handles(ChangeWebhooks)
    def change(self, message: ChangeWebhooks) -> Reply[Any]:
        answer: Reply[Any] = Reply()

        def stored(reply: Reply[Any]) -> None:
            try:
                outcome = reply.get()
            except Exception as error:
                answer.set_exception(error)
                return
            if isinstance(outcome, WebhookDelivery):
                if message.webhook_id in self._lanes:
                    self._send(self._lanes[message.webhook_id])
            else:
                self._replace(message.webhook_id, outcome)
            answer.set(outcome)

        self.commit(message.change, stored)
        return answer

    @handles(_Look)
    def look(self, _: _Look) -> None:
        for _at, key in self._alarms.due():
            if key in self._lanes:
                self._send(self._lanes[key])
        self._alarms.wind()

    @handles(_GoOn)
    def go_on(self, message: _GoOn) -> None:
        lane = self._lanes.get(message.webhook_id)
        if lane is not None:
            self._follow(lane)

    # Who there is

    def _loaded(self, reply: Reply[Any]) -> None:
        self.release()
        for webhook in reply.get():
            self._replace(webhook.id, webhook)

    def _replace(self, key: WebhookId, webhook: Webhook | None) -> None:
        """From now on it is that one; None: it is gone."""
        lane = self._lanes.get(key)
        if lane is None and webhook is not None:
            lane = self._lanes[key] = Lane(webhook)
        elif lane is not None and webhook is not None:
            lane.webhook, lane.held_until = webhook, None
        elif lane is not None:
            lane.webhook = replace(lane.webhook, enabled=False)
            del self._lanes[key]
            self._alarms.clear(key)
        if lane is not None:
            self._follow(lane)

    def _follow(self, lane: Lane) -> None:
        """Hear of the events that it wants, and of no others; collect and send what there is."""
        webhook = lane.webhook
        wanted = set(webhook.topics) if webhook.enabled else set()
        for topic in sorted(lane.topics - wanted):
            self.cast.broadcaster.tell(Unlisten(self._ear, subscription(webhook.id, topic)))
        for topic in sorted(wanted - lane.topics):
            self._listen(lane, topic)
        lane.topics = wanted
        self._send(lane)
        self._collect(lane)

    def _listen(self, lane: Lane, topic: str) -> None:
        def heard(_: Lane, __: int) -> None:
            self._collect(lane)  # what came before it was heard of

        listen = Listen(self._ear, subscription(lane.webhook.id, topic), topic, None)
        self.request(
            self.cast.broadcaster,
            listen,
            self._then(lane, heard, lambda: lane.topics.discard(topic)),
        )

    def _leave(self) -> None:
        self._alarms.stop()
        with suppress(LookupError):
            self.cast.broadcaster.tell(Forget(self._ear))

    # From events to deliveries

    def _collect(self, lane: Lane) -> None:
        """Make deliveries of the next events that it wants, if there are any."""
        if lane.collecting:
            lane.collect_again = True
        elif lane.webhook.enabled:
            lane.collecting, lane.collect_again = True, False
            then = self._then(lane, self._collected, lane.stop_collecting)
            self.read(then, uncollected, lane.webhook, _AT_ONCE_COLLECTED)

    def _collected(self, lane: Lane, found: Uncollected) -> None:
        webhook, lane.full = lane.webhook, found.full
        skipped = found.through - webhook.cursor
        if not found.events and not found.more and skipped < _MOST_SKIPPED:
            lane.collecting = False
            if lane.collect_again:
                self._collect(lane)
            return

        def stored(_: Lane, webhook: Webhook | None) -> None:
            lane.collecting = False
            if webhook is None:
                return
            lane.webhook = replace(lane.webhook, cursor=webhook.cursor)
            if found.events:
                self._send(lane)
            if found.more or lane.collect_again:
                self._collect(lane)

        change = CollectDeliveries(
            webhook.id, webhook.cursor, found.through, found.events, self.clock.now()
        )
        self.commit(change, self._then(lane, stored, lane.stop_collecting))

    # From deliveries to receivers

    def _send(self, lane: Lane) -> None:
        """Send what is due, as far as there is room."""
        if not lane.webhook.enabled or lane.room <= 0:
            return
        if lane.looking:
            lane.look_again = True
        elif lane.held_until is not None and self.clock.now() < lane.held_until:
            self._alarms.set(lane.webhook.id, lane.held_until)
        else:
            lane.looking, lane.look_again = True, False
            then = self._then(lane, self._found, lane.stop_looking)
            self.read(then, sendable, lane.webhook.id, 2 * AT_ONCE + 1)

    def _found(self, lane: Lane, found: list[Sendable]) -> None:
        picked, wake_at = lane.picked(found, self.clock.now())
        lane.stop_looking()
        for each in picked:
            self._attempt(lane, each)
        if wake_at is not None:
            self._alarms.set(lane.webhook.id, wake_at)
        if lane.look_again:
            self._send(lane)

    def _attempt(self, lane: Lane, due: Sendable) -> None:
        webhook, delivery = lane.webhook, due.delivery
        lane.in_flight.add(delivery.seq)
        began = self.clock.monotonic()
        now = self.clock.now()
        message = OutgoingMessage(delivery.message_id, webhook.url, webhook.secret, due.body, now)

        def answered(reply: Reply[Answer]) -> None:
            span = timedelta(seconds=self.clock.monotonic() - began)
            self._answered(lane, replace(delivery, duration=span), reply.get())

        self.when(self._dispatch.sender.send(message), answered)

    def _answered(self, lane: Lane, before: WebhookDelivery, answer: Answer) -> None:
        now, attempts = self.clock.now(), before.attempts + 1
        judged = verdict(
            answer.status,
            answer.retry_after,
            attempts,
            retry=self._dispatch.retry,
            now=now,
            seed=f"{before.message_id} {attempts}",
        )
        after = replace(
            before,
            status=judged.status,
            attempts=attempts,
            next_attempt_at=judged.next_attempt_at,
            attempted_at=now,
            last_status=answer.status,
            last_error=None if answer.error is None else answer.error[:_LONGEST_ERROR],
            delivered_at=now if judged.status is DeliveryStatus.DELIVERED else None,
        )
        _log(lane, after, judged)

        def stored(_: Lane, webhook: Webhook | None) -> None:
            lane.end(after.seq)
            self._recorded(lane, judged, webhook)

        undo = partial(lane.end, after.seq)
        self.commit(RecordAttempt(after, judged.disable), self._then(lane, stored, undo))

    def _recorded(self, lane: Lane, judged: Verdict, webhook: Webhook | None) -> None:
        if webhook is None:
            return
        if judged.disable:
            self._replace(webhook.id, webhook)
            return
        if judged.hold_until is not None:
            lane.held_until = judged.hold_until
        self._send(lane)
        if lane.full:
            self._collect(lane)

    def _then(
        self, lane: Lane, then: Callable[[Lane, Any], None], undo: Callable[[], None]
    ) -> Callable[[Reply[Any]], None]:
        """Go on with an answer, if the webhook is still there; an error is tried again a little later."""

        def go_on(reply: Reply[Any]) -> None:
            if self._lanes.get(lane.webhook.id) is not lane:
                return
            try:
                found = reply.get()
            except Exception as error:
                logger.error("%s: %s; again in %s", lane.webhook.id, error, _AFTER_TROUBLE)
                undo()
                self.send_after(_AFTER_TROUBLE, _GoOn(lane.webhook.id))
            else:
                then(lane, found)

        return go_on


def _log(lane: Lane, delivery: WebhookDelivery, judged: Verdict) -> None:
    """The first of what goes wrong until something goes well again; the deliveries tell the rest.

    Without the address, which may have a secret in it.
    """
    key, said = delivery.webhook_id, delivery.last_error or f"answered {delivery.last_status}"
    if judged.status is DeliveryStatus.DELIVERED:
        if lane.told:
            logger.info("%s takes messages again", key)
        lane.told.clear()
    elif judged.disable:
        logger.warning("%s is disabled: %s", key, judged.disable)
    elif judged.status not in lane.told:
        lane.told.add(judged.status)
        if judged.status is DeliveryStatus.GIVEN_UP:
            logger.error("%s: gave up %s: %s", key, delivery.message_id, said)
        else:
            logger.warning("%s: %s: %s; trying again", key, delivery.message_id, said)
