"""Tells subscribers what was committed, in the order of commit, each event once per subscriber.

Runs on the loop. Takes `Announce` from the state actor, and `Listen`, `Unlisten`, `Forget` from
outside. Subscriptions outlive a crash of this actor, and what it missed is read from the outbox.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from quarterjack.storage import Event
from quarterjack.storage.events import topics
from quarterjack.storage.queries import events as stored_events
from quarterjack.storage.queries import last_seq

from .cast_member import CastMember
from .engine import Reply, handles
from .environment import Environment
from .messages import Announce

logger = logging.getLogger("quarterjack.broadcaster")
_PAGE = 500
_END = 2**62


@dataclass(slots=True)
class Published:
    """An event on its way, with its encodings: one per format, however many clients there are."""

    event: Event
    encoded: dict[str, bytes] = field(default_factory=dict)
    committed_at: float | None = None
    """Monotonic; None: it is told late, because this actor has crashed."""


class Subscriber(Protocol):
    """Somebody who wants events."""

    def offer(self, published: Published, ids: tuple[str, ...]) -> bool | None:
        """Take an event that matches these subscriptions; False: it wants no more for any it has.

        On the loop: must not block or raise.
        """
        ...


@dataclass(frozen=True, slots=True)
class Listen:
    """Ask: events of this topic (and key: a schedule's, workflow's or execution's id) from now on.

    Answered with the sequence number after which they come. The same id replaces what it was.
    """

    subscriber: Subscriber
    id: str
    topic: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Unlisten:
    """Ask: no more for that subscription. Answered with whether it was there."""

    subscriber: Subscriber
    id: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Tell: the subscriber is gone, with all its subscriptions."""

    subscriber: Subscriber


@dataclass(frozen=True, slots=True)
class _Subscription:
    subscriber: Subscriber
    id: str
    topic: str
    key: str | None


class Subscriptions:
    """Who wants what, and how far they were told; lives as long as the runtime."""

    def __init__(self) -> None:
        self.last_seq: int | None = None
        self._by_topic: defaultdict[str, dict[tuple[int, str], _Subscription]] = defaultdict(dict)
        self._by_subscriber: defaultdict[int, dict[str, _Subscription]] = defaultdict(dict)

    def add(self, wanted: Listen) -> None:
        """Add a subscription, or replace the one of the same id."""
        self.remove(wanted.subscriber, wanted.id)
        found = _Subscription(wanted.subscriber, wanted.id, wanted.topic, wanted.key)
        owner = id(wanted.subscriber)
        self._by_topic[wanted.topic][owner, wanted.id] = found
        self._by_subscriber[owner][wanted.id] = found

    def remove(self, subscriber: Subscriber, key: str) -> bool:
        """Drop a subscription; whether it was there."""
        owner = id(subscriber)
        found = self._by_subscriber[owner].pop(key, None)
        if not self._by_subscriber[owner]:
            del self._by_subscriber[owner]
        if found is None:
            return False
        del self._by_topic[found.topic][owner, key]
        return True

    def forget(self, subscriber: Subscriber) -> None:
        """Drop all that a subscriber had."""
        for key in list(self._by_subscriber.get(id(subscriber), ())):
            self.remove(subscriber, key)

    def matching(self, event: Event) -> Iterable[tuple[Subscriber, tuple[str, ...]]]:
        """Each subscriber that wants the event, with the ids of the subscriptions that match."""
        if not self._by_subscriber:
            return ()
        keys = (None, event.schedule_id, event.workflow_id, event.execution_id)
        found: dict[int, tuple[Subscriber, list[str]]] = {}
        for topic in topics(event):
            for (owner, key), subscription in self._by_topic.get(topic, {}).items():
                if subscription.key in keys:
                    found.setdefault(owner, (subscription.subscriber, []))[1].append(key)
        return [(subscriber, tuple(ids)) for subscriber, ids in found.values()]


class Broadcaster(CastMember):
    """One per runtime."""

    def __init__(self, environment: Environment, subscriptions: Subscriptions) -> None:
        super().__init__(environment)
        self._subscriptions = subscriptions

    def on_start(self) -> None:
        if self._subscriptions.last_seq is None:
            self.hold()
            self.read(self._begin, last_seq)
        else:
            self._catch_up(until=_END)

    @handles(Announce)
    def announce(self, message: Announce) -> None:
        last = self._subscriptions.last_seq
        if last is not None and message.events[0].seq > last + 1:
            self._catch_up(until=message.events[-1].seq)
            return
        self._tell(message.events, message.committed_at)

    @handles(Listen)
    def listen(self, message: Listen) -> int:
        self._subscriptions.add(message)
        return self._subscriptions.last_seq or 0

    @handles(Unlisten)
    def unlisten(self, message: Unlisten) -> bool:
        return self._subscriptions.remove(message.subscriber, message.id)

    @handles(Forget)
    def forget(self, message: Forget) -> None:
        self._subscriptions.forget(message.subscriber)

    def _begin(self, reply: Reply[Any]) -> None:
        self._subscriptions.last_seq = reply.get()
        self.release()

    def _catch_up(self, until: int) -> None:
        """Read what was not told from the outbox; what is announced meanwhile waits."""
        self.hold()
        after = self._subscriptions.last_seq or 0

        def deliver(reply: Reply[Any]) -> None:
            found: list[Event] = reply.get()
            self._tell(found)
            if len(found) == _PAGE:
                self._catch_up(until)
            else:
                self.release()

        self.read(deliver, stored_events, after, until, _PAGE)

    def _tell(self, events: Iterable[Event], committed_at: float | None = None) -> None:
        subscriptions = self._subscriptions
        for event in events:
            if event.seq <= (subscriptions.last_seq or 0):
                continue
            subscriptions.last_seq = event.seq
            published = Published(event, committed_at=committed_at)
            for subscriber, ids in subscriptions.matching(event):
                if not _offer(subscriber, published, ids):
                    subscriptions.forget(subscriber)


def _offer(subscriber: Subscriber, published: Published, ids: tuple[str, ...]) -> bool:
    """Whether the subscriber goes on."""
    try:
        return subscriber.offer(published, ids) is not False
    except Exception:
        logger.exception("a subscriber failed and gets no more events")
        return False
