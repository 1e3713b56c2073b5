"""The supervision tree as somebody watches it: what has changed since they looked last.

Runs on the loop. However many actors there are, so many are looked at as were asked for, level by level,
so that supervisors come before what they look after; each supervisor has its share of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from .cell import Cell, CellState
from .system import ActorInfo, ActorSystem, info_of

_PIECE: Final = 100
"""Actors that are looked at in one go: about a millisecond, if all of them have changed."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An actor, and how many messages it handled a second since the last look."""

    info: ActorInfo
    handled_per_second: float


@dataclass(frozen=True, slots=True)
class TreeChanges:
    """Actors that are new or otherwise than before, and the paths of those that are gone."""

    seen: list[Sighting] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Known:
    """What was seen of a cell, to be compared without making anything."""

    cell: Cell
    handled: int
    depth: int
    state: CellState
    incarnation: int
    error: BaseException | None
    rate: float = 0.0


class TreeWatch:
    """Looks at no more than `most` actors."""

    def __init__(self, system: ActorSystem, most: int) -> None:
        self.is_truncated = False
        """Whether there were more actors at the last look."""
        self._system = system
        self._most = most
        self._known: dict[str, _Known] = {}
        self._looked_at: float | None = None

    def look(self) -> Iterator[TreeChanges]:
        """What has changed, in pieces between which others may have their turn; go through them all."""
        now = self._system.clock.monotonic()
        elapsed = 0.0 if self._looked_at is None else now - self._looked_at
        self._looked_at = now
        cells = self._first()
        for start in range(0, len(cells), _PIECE):
            piece = cells[start : start + _PIECE]
            yield TreeChanges([found for cell in piece if (found := self._changed(cell, elapsed))])
        paths = {cell.path for cell in cells}
        gone = [path for path in self._known if path not in paths]
        for path in gone:
            del self._known[path]
        yield TreeChanges(gone=gone)

    def _first(self) -> list[Cell]:
        """So many of the tree, level by level."""
        root = self._system.root
        level = [] if root is None else [root]
        found = level.copy()
        while level and len(found) < self._most:
            left = self._most - len(found)
            families = [
                list(islice(cell.children.values(), left)) for cell in level if cell.children
            ]
            level = list(islice(_in_turn(families), left))
            found += level
        self.is_truncated = self._system.size > len(found)
        return found

    def _changed(self, cell: Cell, elapsed: float) -> Sighting | None:
        handled = cell.handled
        known = self._known.get(cell.path)
        if known is None or known.cell is not cell:
            known = self._known[cell.path] = _Known(
                cell, handled, len(cell.mailbox), cell.state, cell.incarnation, cell.last_error
            )
            return Sighting(info_of(cell), 0.0)
        if (
            handled == known.handled
            and not known.rate
            and cell.state is known.state
            and len(cell.mailbox) == known.depth
            and cell.incarnation == known.incarnation
            and cell.last_error is known.error
        ):
            return None
        rate = round((handled - known.handled) / elapsed, 1) if elapsed else 0.0
        known.handled, known.depth, known.rate = handled, len(cell.mailbox), rate
        known.state, known.incarnation, known.error = cell.state, cell.incarnation, cell.last_error
        return Sighting(info_of(cell), rate)


def _in_turn(families: list[list[Cell]]) -> Iterator[Cell]:
    """One of each, then the next of each, until all are through."""
    waiting = [iter(each) for each in families]
    while waiting:
        left = []
        for each in waiting:
            for cell in islice(each, 1):
                left.append(each)
                yield cell
        waiting = left
