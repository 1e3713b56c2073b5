"""What a runtime tells those who watch it from outside, again and again: cheap, and on the actors' loop."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from quarterjack.actors.engine import Reply, TreeWatch
from quarterjack.storage.standing import Standing, standing

from .assembly import Assembly

T = TypeVar("T")


class WatchCalls(ABC):
    """The calls; who inherits says how a call is made."""

    _assembly: Assembly | None

    @property
    def last_seq(self) -> int:
        """The number of the newest event that subscribers were told of."""
        found = None if self._assembly is None else self._assembly.subscriptions.last_seq
        return found or 0

    def watch_tree(self, most: int) -> TreeWatch:
        """The supervision tree for who looks at so many of its actors again and again."""
        return TreeWatch(self._running().system, most)

    def standing(self) -> Reply[Standing]:
        """How many schedules are in which state, and how many executions are under way."""
        return self._call(lambda assembly: assembly.read(standing, assembly.clock.now()))

    @abstractmethod
    def _running(self) -> Assembly:
        """What is alive. Raises `RuntimeNotStarted`."""

    @abstractmethod
    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        """What the call answers; also its errors come through the reply."""
