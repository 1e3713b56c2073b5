"""The answer to an ask: await it on any asyncio loop, `.get()` it in a thread, or hang on a callback.

pykka's own future blocks the thread when awaited; this one suspends the task.
"""

import asyncio
import functools
import logging
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Any, Generic, TypeVar, cast

import pykka

from .current import on_actor_thread
from .errors import ReplyAlreadySet, WouldDeadlock

logger = logging.getLogger("quarterjack.actors")
T = TypeVar("T")
M = TypeVar("M")
J = TypeVar("J")
R = TypeVar("R")
Waiter = Callable[["Reply[Any]", float | None], None]
"""Makes a reply come true when somebody blocks on it (given the seconds that may pass)."""


class Reply(pykka.Future[T], Generic[T]):
    """Set once, from any thread; read any number of times, from any thread or loop."""

    def __init__(self, waiter: Waiter | None = None) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._done = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[Reply[T]], None]] = []
        self._waiter = waiter

    def __repr__(self) -> str:
        if not self._done:
            return "<Reply, pending>"
        return (
            f"<Reply, {self._value!r:.60}>" if self._error is None else f"<Reply, {self._error!r}>"
        )

    @classmethod
    def of(cls, value: T) -> "Reply[T]":
        """A reply that is there already."""
        reply = cls()
        reply.set(value)
        return reply

    def done(self) -> bool:
        """Whether the value or the error is there."""
        return self._done

    def set(self, value: T | None = None) -> None:
        """Give the value. Raises `ReplyAlreadySet` the second time."""
        if not self.settle(value):
            raise ReplyAlreadySet("this reply was given before")

    def set_exception(self, exc_info: Any = None) -> None:
        """Give an exception, an `exc_info` triple, or (by default) the exception being handled."""
        error = exc_info if exc_info is not None else sys.exc_info()[1]
        if isinstance(error, tuple):
            error = error[1]
        if not isinstance(error, BaseException):
            raise TypeError(
                "set_exception() needs an exception, or to be called in an except block"
            )
        if not self.settle(error=error):
            raise ReplyAlreadySet("this reply was given before")

    def settle(self, value: T | None = None, error: BaseException | None = None) -> bool:
        """Give the value or the error unless it was given before; False: it was."""
        with self._lock:
            if self._done:
                return False
            self._value, self._error, self._done = value, error, True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            try:
                callback(self)
            except Exception:  # the one who gives the answer has nothing to do with it
                logger.exception("a callback of %r failed", self)
        return True

    def add_done_callback(self, callback: Callable[["Reply[T]"], None]) -> None:
        """Call back with this reply: at once if it is there, else on the thread that gives it."""
        with self._lock:
            if not self._done:
                self._callbacks.append(callback)
                return
        callback(self)

    def pipe(self, other: "Reply[Any]") -> None:
        """Give the other reply whatever this one gets, unless it was given before."""

        def forward(done: "Reply[T]") -> None:
            other.settle(done._value, done._error)

        self.add_done_callback(forward)

    def get(self, *, timeout: float | None = None) -> T:
        """Block until the answer is there; raise it if it is an exception.

        `timeout` is in seconds; raises `pykka.Timeout` when they have passed, and `WouldDeadlock` on
        a thread that runs actors.
        """
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if not self._done:
            self._wait(timeout)
        return self._result()

    def _wait(self, timeout: float | None) -> None:
        if on_actor_thread():
            raise WouldDeadlock(
                "get() on the actors' own loop would wait for itself; did you mean `await`?"
            )
        if self._waiter is not None:
            self._waiter(self, timeout)
            return
        arrived = threading.Event()
        self.add_done_callback(lambda _: arrived.set())
        if not arrived.wait(timeout):
            raise pykka.Timeout(f"no answer within {timeout} seconds")

    def _result(self) -> T:
        if self._error is not None:
            raise self._error
        return cast(T, self._value)

    def __await__(self) -> Generator[Any, None, T]:
        if not self._done:
            loop = asyncio.get_running_loop()
            arrived: asyncio.Future[None] = loop.create_future()
            thread = threading.get_ident()

            def wake(_: "Reply[T]") -> None:
                if threading.get_ident() == thread:
                    _set(arrived)
                elif not loop.is_closed():
                    loop.call_soon_threadsafe(_set, arrived)

            self.add_done_callback(wake)
            yield from arrived
        return self._result()

    __iter__ = __await__

    def map(self, func: Callable[[T], M]) -> "Reply[M]":
        """A reply with the function's value of this one's; errors pass through."""
        mapped: Reply[M] = Reply(self._waiter)

        def apply(done: "Reply[T]") -> None:
            try:
                mapped.set(func(done._result()))
            except BaseException as error:
                mapped.set_exception(error)

        self.add_done_callback(apply)
        return mapped

    # pykka's own of these are lazy: only `get()` would make them true, `await` never.

    def filter(self: "Reply[Iterable[J]]", func: Callable[[J], bool]) -> "Reply[Iterable[J]]":
        """A reply with a list of those of this one's items that the function takes."""
        return self.map(lambda items: [item for item in items if func(item)])

    def reduce(self: "Reply[Iterable[J]]", func: Callable[[R, J], R], *args: R) -> "Reply[R]":
        """A reply with this one's items reduced to one value, as by `functools.reduce`."""
        return self.map(lambda items: functools.reduce(func, items, *args))

    def join(self: "Reply[Any]", *futures: pykka.Future[Any]) -> "Reply[Iterable[Any]]":
        """A reply with a list of this one's value and the others'; the first error passes through."""
        replies = [self, *cast("tuple[Reply[Any], ...]", futures)]
        joined: Reply[Iterable[Any]] = Reply(self._waiter)

        def look(done: "Reply[Any]") -> None:
            if done._error is not None or all(reply._done for reply in replies):
                errors = [reply._error for reply in replies if reply._error is not None]
                values = [reply._value for reply in replies]
                joined.settle(values, errors[0] if errors else None)

        for reply in replies:
            reply.add_done_callback(look)
        return joined


def _set(arrived: "asyncio.Future[None]") -> None:
    if not arrived.done():
        arrived.set_result(None)
