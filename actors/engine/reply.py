"""The answer to an ask: await it on any asyncio loop, `.get()` it in a thread, or hang on a callback.

pykka's own future blocks the thread when awaited; this one suspends the task.
"""

import asyncio
import sys
import threading
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar, cast

import pykka

from .current import on_actor_thread
from .errors import ReplyAlreadySet, WouldDeadlock

T = TypeVar("T")
M = TypeVar("M")
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
        self._finish(value, None)

    def set_exception(self, exc_info: Any = None) -> None:
        """Give an exception, an `exc_info` triple, or (by default) the exception being handled."""
        error = exc_info if exc_info is not None else sys.exc_info()[1]
        if isinstance(error, tuple):
            error = error[1]
        if not isinstance(error, BaseException):
            raise TypeError(
                "set_exception() needs an exception, or to be called in an except block"
            )
        self._finish(None, error)

    def _finish(self, value: T | None, error: BaseException | None) -> None:
        with self._lock:
            if self._done:
                raise ReplyAlreadySet("this reply was given before")
            self._value, self._error, self._done = value, error, True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    def add_done_callback(self, callback: Callable[["Reply[T]"], None]) -> None:
        """Call back with this reply: at once if it is there, else on the thread that gives it."""
        with self._lock:
            if not self._done:
                self._callbacks.append(callback)
                return
        callback(self)

    def pipe(self, other: "Reply[Any]") -> None:
        """Give the other reply whatever this one gets."""

        def forward(done: "Reply[T]") -> None:
            if not other.done():
                other._finish(done._value, done._error)

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
        if self._waiter is not None:
            self._waiter(self, timeout)
            return
        if on_actor_thread():
            raise WouldDeadlock(
                "get() on the actors' own loop would wait for itself; did you mean `await`?"
            )
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


def _set(arrived: "asyncio.Future[None]") -> None:
    if not arrived.done():
        arrived.set_result(None)
