"""Supervisors with OTP's words and meaning: strategies, restart intensity, escalation.

A child that crashed is made again in the same cell, after a wait that grows; its mailbox is kept.
When restarts come too often the supervisor gives up, which is a crash of its own, one level up.
"""

import logging
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from .actor import Actor, handles
from .cell import Begin, Cell, CellState, ChildFailed, ChildStopped, Suspend, Terminate
from .child_spec import ChildSpec, Restart
from .clock import Timer
from .errors import ChildSpecError, RestartIntensityReached
from .ref import Ref
from .restart_intensity import Backoff, Intensity, RestartHistory

logger = logging.getLogger("quarterjack.actors")


class Strategy(StrEnum):
    """Who is restarted when a child crashes."""

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"


class _RestartDue(NamedTuple):
    cells: tuple[Cell, ...]


class _ShutdownOverdue(NamedTuple):
    cell: Cell


class Supervisor(Actor):
    """Starts its children in order, restarts them by its strategy, stops them in reverse order.

    Takes `ChildFailed` and `ChildStopped` from their cells, and `Terminate`.
    """

    def __init__(
        self,
        specs: Sequence[ChildSpec] = (),
        *,
        strategy: Strategy = Strategy.ONE_FOR_ONE,
        intensity: Intensity = Intensity(),
        backoff: Backoff = Backoff(),
    ) -> None:
        if len({spec.id for spec in specs}) != len(specs):
            raise ChildSpecError("two children of one supervisor have the same id")
        self._specs = tuple(specs)
        self._strategy = strategy
        self._backoff = backoff
        self._intensity = intensity
        self._history = RestartHistory(intensity)
        self._overdue: Timer | None = None

    def on_start(self) -> None:
        """Start the children; after a crash of its own, start those that it had."""
        if self._cell.children is None:
            self._cell.children = {}
            for spec in self._specs:
                self.start_child(spec)
        else:
            for cell in list(self._cell.children.values()):
                if cell.state is CellState.STOPPED:  # it may have crashed while it was told so
                    self.child_stopped(ChildStopped(cell))
                else:
                    cell.put_control(Begin())

    def on_failure(self, *_: Any) -> None:
        """Its children rest, in reverse order, until it is started again."""
        for cell in reversed((self._cell.children or {}).values()):
            cell.put_control(Suspend())

    def start_child(self, spec: ChildSpec) -> Ref[Any]:
        """Start a child and look after it."""
        cell = self.system.spawn(spec, self._cell)
        self._children()[spec.id] = cell
        return cell.ref

    def stop_child(self, key: str) -> None:
        """End a child for good, and look after it no more."""
        cell = self._children().pop(key, None)
        if cell is None:
            return
        if cell.dispatcher is self._cell.dispatcher and not cell.children:
            cell.stop_now()  # at once, so that another one can take its place
        else:
            cell.put_control(Terminate())

    def child(self, key: str) -> Cell | None:
        """The child of that id."""
        return self._children().get(key)

    def gave_up(self, cell: Cell, error: BaseException) -> None:
        """Called when a child was restarted too often. Here: give up, too."""
        raise RestartIntensityReached(
            f"{cell.path} was restarted more than {self._intensity.restarts} times within "
            f"{self._intensity.period}; its last error: {error!r}"
        ) from error

    def history_of(self, _: Cell) -> RestartHistory:
        """Where the restarts of a child are counted. Here: all together, as OTP does."""
        return self._history

    @handles(ChildFailed)
    def child_failed(self, message: ChildFailed) -> None:
        cell = message.child
        if self._children().get(cell.spec.id) is not cell:
            return
        if self._cell.state is CellState.STOPPING:
            return
        if cell.spec.restart is Restart.TEMPORARY:
            self.stop_child(cell.spec.id)
            return
        self._restart(cell, message.error)

    @handles(ChildStopped)
    def child_stopped(self, message: ChildStopped) -> None:
        cell = message.child
        if self._children().get(cell.spec.id) is not cell:
            return
        if self._cell.state is CellState.STOPPING:
            del self._children()[cell.spec.id]
            self._stop_next()
        elif cell.spec.restart is Restart.PERMANENT:
            successor = self.system.place(cell.spec, self._cell)
            self._children()[cell.spec.id] = successor
            self._restart(successor, RuntimeError("it stopped by itself"))
        else:
            del self._children()[cell.spec.id]

    @handles(Terminate)
    def terminate(self, _: Terminate) -> None:
        self._stop_next()

    @handles(_RestartDue)
    def restart_due(self, message: _RestartDue) -> None:
        for cell in message.cells:
            if cell.state in (CellState.RESTARTING, CellState.STARTING):
                self.system.restarts[cell.spec.kind] += 1
                cell.put_control(Begin())

    @handles(_ShutdownOverdue)
    def shutdown_overdue(self, message: _ShutdownOverdue) -> None:
        cell = message.cell
        if self._children().get(cell.spec.id) is cell:
            logger.error(
                "%s did not stop within %s; going on without it",
                cell.path,
                cell.spec.shutdown,
                extra={"actor": cell.path},
            )
            cell.state = CellState.STOPPED
            self.system.forget(cell)
            self.child_stopped(ChildStopped(cell))

    def _restart(self, cell: Cell, error: BaseException) -> None:
        history = self.history_of(cell)
        if history.record(self.clock.monotonic()):
            self.gave_up(cell, error)
            return
        affected = self._affected(cell)
        for other in reversed(affected):
            if other.spec.restart is Restart.TEMPORARY:
                self._children().pop(other.spec.id).put_control(Terminate())
            elif other is not cell:
                other.put_control(Suspend())
        wait = history.wait(cell.spec.backoff or self._backoff)
        self.send_after(wait, _RestartDue(tuple(affected)))

    def _affected(self, cell: Cell) -> list[Cell]:
        cells = list(self._children().values())
        match self._strategy:
            case Strategy.ONE_FOR_ONE:
                return [cell]
            case Strategy.ONE_FOR_ALL:
                return cells
            case Strategy.REST_FOR_ONE:
                return cells[cells.index(cell) :]

    def _stop_next(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
        children = self._children()
        if not children:
            self._cell.stop_now()
            return
        last = next(reversed(children.values()))
        last.put_control(Terminate())
        overdue = _ShutdownOverdue(last)
        self._overdue = self.clock.call_later(
            last.spec.shutdown.total_seconds(), lambda: self.ref.tell_control(overdue)
        )

    def _children(self) -> dict[str, Cell]:
        if self._cell.children is None:
            self._cell.children = {}
        return self._cell.children
