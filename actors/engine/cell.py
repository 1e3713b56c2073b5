"""An actor's identity: what stays while the actor in it is started, crashes and is started again.

The mailbox and the address belong to the cell, so nobody has to learn a new address, and what waits
in the mailbox is handled by the next one. All but `put` runs on the dispatcher's thread.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import pykka
from pykka._envelope import Envelope
from pykka.messages import ProxyCall, ProxyGetAttr, ProxySetAttr, _ActorStop

from .actor import FORWARDED, Actor
from .child_spec import ChildSpec
from .errors import ActorCrashed
from .inbox import Mailbox
from .ref import Ref
from .reply import Reply

if TYPE_CHECKING:
    from .dispatcher import Dispatcher
    from .system import ActorSystem

logger = logging.getLogger("quarterjack.actors")
_PYKKA_MESSAGES = (ProxyCall, ProxyGetAttr, ProxySetAttr)


class CellState(StrEnum):
    """How an actor is."""

    STARTING = "starting"
    RUNNING = "running"
    HOLDING = "holding"
    """Waiting for an answer before the next ordinary message, as a selective receive does."""
    RESTARTING = "restarting"
    """Crashed, or stopped with its siblings; its supervisor will start it again."""
    STOPPING = "stopping"
    STOPPED = "stopped"


class Begin(NamedTuple):
    """Control: make the actor (again)."""


class Suspend(NamedTuple):
    """Control: end the actor, but keep its address and its mailbox for the next one."""


class Terminate(NamedTuple):
    """Control: end the actor and its address, children first."""


class ChildFailed(NamedTuple):
    """To the supervisor: a child crashed."""

    child: "Cell"
    error: BaseException


class ChildStopped(NamedTuple):
    """To the supervisor: a child has ended in order."""

    child: "Cell"


class _Answer(NamedTuple):
    """The answer to a request of this actor's, to be handled on its turn."""

    then: Callable[[Reply[Any]], None]
    reply: Reply[Any]
    incarnation: int


