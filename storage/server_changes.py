"""What is stored about the server itself, and belongs to no schedule, workflow or execution."""

from collections.abc import Sequence
from dataclasses import dataclass

from .events import Event
from .transaction import Transaction


@dataclass(frozen=True, slots=True)
class TellOfServer:
    """Store that something happened to the server."""

    events: Sequence[Event]

    def apply(self, transaction: Transaction) -> None:
        """Nothing changes but that it is told."""
        transaction.emit(self.events)
