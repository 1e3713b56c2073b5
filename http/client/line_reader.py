"""The lines of one answer, read while they come, by a client whose loop is on another thread."""

from collections.abc import AsyncGenerator
from typing import Any, Protocol, TypeVar

from quarterjack.actors.engine import Reply

from .request import Wanted
from .session import Session, Work

T = TypeVar("T")


class Run(Protocol):
    """Has work done on a session's loop."""

    def __call__(self, make: Work[T]) -> Reply[T]:
        """What comes of it."""
        ...


class LineReader:
    """Begins with the first `next`; one piece at a time is under way."""

    def __init__(self, run: Run, wanted: Wanted) -> None:
        self._run = run
        self._wanted = wanted
        self._lines: AsyncGenerator[list[bytes], Any] | None = None

    def next(self) -> Reply[list[bytes] | None]:
        """The lines that have come since; None: that was all."""
        return self._run(self._next)

    def close(self) -> None:
        """Break it off, if it is not through."""
        if self._lines is not None:
            self._run(self._close)

    async def _next(self, session: Session) -> list[bytes] | None:
        if self._lines is None:
            self._lines = session.lines(self._wanted)
        return await anext(self._lines, None)

    async def _close(self, _: Session) -> None:
        if self._lines is not None:
            await self._lines.aclose()
