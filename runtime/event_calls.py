"""What can be asked of a runtime about events that are sent to it; a part of its calls."""

from collections.abc import Callable
from typing import Any, TypeVar

from quarterjack.actors import messages as m
from quarterjack.actors.engine import Reply
from quarterjack.storage import ExecutionId, InvalidInput
from quarterjack.storage.deliveries import Arrival

from . import trace_context
from .assembly import Assembly
from .outgoing_event import outgoing_event

T = TypeVar("T")
_LONGEST_KEY = 200


class EventCalls:
    """The base of the calls, which say how one is made."""

    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        raise NotImplementedError

    def send_event(
        self,
        event: str,
        payload: Any = None,
        *,
        key: str | None = None,
        idempotency_key: str | None = None,
        sender: str = "",
        traceparent: str | None = None,
    ) -> Reply[list[ExecutionId]]:
        """Tell the executions that wait for an event of that name and key, and fire the schedules.

        The ids of the executions that go on and of those that begin, when all that is stored. A
        schedule that can't decide within ten seconds does so later, and is not in the answer. Sent
        again with the same `idempotency_key`, within a day, it changes nothing and is answered alike;
        each `sender` has keys of their own.
        Raises `InvalidInput`, and `IdempotencyConflict` for another event with that key.
        """

        def send(assembly: Assembly) -> Reply[list[ExecutionId]]:
            given = outgoing_event(event, payload, key)
            arrival = Arrival(
                *given,
                at=assembly.clock.now(),
                idempotency_key=_checked_key(idempotency_key, sender),
                traceparent=trace_context.checked(traceparent),
            )
            return assembly.cast.deliveries.ask(m.SendEvent(arrival))

        return self._call(send)


def _checked_key(key: str | None, sender: str) -> str | None:
    """An idempotency key, with the sender before it.

    Those of steps have a space in them, and those of senders a tab, so nobody else can take them.
    """
    if key is not None and not (
        1 <= len(key) <= _LONGEST_KEY and all("!" <= sign <= "~" for sign in key)
    ):
        raise InvalidInput.field(
            "idempotency_key", msg=f"it has 1 to {_LONGEST_KEY} visible ASCII characters"
        )
    return f"{sender}\t{key}" if sender and key is not None else key
