"""An actor's address: it stays valid while the actor is restarted."""

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

import pykka
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from .errors import MailboxFull
from .reply import Reply

if TYPE_CHECKING:
    from .actor import Actor
    from .cell import Cell

A = TypeVar("A", bound="Actor")


class Ref(pykka.ActorRef[A], Generic[A]):
    """Tell and ask as with pykka's; it holds the actor's cell strongly, and works across restarts."""

    def __init__(self, cell: "Cell") -> None:
        self._cell = cell

    @property
    def cell(self) -> "Cell":
        """What the engine knows of the actor."""
        return self._cell

    @property
    def actor_class(self) -> type[A]:  # type: ignore[override]
        """The class of the actor as it is now."""
        return type(self._cell.actor)  # type: ignore[return-value]

    @property
    def actor_urn(self) -> str:  # type: ignore[override]
        """The actor's path in the supervision tree."""
        return self._cell.path

    def _actor_weakref(self) -> "Actor | None":  # type: ignore[override]
        return self._cell.actor

    def __repr__(self) -> str:
        return f"<Ref {self._cell.path}>"

    __str__ = __repr__

    def is_alive(self) -> bool:
        """Whether messages are still taken (also while it is being restarted)."""
        return not self._cell.is_stopped

    def tell(self, message: Any) -> None:
        """Send a message without waiting; one that can't be delivered becomes a dead letter."""
        self._cell.put(message)

    def tell_control(self, message: Any) -> None:
        """Send a message that overtakes the ordinary ones, and that a full mailbox takes, too."""
        self._cell.put_control(message)

    # pykka waits unless told not to; on a loop that would stop everybody, so ours does not.
    @overload  # type: ignore[override]
    def ask(self, message: Any, *, block: Literal[True], timeout: float | None = ...) -> Any: ...

    @overload
    def ask(
        self, message: Any, *, block: Literal[False] = ..., timeout: float | None = ...
    ) -> Reply[Any]: ...

    @overload
    def ask(self, message: Any, *, block: bool, timeout: float | None = ...) -> Any: ...

    def ask(self, message: Any, *, block: bool = False, timeout: float | None = None) -> Any:
        """Send a message and get a `Reply` (with `block=True`, as pykka has it, the answer itself).

        The reply raises `pykka.ActorDeadError` when the actor has stopped, and `MailboxFull` when
        it has too much to do.
        """
        reply: Reply[Any] = self._cell.dispatcher.new_reply()
        if self._cell.is_stopped:
            reply.set_exception(pykka.ActorDeadError(f"{self!r} has stopped"))
        elif not self._cell.put(Envelope(message, reply)):
            reply.settle(error=MailboxFull(f"{self!r} has too much to do; try again later"))
        return reply.get(timeout=timeout) if block else reply

    @overload  # type: ignore[override]
    def stop(self, *, block: Literal[True], timeout: float | None = ...) -> bool: ...

    @overload
    def stop(self, *, block: Literal[False] = ..., timeout: float | None = ...) -> Reply[bool]: ...

    def stop(self, *, block: bool = False, timeout: float | None = None) -> bool | Reply[bool]:
        """Have it stop when it has handled what waits now; the reply says whether it lived till then."""
        lived: Reply[bool] = self._cell.dispatcher.new_reply()
        self._cell.leaving = True

        def tell(asked: Reply[Any]) -> None:
            try:
                asked.get()
            except pykka.ActorDeadError:
                lived.set(False)
            except Exception as error:
                self._cell.leaving = False
                lived.set_exception(error)
            else:
                lived.set(True)

        self.ask(_ActorStop()).add_done_callback(tell)
        return lived.get(timeout=timeout) if block else lived
