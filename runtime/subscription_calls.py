"""What can be asked of a runtime about what happens in it; a part of its calls."""

from collections.abc import Callable
from typing import TypeVar

from quarterjack.actors.broadcaster import Forget, Listen, Subscriber, Unlisten
from quarterjack.actors.engine import Reply
from quarterjack.storage import IdSource, InvalidInput
from quarterjack.storage.events import TOPICS

from .assembly import Assembly
from .callbacks import Callback, CallbackSubscriber, CallbackThread

T = TypeVar("T")


class SubscriptionCalls:
    """The base of the calls, which say how one is made."""

    _ids: IdSource
    _assembly: Assembly | None
    _callbacks: CallbackThread
    _subscribers: dict[str, CallbackSubscriber]

    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        raise NotImplementedError

    def subscribe(self, topic: str, callback: Callback, *, key: str | None = None) -> Reply[str]:
        """Have every matching event given to a callback, from now on; the subscription's id.

        Callbacks run one after the other on a thread of their own; an exception there is logged.
        Raises `InvalidInput` for an unknown topic.
        """

        def listen(_: Assembly) -> Reply[str]:
            subscription = self._ids.new("sub")
            subscriber = CallbackSubscriber(callback, self._callbacks)
            self._subscribers[subscription] = subscriber
            heard = self.listen(subscriber, subscription, topic, key)
            return heard.map(lambda _: subscription)

        return self._call(listen)

    def unsubscribe(self, subscription: str) -> Reply[bool]:
        """End a subscription; whether there was one of that id."""
        subscriber = self._subscribers.pop(subscription, None)
        if subscriber is None:
            return Reply.of(False)
        return self.unlisten(subscriber, subscription)

    def on_schedule_triggered(self, callback: Callback) -> Reply[str]:
        """Have a callback called for every execution that a schedule makes."""
        return self.subscribe("schedule:triggered", callback)

    def on_workflow_completed(self, callback: Callback) -> Reply[str]:
        """Have a callback called for every execution that succeeds."""
        return self.subscribe("workflow:completed", callback)

    def listen(
        self, subscriber: Subscriber, subscription: str, topic: str, key: str | None
    ) -> Reply[int]:
        """Events for a subscriber on the loop, from after the sequence number that this answers."""

        def ask(assembly: Assembly) -> Reply[int]:
            if topic not in TOPICS:
                raise InvalidInput.field("topic", msg=f"there is no topic {topic!r:.60}")
            return assembly.cast.broadcaster.ask(Listen(subscriber, subscription, topic, key))

        return self._call(ask)

    def unlisten(self, subscriber: Subscriber, subscription: str) -> Reply[bool]:
        """No more for that subscription; whether it was there."""
        return self._call(
            lambda assembly: assembly.cast.broadcaster.ask(Unlisten(subscriber, subscription))
        )

    def forget(self, subscriber: Subscriber) -> None:
        """The subscriber is gone, with all its subscriptions."""
        if self._assembly is not None:
            self._assembly.cast.broadcaster.tell(Forget(subscriber))