class Cell:
    """One place in the supervision tree."""

    __slots__ = (
        "__weakref__",
        "actor",
        "asker",
        "children",
        "dispatcher",
        "handled",
        "incarnation",
        "last_error",
        "leaving",
        "mailbox",
        "parent",
        "path",
        "pending",
        "ref",
        "scheduled",
        "spec",
        "state",
        "system",
        "unanswered",
    )

    def __init__(
        self,
        system: "ActorSystem",
        spec: ChildSpec,
        parent: "Cell | None",
        dispatcher: "Dispatcher",
    ) -> None:
        self.system = system
        self.spec = spec
        self.parent = parent
        self.path: str = spec.id if parent is None else f"{parent.path}/{spec.id}"
        self.dispatcher = dispatcher
        self.mailbox = Mailbox(spec.mailbox_limit)
        self.ref: Ref[Any] = Ref(self)
        self.state = CellState.STARTING
        self.actor: Actor | None = None
        self.asker: Reply[Any] | None = None
        self.children: dict[str, Cell] | None = None
        self.scheduled = False
        self.handled = 0
        self.pending = 0
        self.incarnation = 0
        self.last_error: BaseException | None = None
        self.leaving = False
        """It was asked to stop by itself: what is sent to it now will not be handled."""
        self.unanswered: set[Reply[Any]] | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether the address takes no messages any more."""
        return self.state is CellState.STOPPED

    @property
    def restarts(self) -> int:
        """How often the actor was made again."""
        return max(0, self.incarnation - 1)

    def put(self, message: Any) -> bool:
        """Put a message into the mailbox, from any thread; False: it is a dead letter."""
        if self.state is CellState.STOPPED:
            self._bury(message, "stopped")
            return False
        if not self.mailbox.put(message):
            self.system.dead_letters.add(self.path, message, "mailbox full")
            return False
        if self.is_stopped:  # a moment ago, on its own thread
            self._bury_rest()
        elif not self.scheduled:
            self.dispatcher.schedule(self)
        return True

    def put_control(self, message: Any) -> None:
        """Put a message before the ordinary ones, from any thread."""
        self.mailbox.put_control(message)
        if self.state is CellState.STOPPED:
            self._bury_rest()
        elif not self.scheduled:
            self.dispatcher.schedule(self)

    def has_work(self) -> bool:
        """Whether `run` would do anything."""
        mailbox = self.mailbox
        if mailbox.has_control():
            return True
        return mailbox.has_ordinary() and self.state is CellState.RUNNING

    def run(self, limit: int) -> int:
        """Handle up to so many messages; how many they were."""
        count = 0
        mailbox = self.mailbox
        while count < limit:
            message = mailbox.take_control()
            if message is None:
                if self.state is not CellState.RUNNING:
                    break
                message = mailbox.take()
                if message is None:
                    break
            count += 1
            try:
                self._handle(message)
            except BaseException as error:  # a bug; the dispatcher has others to run
                self.fail(error)
        self.handled += count
        if self.actor is not None and self.actor.batches and self.state is CellState.RUNNING:
            self._guard(self.actor.after_batch)
        return count

    def await_reply(self, reply: Reply[Any], then: Callable[[Reply[Any]], None]) -> None:
        """Let `then` be called with the finished reply, on this actor's turn."""
        self.pending += 1
        incarnation = self.incarnation
        reply.add_done_callback(lambda done: self.put_control(_Answer(then, done, incarnation)))

    def hold(self) -> None:
        """Handle only control messages and answers until `release`."""
        self.state = CellState.HOLDING

    def release(self) -> None:
        """Handle ordinary messages again."""
        if self.state is CellState.HOLDING:
            self.state = CellState.RUNNING
            if not self.scheduled:
                self.dispatcher.schedule(self)

    def stop_now(self) -> None:
        """End the actor at once; for its own thread."""
        actor, self.actor = self.actor, None
        self.state = CellState.STOPPED
        self._break_promises(pykka.ActorDeadError("it was stopped"))
        if actor is not None:
            self._call_on_stop(actor)
        self._bury_rest()
        self.system.forget(self)
        if self.parent is not None:
            self.parent.put_control(ChildStopped(self))

    def _handle(self, message: Any) -> None:
        kind = type(message)
        if kind is Envelope:
            self._answer(message.message, message.reply_to)
        elif kind is _Answer:
            self._continue(message)
        elif kind is Begin:
            self._begin()
        elif kind is Suspend:
            self._suspend()
        elif kind is Terminate:
            self._terminate()
        else:
            self._deliver(message)

    def _deliver(self, message: Any) -> None:
        actor = self.actor
        if actor is None:
            self._bury(message, "not started")
            return
        try:
            self._receive(actor, message)
        except BaseException as error:  # also SystemExit and the like: one actor's crash is its own
            self.fail(error)

    def _answer(self, message: Any, reply: Reply[Any] | None) -> None:
        if reply is None:
            self._deliver(message)
            return
        actor = self.actor
        if actor is None:
            self._bury(Envelope(message, reply), "not started")
            return
        self.asker = reply
        try:
            answer = self._receive(actor, message)
        except Exception as error:
            reply.settle(error=error)
        except BaseException as error:
            crashed = ActorCrashed(f"{self.path} crashed before it answered: {error!r}")
            crashed.__cause__ = error  # itself it would end the asker, too
            reply.settle(error=crashed)
            self.fail(error)
        else:
            self._give(reply, answer)
        finally:
            self.asker = None

    def _give(self, reply: Reply[Any], answer: Any) -> None:
        if answer is FORWARDED:
            return
        if not isinstance(answer, Reply):
            reply.settle(answer)
            return
        if not answer.done() and self.actor is not None and not self.actor.keeps_promises:
            unanswered = self.unanswered = self.unanswered or set()
            unanswered.add(reply)
            reply.add_done_callback(unanswered.discard)
        answer.pipe(reply)

    def _break_promises(self, error: BaseException) -> None:
        """Whoever was promised an answer by the actor that ended gets an error instead of silence."""
        unanswered, self.unanswered = self.unanswered, None
        for reply in list(unanswered or ()):
            reply.settle(error=ActorCrashed(f"{self.path} ended before it answered: {error!r}"))

    def _receive(self, actor: Actor, message: Any) -> Any:
        handler = actor.handlers.get(type(message))
        if handler is not None:
            return handler(actor, message)
        if isinstance(message, _ActorStop):
            return self._terminate()
        if isinstance(message, _PYKKA_MESSAGES):
            return actor._handle_receive(message)
        if self.asker is None:
            self.system.dead_letters.add(self.path, message, "unhandled")
            return None
        return actor.on_receive(message)

    def _continue(self, answer: _Answer) -> None:
        if answer.incarnation != self.incarnation or self.actor is None:
            return
        self.pending -= 1
        try:
            answer.then(answer.reply)
        except BaseException as error:
            self.fail(error)

    def _begin(self) -> None:
        if self.state not in (CellState.STARTING, CellState.RESTARTING):
            return
        self.incarnation += 1
        self.pending = 0
        try:
            actor = self.spec.start()
            actor._cell = self
            self.actor = actor
            self.state = CellState.RUNNING
            actor.on_start()
        except BaseException as error:
            self.fail(error)

    def _suspend(self) -> None:
        actor, self.actor = self.actor, None
        if self.state is not CellState.STOPPED:
            self.state = CellState.RESTARTING
        for child in reversed((self.children or {}).values()):
            child.put_control(Suspend())
        if actor is not None:
            self._break_promises(pykka.ActorDeadError("it was stopped with its siblings"))
            self._put_back_unfinished(actor)
            self._call_on_stop(actor)

    def _terminate(self) -> None:
        if self.state is CellState.STOPPED:
            return
        if self.actor is None:
            # A supervisor that crashed can't look after the end of its children.
            for child in reversed((self.children or {}).values()):
                child.put_control(Terminate())
            self.stop_now()
        elif not self.children:
            self.stop_now()
        elif self.state is not CellState.STOPPING:
            self.state = CellState.STOPPING
            self._deliver(Terminate())

    def _guard(self, hook: Callable[[], None]) -> None:
        try:
            hook()
        except BaseException as error:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Note a crash of the actor and leave the rest to the supervisor; for its own thread."""
        logger.error("%s crashed: %r", self.path, error, exc_info=error, extra={"actor": self.path})
        if self.state is CellState.STOPPED:
            return
        actor, self.actor = self.actor, None
        self.last_error = error
        self._break_promises(error)
        self.state = CellState.RESTARTING
        if actor is not None:
            self._put_back_unfinished(actor)
            try:
                actor.on_failure(type(error), error, error.__traceback__)
            except BaseException:
                logger.exception("%s: on_failure crashed, too", self.path)
        if self.parent is None:
            self.system.root_failed(error)
        else:
            self.parent.put_control(ChildFailed(self, error))

    def _put_back_unfinished(self, actor: Actor) -> None:
        try:
            self.mailbox.put_back(actor.unfinished())
        except BaseException:
            logger.exception("%s: unfinished crashed, too", self.path, extra={"actor": self.path})

    def _call_on_stop(self, actor: Actor) -> None:
        try:
            actor.on_stop()
        except BaseException:
            logger.exception("%s: on_stop crashed", self.path, extra={"actor": self.path})

    def _bury_rest(self) -> None:
        with suppress(IndexError):  # when another thread is at it, too
            while (message := self.mailbox.take_control() or self.mailbox.take()) is not None:
                self._bury(message, "stopped")

    def _bury(self, message: Any, reason: str) -> None:
        if type(message) in (Begin, Suspend, Terminate, _Answer, ChildStopped):
            return
        if type(message) is Envelope and message.reply_to is not None:
            reply = cast(Reply[Any], message.reply_to)
            if isinstance(message.message, _ActorStop):
                reply.settle(None)
                return
            reply.settle(error=pykka.ActorDeadError(f"{self.path} has {reason}"))
            message = message.message
        self.system.dead_letters.add(self.path, message, reason)
