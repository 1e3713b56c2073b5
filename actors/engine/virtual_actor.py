"""Actors whose address is always valid: the first message brings one to life, idleness puts it to sleep.

Each child has a restart history of its own: one that crashes too often is put in quarantine, is
retried slowly, and its neighbours notice nothing.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from .actor import handles
from .cell import Cell, CellState, ChildStopped
from .child_spec import ChildSpec
from .restart_intensity import Intensity, RestartHistory
from .supervisor import Supervisor, _RestartDue

_SLOW_RETRY = timedelta(minutes=1)


class Deliver(NamedTuple):
    """Hand a message to the virtual actor of that key; an ask is answered by that one."""

    key: str
    message: Any


class DeliverIfAwake(NamedTuple):
    """Hand a message to that actor if it is awake; one asleep will read the same from storage."""

    key: str
    message: Any


class _Sweep(NamedTuple):
    """Look who was idle since the last look."""


class VirtualActors(Supervisor):
    """Supervises actors made by `spec_of(key)`; they sleep after one to two spans of `idle`.

    With `idle` None they live until they stop by themselves.
    """

    def __init__(
        self,
        spec_of: Callable[[str], ChildSpec],
        *,
        idle: timedelta | None,
        intensity: Intensity = Intensity(3, timedelta(minutes=5)),
    ) -> None:
        super().__init__(intensity=intensity)
        self._spec_of = spec_of
        self._idle = idle
        self._histories: dict[str, RestartHistory] = {}
        self._handled: dict[str, int] = {}
        self._sweeping = False

    @handles(ChildStopped)
    def child_stopped(self, message: ChildStopped) -> None:
        """One that ended in order sleeps, whatever its spec says of restarts."""
        cell = message.child
        if self._cell.state is CellState.STOPPING:
            super().child_stopped(message)
        elif self.child(cell.spec.id) is cell:
            del self._children()[cell.spec.id]

    @handles(Deliver)
    def deliver(self, message: Deliver) -> object:
        cell = self.child(message.key)
        ref = self.start_child(self._spec_of(message.key)) if cell is None else cell.ref
        self._sweep_later()
        return self.forward(ref, message.message)

    @handles(DeliverIfAwake)
    def deliver_if_awake(self, message: DeliverIfAwake) -> None:
        cell = self.child(message.key)
        if cell is not None:
            cell.put(message.message)

    @handles(_Sweep)
    def sweep(self, _: _Sweep) -> None:
        children = self._children()
        for key, cell in list(children.items()):
            if cell.handled == self._handled.get(key) and _is_idle(cell):
                del children[key]
                cell.stop_now()
        self._handled = {key: cell.handled for key, cell in children.items()}
        self._sweeping = False
        if children:
            self._sweep_later()

    def _sweep_later(self) -> None:
        if self._idle is not None and not self._sweeping:
            self._sweeping = True
            self.send_after(self._idle, _Sweep())

    def history_of(self, cell: Cell) -> RestartHistory:
        """Each child's own."""
        history = self._histories.get(cell.spec.id)
        if history is None:
            history = self._histories[cell.spec.id] = RestartHistory(self._intensity)
        return history

    def gave_up(self, cell: Cell, error: BaseException) -> None:
        """Quarantine: say so, and try again slowly."""
        self.quarantined(cell.spec.id, error)
        self.send_after(_SLOW_RETRY, _RestartDue((cell,)))

    def quarantined(self, key: str, error: BaseException) -> None:
        """Called when a child is put in quarantine, for those who want to tell of it."""


def _is_idle(cell: Cell) -> bool:
    return cell.state is CellState.RUNNING and cell.pending == 0 and cell.mailbox.empty()
