"""Tells each schedule when it is due: never early, and each due instant once per start.

Runs on the loop, and is the only owner of timers for due instants. Takes `Arm` from schedules, and
`Drain`; tells `FireDue` through the schedules' supervisor. A schedule that does not decide is told
again: nothing wedges, because a decided instant is decided once whatever is told.
"""

import heapq
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from quarterjack.storage import ScheduleId
from quarterjack.storage.instants import from_micros, to_micros
from quarterjack.storage.queries import Due
from quarterjack.storage.queries import due as stored_due

from .cast_member import CastMember
from .engine import Deliver, Reply, Timer, handles
from .environment import Environment
from .messages import Arm, Drain, FireDue

_PATIENCE = timedelta(seconds=30)
"""How long a schedule may take to decide before it is told again."""


class _Tick(NamedTuple):
    """Look at the clock."""


class _Watch(NamedTuple):
    """Look who has not decided."""


class Ticker(CastMember):
    """A heap of (due instant, schedule); entries that were replaced are dropped when they surface."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._heap: list[Due] = []
        self._armed: dict[ScheduleId, int] = {}
        self._deciding: dict[ScheduleId, tuple[datetime, float]] = {}
        self._timer: Timer | None = None
        self._watching = False
        self._draining = False

    def on_start(self) -> None:
        self.hold()
        self.read(self._loaded, stored_due)

    def on_failure(self, *_: Any) -> None:
        self._disarm()

    def on_stop(self) -> None:
        self._disarm()

    @handles(Arm)
    def arm(self, message: Arm) -> None:
        key = message.schedule_id
        self._deciding.pop(key, None)
        if message.at is None:
            self._armed.pop(key, None)
            return
        at = to_micros(message.at)
        self._armed[key] = at
        heapq.heappush(self._heap, Due(at, key))
        if self._heap[0].schedule_id == key:
            self._set_timer()

    @handles(Drain)
    def drain(self, _: Drain) -> None:
        self._draining = True
        self._disarm()

    @handles(_Tick)
    def tick(self, _: _Tick) -> None:
        if self._draining:
            return
        now = to_micros(self.clock.now())
        heap = self._heap
        while heap and (heap[0].at <= now or self._is_stale(heap[0])):
            due = heapq.heappop(heap)
            if not self._is_stale(due):
                del self._armed[due.schedule_id]
                self._fire(due.schedule_id, from_micros(due.at))
        self._set_timer()

    @handles(_Watch)
    def watch(self, _: _Watch) -> None:
        self._watching = False
        horizon = self.clock.monotonic() - _PATIENCE.total_seconds()
        for key, (instant, told) in list(self._deciding.items()):
            if told <= horizon:
                self._fire(key, instant)
        self._watch_later()

    def _loaded(self, reply: Reply[Any]) -> None:
        self._heap = reply.get()
        self._armed = {due.schedule_id: due.at for due in self._heap}
        heapq.heapify(self._heap)
        self.release()
        self.ref.tell(_Tick())

    def _fire(self, key: ScheduleId, instant: datetime) -> None:
        self._deciding[key] = (instant, self.clock.monotonic())
        self.cast.schedules.tell(Deliver(key, FireDue(instant)))
        self._watch_later()

    def _watch_later(self) -> None:
        if self._deciding and not self._watching:
            self._watching = True
            self.send_after(_PATIENCE, _Watch())

    def _is_stale(self, due: Due) -> bool:
        return self._armed.get(due.schedule_id) != due.at

    def _set_timer(self) -> None:
        self._disarm()
        if self._draining or not self._heap:
            return
        sleep = max(timedelta(0), from_micros(self._heap[0].at) - self.clock.now())
        if self.environment.longest_sleep is not None:
            sleep = min(sleep, self.environment.longest_sleep)
        self._timer = self.send_after(sleep, _Tick())

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
