"""Alarms by key: one heap, and one timer to the next of them.

Never early by the wall clock, and at most `longest_sleep` late when that jumps. Belongs to one actor,
which is told a message of its own when it should look, and then asks what is due.
"""

import heapq
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from quarterjack.storage.instants import from_micros, to_micros

from .cast_member import CastMember
from .engine import Timer

K = TypeVar("K", bound=str)
_SPARE = 64
"""How many replaced alarms may lie about before they are cleared away."""


class AlarmClock(Generic[K]):
    """At most one alarm for each key; those that were replaced are dropped when they surface."""

    def __init__(self, owner: CastMember, look: Any) -> None:
        self._owner = owner
        self._look = look
        self._heap: list[tuple[int, K]] = []
        self._set: dict[K, int] = {}
        self._timer: Timer | None = None
        self._stopped = False

    def __len__(self) -> int:
        return len(self._set)

    def load(self, alarms: list[tuple[int, K]]) -> None:
        """Set many at once (in microseconds since 1970), instead of all before; no timer yet."""
        self._heap = alarms
        self._set = {key: at for at, key in alarms}
        heapq.heapify(self._heap)

    def set(self, key: K, at: datetime) -> None:
        """Ring for this key then, and not when it was to before."""
        micros = to_micros(at)
        if len(self._heap) > 2 * len(self._set) + _SPARE:
            self.load([(alarm, each) for each, alarm in self._set.items()])
        self._set[key] = micros
        heapq.heappush(self._heap, (micros, key))
        if self._heap[0][1] == key:
            self.wind()

    def clear(self, key: K) -> None:
        """Don't ring for this key."""
        self._set.pop(key, None)

    def due(self) -> list[tuple[datetime, K]]:
        """What rings by now, earliest first; each once."""
        now = to_micros(self._owner.clock.now())
        found, heap = [], self._heap
        while heap and (heap[0][0] <= now or self._is_stale(*heap[0])):
            at, key = heapq.heappop(heap)
            if not self._is_stale(at, key):
                del self._set[key]
                found.append((from_micros(at), key))
        return found

    def wind(self) -> None:
        """Set the timer to the next alarm."""
        self._unwind()
        if self._stopped or not self._heap:
            return
        owner = self._owner
        sleep = max(timedelta(0), from_micros(self._heap[0][0]) - owner.clock.now())
        longest = owner.environment.longest_sleep
        if longest is not None:
            sleep = min(sleep, longest)
        self._timer = owner.send_after(sleep, self._look)

    def stop(self) -> None:
        """Ring no more."""
        self._stopped = True
        self._unwind()

    def _unwind(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_stale(self, at: int, key: K) -> bool:
        return self._set.get(key) != at
