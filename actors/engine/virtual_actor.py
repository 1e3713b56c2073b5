"""Actors whose address is always valid: the first message brings one to life, idleness puts it to sleep.

One that ends by itself and is told something meanwhile is made anew for it, so nothing falls between
the old one and the next.

Each child has a restart history of its own: one that crashes too often is put in quarantine, is
retried slowly, and its neighbours notice nothing.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pykka
from pykka._envelope import Envelope

from .actor import FORWARDED, handles
from .cell import Cell, CellState, ChildStopped
from .child_spec import ChildSpec
from .errors import MailboxFull
from .ref import Ref
from .reply import Reply
from .restart_intensity import Intensity, RestartHistory
from .supervisor import Supervisor, _RestartDue

_SLOW_RETRY = timedelta(minutes=1)


class Deliver(NamedTuple):
    """Hand a message to the virtual actor of that key; an ask is answered by that one.

    `first` is what it is told before, if it is made for this message.
    """

    key: str
    message: Any
    first: Any = None


class DeliverIfAwake(NamedTuple):
    """Hand a message to that actor if it is awake; one asleep will read the same from storage."""

    key: str
    message: Any


class _Sweep(NamedTuple):
    """Look who was idle since the last look."""


class _Kept(NamedTuple):
    """A message for the next actor of a key, with who waits for its answer."""

    message: Any
    first: Any
    asker: Reply[Any] | None

    def to(self, ref: Ref[Any]) -> None:
        if self.asker is None:
            ref.tell(self.message)
        elif not ref.cell.put(Envelope(self.message, self.asker)):
            self.asker.settle(error=MailboxFull(f"{ref!r} has too much to do; try again later"))


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
        self._kept: dict[str, list[_Kept]] = {}

    @handles(ChildStopped)
    def child_stopped(self, message: ChildStopped) -> None:
        """One that ended in order sleeps, whatever its spec says of restarts."""
        cell = message.child
        if self._cell.state is CellState.STOPPING:
            super().child_stopped(message)
            return
        key = cell.spec.id
        if self.child(key) is cell:
            del self._children()[key]
        if self._is_leaving(key):  # another one, later
            return
        for kept in self._kept.pop(key, ()):
            kept.to(self._awake(key, kept.first))

    @handles(Deliver)
    def deliver(self, message: Deliver) -> object:
        self._sweep_later()
        if self._is_leaving(message.key):
            self._keep(message)
            return FORWARDED
        return self.forward(self._awake(message.key, message.first), message.message)

    @handles(DeliverIfAwake)
    def deliver_if_awake(self, message: DeliverIfAwake) -> None:
        cell = self.child(message.key)
        if message.key in self._kept:
            self._keep(Deliver(*message))
        elif cell is not None and not cell.leaving:
            cell.put(message.message)

    def unfinished(self) -> list[Any]:
        """What was kept for those who come after the ones that leave."""
        kept, self._kept = self._kept, {}
        return [
            Envelope(Deliver(key, each.message, each.first), each.asker)
            for key, those in kept.items()
            for each in those
        ]

    def on_stop(self) -> None:
        """Nobody comes after those that leave now."""
        for envelope in self.unfinished():
            self.system.dead_letters.add(self._cell.path, envelope.message, "stopped")
            if envelope.reply_to is not None:
                error = pykka.ActorDeadError(f"{self._cell.path} has stopped")
                envelope.reply_to.settle(error=error)

    def _awake(self, key: str, first: Any) -> Ref[Any]:
        cell = self.child(key)
        if cell is not None:
            return cell.ref
        ref = self.start_child(self._spec_of(key))
        if first is not None:
            ref.tell(first)
        return ref

    def _is_leaving(self, key: str) -> bool:
        cell = self.child(key)
        return cell is not None and cell.leaving

    def _keep(self, message: Deliver) -> None:
        """For the next one of that key: what is put behind a stop is never handled."""
        kept = _Kept(message.message, message.first, self._cell.asker)
        self._kept.setdefault(message.key, []).append(kept)

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
