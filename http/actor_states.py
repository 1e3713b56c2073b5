"""The supervision tree for those who watch it: looked at twice a second for all of them. On the loop.

Who has seen the tree gets what has changed since then; who is new, or has seen nothing for a while,
gets all of it.
"""

from collections import deque
from typing import Final

from quarterjack.actors.engine import Sighting, TreeWatch
from quarterjack.runtime import Runtime

from .replay import LetOthers
from .shapes.states import WatchedActor
from .state_frame import StateFrame, StatePart

MOST: Final = 2_000
"""Actors that are watched."""
_REMEMBERED: Final = 20
"""Looks for which it is known what has changed since."""


class ActorStates:
    """The topic `actors`."""

    topic: Final = "actors"
    period: Final = 0.5
    for_limited: Final = False

    def __init__(self, runtime: Runtime) -> None:
        self.version = 0
        self._runtime = runtime
        self._tree: TreeWatch | None = None
        self._actors: dict[str, tuple[int, StatePart]] = {}
        """By path: when it has changed, and what it is since then."""
        self._gone: deque[tuple[int, list[str]]] = deque()
        self._since = 0
        """The version before the first look at the tree; as long as it is the newest, nothing is known."""
        self._is_truncated = False
        self._frames: dict[int, StateFrame] = {}

    async def look(self) -> bool:
        """Look at it; whether anything has changed. Raises `RuntimeNotStarted`."""
        tree = self._tree
        if tree is None:
            tree = self._tree = self._runtime.watch_tree(MOST)
        seen: list[Sighting] = []
        gone: list[str] = []
        for piece in tree.look():
            seen += piece.seen
            gone += piece.gone
            await LetOthers()
        if not seen and not gone and tree.is_truncated == self._is_truncated:
            return False
        self._take(seen, gone, is_truncated=tree.is_truncated)
        return True

    def frame(self, had: int, *, limited: bool) -> StateFrame | None:
        """What somebody is told who has the state of that version; None: there is nothing newer."""
        if limited or had == self.version or self._since == self.version:
            return None
        if had <= self._since or had < self.version - _REMEMBERED:
            had = 0
        found = self._frames.get(had)
        if found is None:
            found = self._frames[had] = self._changes(had)
        return found

    def forget(self) -> None:
        """Nobody watches any more."""
        self._tree = None
        self._since = self.version
        self._actors.clear()
        self._gone.clear()
        self._frames.clear()

    def _take(self, seen: list[Sighting], gone: list[str], *, is_truncated: bool) -> None:
        self.version += 1
        self._is_truncated = is_truncated
        self._frames.clear()
        for each in seen:
            self._actors[each.info.path] = (self.version, _part(each))
        for path in gone:
            self._actors.pop(path, None)
        self._gone.append((self.version, gone))
        while self._gone[0][0] <= self.version - _REMEMBERED:
            self._gone.popleft()

    def _changes(self, had: int) -> StateFrame:
        items = [part for changed, part in self._actors.values() if changed > had]
        gone = [path for at, paths in self._gone if had and at > had for path in paths]
        fields = {
            "reset": not had,
            "gone": [path for path in dict.fromkeys(gone) if path not in self._actors],
            "truncated": self._is_truncated,
        }
        return StateFrame(self.topic, fields, items)


def _part(found: Sighting) -> StatePart:
    return StatePart(lambda: WatchedActor.seen(found).model_dump())
