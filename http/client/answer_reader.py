"""One answer, read while it comes, by a client whose loop is on another thread: by lines, or as bytes."""

from collections.abc import AsyncGenerator, Callable
from typing import Any, Protocol, TypeVar

from quarterjack.actors.engine import Reply

from .session import Session, Work

T = TypeVar("T")


class Run(Protocol):
    """Has work done on a session's loop."""

    def __call__(self, make: Work[T]) -> Reply[T]:
        """What comes of it."""
        ...


Begin = Callable[[Session], AsyncGenerator[list[bytes], Any]]
"""Begins to read an answer."""


class AnswerReader:
    """Begins with the first `next`; one piece at a time is under way."""

    def __init__(self, run: Run, begin: Begin) -> None:
        self._run = run
        self._begin = begin
        self._coming: AsyncGenerator[list[bytes], Any] | None = None

    def next(self) -> Reply[list[bytes] | None]:
        """What has come since; None: that was all."""
        return self._run(self._next)

    def close(self) -> None:
        """Break it off, if it is not through."""
        if self._coming is not None:
            self._run(self._close)

    async def _next(self, session: Session) -> list[bytes] | None:
        if self._coming is None:
            self._coming = self._begin(session)
        return await anext(self._coming, None)

    async def _close(self, _: Session) -> None:
        if self._coming is not None:
            await self._coming.aclose()
