"""How long commits take, and what one took longer for the last of its changes. On the writer's thread."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from quarterjack.storage.transaction import Change, Transaction

_NEW_PART: Final = 0.1
"""Of what is usual, what the newest commit makes."""


class _Timed:
    """A change that notes when it is carried out."""

    def __init__(self, change: Change[Any], clock: Callable[[], float]) -> None:
        self._change = change
        self._clock = clock
        self.began = self.ended = clock()

    def apply(self, transaction: Transaction) -> Any:
        self.began = self._clock()
        found = self._change.apply(transaction)
        self.ended = self._clock()
        return found


class WritingTime:
    """One per writer; times are seconds of the clock that it is given."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._usual = 0.0
        self._last: _Timed | None = None

    def watched(self, changes: Sequence[Change[Any]]) -> list[Change[Any]]:
        """The changes of the next commit, the last of them timed."""
        self._last = _Timed(changes[-1], self._clock)
        return [*changes[:-1], self._last]

    def committed(self) -> None:
        """A commit like any other is done: from its last change on it took as long as is usual."""
        self._usual += _NEW_PART * (self._writing() - self._usual)

    def extra(self) -> float:
        """What the commit that is done took for its last change, over what it takes without."""
        assert self._last is not None
        own = self._last.ended - self._last.began
        return own + max(0.0, self._writing() - self._usual)

    def _writing(self) -> float:
        assert self._last is not None
        return self._clock() - self._last.ended
