"""What a supervisor knows of a child: how to make it, and what to do when it ends (OTP's child spec)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from .errors import ChildSpecError
from .restart_intensity import Backoff


class Restart(StrEnum):
    """When a child that ended is made anew."""

    PERMANENT = "permanent"
    """Always."""
    TRANSIENT = "transient"
    """After a crash only."""
    TEMPORARY = "temporary"
    """Never."""


class Placement(StrEnum):
    """On which thread an actor runs."""

    LOOP = "loop"
    """Together with all others on the asyncio loop: its handlers must not block."""
    THREAD = "thread"
    """On a thread of its own: its handlers may block."""


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """Refuses combinations that mean nothing. `mailbox_limit` None: unbounded."""

    id: str
    start: Callable[[], Any]
    restart: Restart = Restart.PERMANENT
    shutdown: timedelta = timedelta(seconds=5)
    placement: Placement = Placement.LOOP
    backoff: Backoff | None = None
    mailbox_limit: int | None = None
    kind: str = "worker"

    def __post_init__(self) -> None:
        if not self.id or "/" in self.id:
            raise ChildSpecError(f"{self.id!r} is no child id: it is a part of a path")
        if self.restart is Restart.TEMPORARY and self.backoff is not None:
            raise ChildSpecError(f"{self.id}: a temporary child is never restarted; drop backoff")
        if self.mailbox_limit is not None and self.mailbox_limit < 1:
            raise ChildSpecError(f"{self.id}: a mailbox holds at least one message")
        if self.shutdown < timedelta(0):
            raise ChildSpecError(f"{self.id}: shutdown is a span of time, 0 or more")
