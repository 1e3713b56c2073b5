"""Tells each schedule when it is due: never early, and each due instant once per start.

Runs on the loop, and is the only owner of timers for due instants. Takes `Arm` from schedules, and
`Drain`; tells `FireDue` through the schedules' supervisor. A schedule that does not decide is told
again: nothing wedges, because a decided instant is decided once whatever is told.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from quarterjack.storage import ScheduleId
from quarterjack.storage.queries import due as stored_due

from .alarm_clock import AlarmClock
from .cast_member import CastMember
from .engine import Deliver, Reply, handles
from .environment import Environment
from .messages import Arm, Drain, FireDue

_PATIENCE = timedelta(seconds=30)
"""How long a schedule may take to decide before it is told again."""


class _Tick(NamedTuple):
    """Look at the clock."""


class _Watch(NamedTuple):
    """Look who has not decided."""


class Ticker(CastMember):
    """An alarm for each schedule that fires."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._alarms: AlarmClock[ScheduleId] = AlarmClock(self, _Tick())
        self._deciding: dict[ScheduleId, tuple[datetime, float]] = {}
        self._watching = False
        self._draining = False

    def on_start(self) -> None:
        self.hold()
        self.read(self._loaded, stored_due)

    def on_failure(self, *_: Any) -> None:
        self._alarms.stop()

    def on_stop(self) -> None:
        self._alarms.stop()

    @handles(Arm)
    def arm(self, message: Arm) -> None:
        key = message.schedule_id
        self._deciding.pop(key, None)
        if message.at is None:
            self._alarms.clear(key)
        else:
            self._alarms.set(key, message.at)

    @handles(Drain)
    def drain(self, _: Drain) -> None:
        self._draining = True
        self._alarms.stop()

    @handles(_Tick)
    def tick(self, _: _Tick) -> None:
        if self._draining:
            return
        for instant, key in self._alarms.due():
            self._fire(key, instant)
        self._alarms.wind()

    @handles(_Watch)
    def watch(self, _: _Watch) -> None:
        self._watching = False
        horizon = self.clock.monotonic() - _PATIENCE.total_seconds()
        for key, (instant, told) in list(self._deciding.items()):
            if told <= horizon:
                self._fire(key, instant)
        self._watch_later()

    def _loaded(self, reply: Reply[Any]) -> None:
        self._alarms.load(reply.get())
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
