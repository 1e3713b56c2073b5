"""Replies that come one after the other, without a loop of ours to await them on. Safe from any thread.

What is called back runs on the thread that gives the reply; an exception there goes to the answer.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from quarterjack.actors.engine import Reply

T = TypeVar("T")
U = TypeVar("U")


def followed(reply: Reply[T], then: Callable[[T], Reply[U]], answer: Reply[U]) -> Reply[U]:
    """The answer, which is that of the reply that `then` makes of what this one brings."""

    def go_on(done: Reply[T]) -> None:
        try:
            then(done.get()).pipe(answer)
        except BaseException as error:
            answer.set_exception(error)

    reply.add_done_callback(go_on)
    return answer


def settled(
    replies: Sequence[Reply[Any]], answer: Reply[list[BaseException | None]]
) -> Reply[list[BaseException | None]]:
    """The answer when all of them are there: for each the error that it brought, or None."""
    errors: list[BaseException | None] = [None] * len(replies)
    waiting = len(replies)
    lock = threading.Lock()

    def note(index: int, done: Reply[Any]) -> None:
        nonlocal waiting
        try:
            done.get()
        except BaseException as error:
            errors[index] = error
        with lock:
            waiting -= 1
            is_last = not waiting
        if is_last:
            answer.set(errors)

    if not replies:
        answer.set(errors)
    for number, reply in enumerate(replies):
        reply.add_done_callback(lambda done, index=number: note(index, done))  # type: ignore[misc]
    return answer


def repeated(
    begin: Callable[[], Reply[Any] | None], result: Callable[[], T], answer: Reply[T]
) -> Reply[T]:
    """The answer, with the result of calling `begin` until it gives None.

    Each call comes when what the one before began is there; an error ends it.
    """

    def go_on(done: Reply[Any] | None) -> None:
        try:
            while True:
                if done is not None:
                    done.get()
                done = begin()
                if done is None:
                    answer.set(result())
                    return
                if not done.done():
                    done.add_done_callback(go_on)
                    return
        except BaseException as error:
            answer.set_exception(error)

    go_on(None)
    return answer
