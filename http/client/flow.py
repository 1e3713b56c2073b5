"""Items that come piece by piece: `for` takes them in a thread, `async for` on any asyncio loop."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, Protocol, TypeVar

from quarterjack.actors.engine import Reply

T = TypeVar("T")


class Pieces(Protocol[T]):
    """Where the items come from."""

    def next(self) -> Reply[list[T] | None]:
        """The next of them; None: there are no more."""
        ...

    def close(self) -> None:
        """No more are wanted."""
        ...


class Flow(Generic[T]):
    """Begins anew each time that one goes through it."""

    def __init__(self, begin: Callable[[], Pieces[T]]) -> None:
        self._begin = begin

    def __iter__(self) -> Iterator[T]:
        pieces = self._begin()
        try:
            while (piece := pieces.next().get()) is not None:
                yield from piece
        finally:
            pieces.close()

    async def __aiter__(self) -> AsyncIterator[T]:
        pieces = self._begin()
        try:
            while (piece := await pieces.next()) is not None:
                for item in piece:
                    yield item
        finally:
            pieces.close()

    def gathered(self) -> Reply[list[T]]:
        """All items, when the last has come."""
        answer: Reply[list[T]] = Reply()
        pieces, items = self._begin(), list[T]()

        def took(done: Reply[list[T] | None]) -> None:
            try:
                piece = done.get()
            except BaseException as error:
                pieces.close()
                answer.set_exception(error)
                return
            if piece is None:
                pieces.close()
                answer.set(items)
            else:
                items.extend(piece)
                pieces.next().add_done_callback(took)

        pieces.next().add_done_callback(took)
        return answer
