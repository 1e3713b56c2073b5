"""What is subscribed to over a client's WebSocket: events, in order from where one has come, or a state."""

from abc import ABC, abstractmethod
from typing import Any, Protocol

from quarterjack.storage import QuarterjackError

from ..shapes.events import Event
from .wire import Frame


class Subscriber(Protocol):
    """Whose subscription it is; called on the client's loop."""

    def joined(self, seq: int) -> None:
        """The server knows the subscription (again); of events, what comes after `seq` comes here."""
        ...

    def end(self, error: QuarterjackError | None) -> None:
        """No more."""
        ...


class Listener(Subscriber, Protocol):
    """Who gets events."""

    def offer(self, event: Event) -> bool:
        """The next event; False: not now. It comes again after `Feed.resume`, and those behind it."""
        ...


class StateTaker(Subscriber, Protocol):
    """Who gets states."""

    def put(self, data: Any) -> None:
        """The newest. Raises `ValueError` if it can't be read."""
        ...


class Subscription(ABC):
    """One of a feed's; it is asked for again after each interruption."""

    def __init__(self, topic: str, subscriber: Subscriber) -> None:
        self.topic = topic
        self.subscriber = subscriber
        self.wire_id: str | None = None
        """As the server knows it now; None: it does not."""

    def joined(self, seq: int) -> None:
        """The server knows it; the newest event was that."""
        self.subscriber.joined(seq)

    @abstractmethod
    def frame(self, wire_id: str) -> Frame:
        """What asks the server for it."""


class EventSubscription(Subscription):
    """`position` is the `seq` after which it goes on."""

    def __init__(self, topic: str, key: str | None, after: int | None, listener: Listener) -> None:
        super().__init__(topic, listener)
        self.key = key
        self.position = after
        self.listener = listener

    def joined(self, seq: int) -> None:
        if self.position is None:
            self.position = seq
        super().joined(self.position)

    def frame(self, wire_id: str) -> Frame:
        more: dict[str, Any] = {} if self.key is None else {"key": self.key}
        if self.position is not None:
            more["after"] = self.position
        return {"op": "subscribe", "id": wire_id, "topic": self.topic, **more}


class StateSubscription(Subscription):
    """The server begins with all of the state, whenever it is asked for."""

    def __init__(self, topic: str, taker: StateTaker) -> None:
        super().__init__(topic, taker)
        self.taker = taker

    def frame(self, wire_id: str) -> Frame:
        return {"op": "subscribe", "id": wire_id, "topic": self.topic}
