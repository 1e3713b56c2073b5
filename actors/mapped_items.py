"""The items of one mapped step: which have not begun, which are under way. Pure.

Kept up as their states change, so that a turn costs the same however many there are.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from quarterjack.storage.plain_data import Packed

from .step import index_of, item_name


class Run(Protocol):
    """An item that has begun."""

    name: str

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        ...


class MappedItems:
    """Of the step `name`, with the values that they take, in order; `begun` are those that have."""

    def __init__(self, name: str, values: Sequence[Packed], begun: Iterable[Run]) -> None:
        self.values = values
        self._name = name
        runs = {run.name: run for run in begun}
        self._waiting = deque(
            index for index in range(len(values)) if item_name(name, index) not in runs
        )
        self._open = {name: None for name, run in runs.items() if not run.has_ended}

    def ready(self, concurrency: int | None) -> Iterator[str]:
        """Those that can begin now, when so many may be under way at once."""
        free = len(self._waiting) if concurrency is None else concurrency - len(self._open)
        return (item_name(self._name, index) for index in islice(self._waiting, max(0, free)))

    def open(self) -> list[str]:
        """Those that have begun and not ended."""
        return list(self._open)

    def are_through(self) -> bool:
        """Whether all have ended."""
        return not self._waiting and not self._open

    def changed(self, run: Run) -> None:
        """One has begun, ended, or is tried again."""
        if run.has_ended:
            self._open.pop(run.name, None)
            return
        self._open[run.name] = None
        index = index_of(run.name)
        if self._waiting and self._waiting[0] == index:
            self._waiting.popleft()
        elif index is not None and index in self._waiting:
            self._waiting.remove(index)
