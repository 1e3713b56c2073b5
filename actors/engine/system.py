"""The engine as a whole: a clock, dispatchers, the cells by their path, and the dead letters."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .cell import Begin, Cell, Terminate
from .child_spec import ChildSpec, Placement
from .clock import Clock
from .dead_letters import DeadLetters
from .dispatcher import Dispatcher, ThreadDispatcher
from .ref import Ref

logger = logging.getLogger("quarterjack.actors")


@dataclass(frozen=True, slots=True)
class ActorInfo:
    """What can be seen of an actor from outside. `last_error` is its class and message."""

    name: str
    path: str
    kind: str
    state: str
    mailbox_depth: int
    handled: int
    restarts: int
    last_error: str | None
    parent: str | None


@dataclass(slots=True)
class KindCount:
    """The actors of one kind, and all their mailboxes together."""

    actors: int = 0
    waiting: int = 0


class ActorSystem:
    """One tree of actors. Several can live in one process; nothing is shared between them.

    `threads` False puts every actor on the given dispatcher, also those that ask for a thread.
    """

    def __init__(self, clock: Clock, dispatcher: Dispatcher, *, threads: bool = True) -> None:
        self.clock = clock
        self.dispatcher = dispatcher
        self.dead_letters = DeadLetters(clock)
        self.restarts: Counter[str] = Counter()
        """How often supervisors have started an actor again, by kind."""
        self._threads = threads
        self._owned: dict[str, ThreadDispatcher] = {}
        self._ending: list[ThreadDispatcher] = []
        self._cells: dict[str, Cell] = {}
        self._on_root_failure: Callable[[BaseException], None] | None = None
        self._on_stopped: Callable[[], object] | None = None

    def spawn(self, spec: ChildSpec, parent: Cell | None = None) -> Cell:
        """Start an actor under a supervisor (the root has none); its cell."""
        cell = self.place(spec, parent)
        cell.put_control(Begin())
        return cell

    def place(self, spec: ChildSpec, parent: Cell | None = None) -> Cell:
        """Make an actor's place in the tree, where messages can wait until it begins."""
        path = spec.id if parent is None else f"{parent.path}/{spec.id}"
        if path in self._cells:
            raise ValueError(f"there is an actor at {path} already")
        cell = Cell(self, spec, parent, self._dispatcher_of(path, spec))
        self._cells[path] = cell
        return cell

    def find(self, path: str) -> Ref[Any] | None:
        """The address of the actor at a path, if there is one."""
        cell = self._cells.get(path)
        return None if cell is None else cell.ref

    def forget(self, cell: Cell) -> None:
        """Drop a cell that has stopped, and the thread that it had."""
        self._cells.pop(cell.path, None)
        dispatcher = self._owned.pop(cell.path, None)
        if dispatcher is not None:
            dispatcher.close()
            self._ending = [each for each in self._ending if not each.has_ended()] + [dispatcher]
        if not self._cells and self._on_stopped is not None:
            self._on_stopped()

    def on_stopped(self, callback: Callable[[], object]) -> None:
        """Have something called when the last actor has stopped, on that one's thread."""
        self._on_stopped = callback
        if not self._cells:
            callback()

    def on_root_failure(self, callback: Callable[[BaseException], None]) -> None:
        """Have something called, on the root's thread, when the root gives up."""
        self._on_root_failure = callback

    def root_failed(self, error: BaseException) -> None:
        """The root gave up: nobody is left to restart anything."""
        logger.critical("the root supervisor gave up: %r", error)
        if self._on_root_failure is not None:
            try:
                self._on_root_failure(error)
            except Exception:
                logger.exception("what was to be told of it failed, too")

    def stop(self, root: Ref[Any]) -> None:
        """Let the root end, children first in reverse order of their start."""
        root.tell_control(Terminate())

    def close_threads(self) -> None:
        """Give the actors' own threads back; they have stopped, or never will."""
        owned = list(self._owned.values())
        for dispatcher in owned:
            dispatcher.close()
        for dispatcher in (*owned, *self._ending):
            dispatcher.join()
        self._owned.clear()
        self._ending.clear()

    def tree(self) -> list[ActorInfo]:
        """Every actor as it is now, parents before their children."""
        return [info_of(cell) for cell in list(self._cells.values())]

    @property
    def root(self) -> Cell | None:
        """The first that has no supervisor."""
        return next((cell for cell in list(self._cells.values()) if cell.parent is None), None)

    @property
    def size(self) -> int:
        """How many actors there are."""
        return len(self._cells)

    def census(self) -> dict[str, KindCount]:
        """How many actors of each kind there are, and how many messages wait for them; from any thread."""
        found: dict[str, KindCount] = {}
        for cell in list(self._cells.values()):
            kind = found.setdefault(cell.spec.kind, KindCount())
            kind.actors += 1
            kind.waiting += len(cell.mailbox)
        return found

    def _dispatcher_of(self, path: str, spec: ChildSpec) -> Dispatcher:
        if spec.placement is Placement.LOOP or not self._threads:
            return self.dispatcher
        return self._owned.setdefault(path, ThreadDispatcher(spec.id))


def info_of(cell: Cell) -> ActorInfo:
    """What is to be seen of the actor now."""
    error = cell.last_error
    return ActorInfo(
        name=cell.spec.id,
        path=cell.path,
        kind=cell.spec.kind,
        state=cell.state.value,
        mailbox_depth=len(cell.mailbox),
        handled=cell.handled,
        restarts=cell.restarts,
        last_error=None if error is None else f"{type(error).__name__}: {error}"[:500],
        parent=None if cell.parent is None else cell.parent.path,
    )
