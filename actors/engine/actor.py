"""The base of every actor: handlers by message class, and hooks in the order of its life.

A handler is a plain method that never blocks:

    class Counter(Actor):
        @handles(Add)
        def add(self, message: Add) -> int: ...

What it returns answers an ask; a returned `Reply` answers when it is given. An exception answers an
ask, too; without an asker it is a crash, and the supervisor decides.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeVar

import pykka
from pykka._envelope import Envelope

from .clock import Clock, Timer
from .errors import MailboxFull, UnhandledMessage
from .ref import Ref
from .reply import Reply

if TYPE_CHECKING:
    from .cell import Cell
    from .system import ActorSystem

Handler = TypeVar("Handler", bound=Callable[..., Any])
FORWARDED: Final = object()
"""Returned by a handler that gave its asker to somebody else."""


def handles(*messages: type[Any]) -> Callable[[Handler], Handler]:
    """Make a method the handler of messages of exactly these classes."""

    def mark(method: Handler) -> Handler:
        method.handled_messages = messages  # type: ignore[attr-defined]
        return method

    return mark


class Ping(NamedTuple):
    """Ask: answered with None when the actor has come so far."""


class _StopFlag:
    """pykka's view of whether the actor has stopped."""

    def __init__(self, cell: "Cell") -> None:
        self._cell = cell

    def is_set(self) -> bool:
        return self._cell.is_stopped


class Actor(pykka.Actor):
    """Made by its supervisor, on its dispatcher's thread; `__init__` has no access to the engine yet."""

    handlers: ClassVar[Mapping[type[Any], Callable[[Any, Any], Any]]] = {
        Ping: lambda _actor, _message: None
    }
    batches: ClassVar[bool] = False
    """Whether `after_batch` is wanted."""
    keeps_promises: ClassVar[bool] = False
    """Whether the `Reply`s that it returned are given by the next one if it crashes."""
    _cell: "Cell"

    def __init__(self) -> None:
        """No ids, locks or registration: the cell has them."""

    def __init_subclass__(cls) -> None:
        handlers = dict(cls.handlers)
        for name in vars(cls):
            method = getattr(cls, name)
            for message in getattr(method, "handled_messages", ()):
                handlers[message] = method
        cls.handlers = handlers

    # What pykka asks of a kind of actor.

    @staticmethod
    def _create_actor_inbox() -> Any:
        raise NotImplementedError("a cell makes the mailbox")

    @staticmethod
    def _create_future() -> Reply[Any]:
        return Reply()

    def _start_actor_loop(self) -> None:
        raise NotImplementedError("a dispatcher runs the actor; start it with ActorSystem.spawn()")

    @classmethod
    def start(cls, *_args: Any, **_kwargs: Any) -> Any:
        """Not this way: actors are started by a supervisor, or by `ActorSystem.spawn()`."""
        raise TypeError(f"start {cls.__name__} with ActorSystem.spawn(ChildSpec(…))")

    @property
    def actor_urn(self) -> str:  # type: ignore[override]
        """The path in the supervision tree."""
        return self._cell.path

    @property
    def actor_inbox(self) -> Any:  # type: ignore[override]
        """The mailbox."""
        return self._cell.mailbox

    @property
    def actor_stopped(self) -> Any:  # type: ignore[override]
        """Whether it has stopped, in pykka's words."""
        return _StopFlag(self._cell)

    @property
    def _actor_ref(self) -> Any:  # type: ignore[override]
        return self._cell.ref

    # What an actor has and can do.

    @property
    def ref(self) -> Ref[Any]:
        """Its own address."""
        return self._cell.ref

    @property
    def name(self) -> str:
        """Its id within its supervisor."""
        return self._cell.spec.id

    @property
    def system(self) -> "ActorSystem":
        """The engine that it lives in."""
        return self._cell.system

    @property
    def clock(self) -> Clock:
        """The only source of time."""
        return self._cell.system.clock

    def send_after(self, span: timedelta, message: Any) -> Timer:
        """Tell itself something after a span of (monotonic) time."""
        return self.clock.call_later(span.total_seconds(), lambda: self.ref.tell(message))

    def request(self, ref: Ref[Any], message: Any, then: Callable[[Reply[Any]], None]) -> None:
        """Ask another actor; `then` gets the finished reply, on this actor's turn.

        It is not called when this actor was restarted in between.
        """
        self._cell.await_reply(ref.ask(message), then)

    def when(self, reply: Reply[Any], then: Callable[[Reply[Any]], None]) -> None:
        """As `request`, for a reply that comes from somewhere else."""
        self._cell.await_reply(reply, then)

    def stop(self) -> None:
        """End when what waits in the mailbox now is handled."""
        self.ref.stop(block=False)

    def hold(self) -> None:
        """Take no ordinary message until `release`: one change at a time, each seen by the next."""
        self._cell.hold()

    def release(self) -> None:
        """Take ordinary messages again."""
        self._cell.release()

    @property
    def restarted(self) -> bool:
        """Whether this one takes the place of one that crashed."""
        return self._cell.restarts > 0

    def forward(self, ref: Ref[Any], message: Any) -> object:
        """Send on what is being handled, so that the answer goes to the one who asked. Return it."""
        asker = self._cell.asker
        taken = ref.cell.put(Envelope(message, asker) if asker else message)
        if asker is not None and not taken:
            asker.settle(error=MailboxFull(f"{ref!r} has too much to do; try again later"))
        return FORWARDED

    # The hooks, in the order of an actor's life; each runs on its dispatcher's thread.

    def on_start(self) -> None:
        """Called when it is made, also after a crash; an exception here counts as a crash."""

    def after_batch(self) -> None:
        """Called when the messages at hand are handled; an exception here counts as a crash."""

    def unfinished(self) -> list[Any]:
        """After a crash: what was taken from the mailbox and must be handled by the next one."""
        return []

    def on_stop(self) -> None:
        """Called when it ends in order; an exception here is logged."""

    def on_receive(self, message: Any) -> Any:
        """Called with a message that no handler takes."""
        raise UnhandledMessage(f"{self._cell.path} has no handler for {type(message).__name__}")
