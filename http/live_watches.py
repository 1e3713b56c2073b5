"""What one client of the WebSocket watches, and which state of it he has. Runs on the loop.

He is told of the newest state when he is ready for it: older ones never wait for him.
"""

from .frames import Codec
from .live_queue import LiveQueue
from .live_states import LiveState


class _Watch:
    """A subscription to a state."""

    __slots__ = ("had", "id", "state")

    def __init__(self, key: str, state: LiveState) -> None:
        self.id = key
        self.state = state
        self.had = 0


class LiveWatches:
    """By the ids of their subscriptions."""

    def __init__(self, queue: LiveQueue) -> None:
        self._queue = queue
        self._by_id: dict[str, _Watch] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, key: str) -> bool:
        return key in self._by_id

    def add(self, key: str, state: LiveState) -> None:
        """Watch it, by that id. Raises `RuntimeNotStarted`."""
        self.remove(key)
        state.join(self)
        self._by_id[key] = _Watch(key, state)

    def remove(self, key: str) -> bool:
        """Watch it no more; whether that was watched."""
        gone = self._by_id.pop(key, None)
        if gone is None:
            return False
        if all(each.state is not gone.state for each in self._by_id.values()):
            gone.state.leave(self)
        return True

    def clear(self) -> None:
        """Watch nothing any more."""
        for key in list(self._by_id):
            self.remove(key)

    def state_changed(self, topic: str) -> None:
        """There is something newer; the writer asks for it when it comes to that."""
        self._queue.put_state(topic)

    async def frames(self, topic: str, codec: Codec, *, limited: bool) -> list[bytes]:
        """What the client does not have yet of that topic; from here on he has it."""
        found = []
        for had, watches in self._behind(topic).items():
            frame = watches[0].state.source.frame(had, limited=limited)
            for each in watches:
                each.had = each.state.source.version
            if frame is not None:
                found.append((frame, watches))
        for frame, _ in found:
            await frame.encode(codec)
        written = []
        for frame, watches in found:
            ids = tuple(each.id for each in watches if self._by_id.get(each.id) is each)
            if ids:
                written.append(frame.written(codec, ids))
        return written

    def _behind(self, topic: str) -> dict[int, list[_Watch]]:
        """Those that have an older state, by which."""
        found: dict[int, list[_Watch]] = {}
        for each in self._by_id.values():
            if each.state.source.topic == topic:
                found.setdefault(each.had, []).append(each)
        return found
