"""One subscription of a WebSocket, and how far it was told: first by what is stored, then live.

While it replays, live events are not for it; it only keeps up to where they have come. When stored
events have come near, it joins the live ones at that point: those before are still read, those after
wait behind them.
"""

from quarterjack.storage import Event
from quarterjack.storage.events import topics

from .frames import Subscribe


class Subscription:
    """Stored events with `position` < seq ≤ `target` are still to be read for it."""

    __slots__ = ("id", "is_gone", "is_live", "is_ready", "key", "position", "target", "topic")

    def __init__(self, wanted: Subscribe) -> None:
        self.id = wanted.id
        self.topic = wanted.topic
        self.key = wanted.key
        self.position = 0
        self.target = 0
        self.is_live = False
        self.is_ready = False
        """Whether what it resumes after was found in order."""
        self.is_gone = False
        """Whether what waits for it is not to be sent any more."""

    def listen(self, seq: int) -> None:
        """Begin with live events after that one."""
        self.position = self.target = seq
        self.is_live = self.is_ready = True

    def resume(self, after: int, seq: int) -> None:
        """Begin with the stored events after that one; live ones have come to `seq`."""
        self.position = after
        self.target = max(after, seq)

    @property
    def replays(self) -> bool:
        """Whether stored events are still to be read for it, or it has to join."""
        return self.is_ready and (not self.is_live or self.position < self.target)

    def takes_live(self, seq: int) -> bool:
        """Whether a live event is to wait for it; else it will be read from the stored ones."""
        if self.is_live:
            return seq > self.target
        self.target = max(self.target, seq)
        return False

    def fall_back(self, first: int, last: int) -> None:
        """Be told from the stored ones again: live events from `first` to `last` were not."""
        if self.position == self.target:
            self.position = max(self.position, first - 1)
        self.target = max(self.target, last)
        self.is_live = False

    def matches(self, event: Event) -> bool:
        """Whether it is for events like that."""
        if self.topic == "*" and self.key is None:
            return True
        keys = (None, event.schedule_id, event.workflow_id, event.execution_id)
        return self.key in keys and self.topic in topics(event)
