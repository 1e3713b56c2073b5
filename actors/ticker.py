"""Tells each schedule when it is due: never early, and each due instant once per start.

Runs on the loop, and is the only owner of timers for due instants. Takes `Arm` from schedules, and
`Drain`; tells `FireDue` through the schedules' supervisor.

Nothing wedges: a schedule that does not decide is told again, which is harmless, because a decided
instant is decided once whatever is told. Besides, the stored instants are compared with the clock every
minute; a schedule that is past its own and does not decide is told, and its actor restarted if it lives.

At a start with the clock before the newest stored event (a machine without a clock of its own wakes in
1970) nothing fires until the clock has come to that.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from quarterjack.storage import Event, QuarterjackError, ScheduleId
from quarterjack.storage.database import Reader
from quarterjack.storage.instants import format_instant, from_micros
from quarterjack.storage.latest import newest_event_at
from quarterjack.storage.queries import due as stored_due
from quarterjack.storage.queries import overdue
from quarterjack.storage.server_changes import TellOfServer

from .alarm_clock import AlarmClock
from .cast_member import ROOT, CastMember
from .engine import Deliver, Reply, WallJumps, handles
from .environment import Environment
from .messages import Arm, Drain, FireDue, StartAgain

logger = logging.getLogger("quarterjack.ticker")
_PATIENCE = timedelta(seconds=30)
"""How long a schedule may take to decide before it is told again."""
_OVERDUE = timedelta(seconds=60)
"""How long a stored instant may be past without being decided."""
_BEHIND = timedelta(seconds=1)
"""By how much the clock may be before the newest event at a start: clocks are corrected by such spans."""


class _Tick(NamedTuple):
    """Look at the clock."""


class _Watch(NamedTuple):
    """Look who has not decided."""


class _GoRound(NamedTuple):
    """Compare what is stored with the clock."""


class _LookAgain(NamedTuple):
    """Has the clock come to what is stored?"""


class _Stored(NamedTuple):
    """What a start begins with."""

    newest: datetime | None
    due: Any
    """As the alarm clock takes them: instants in microseconds, with whose they are."""


def _stored(reader: Reader) -> _Stored:
    return _Stored(newest_event_at(reader), stored_due(reader))


class _Deciding(NamedTuple):
    """A schedule that was told of an instant: since when it knows, and when it was told last."""

    instant: datetime
    since: float
    told: float


class Ticker(CastMember):
    """An alarm for each schedule that fires."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._alarms: AlarmClock[ScheduleId] = AlarmClock(self, _Tick())
        self._deciding: dict[ScheduleId, _Deciding] = {}
        self._watching = False
        self._going_round = False
        self._draining = False
        self._jumps: WallJumps

    def on_start(self) -> None:
        self._jumps = WallJumps(self.clock)
        self.hold()
        self.read(self._loaded, _stored)

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
            self._go_round_later()

    @handles(Drain)
    def drain(self, _: Drain) -> None:
        self._draining = True
        self._alarms.stop()

    @handles(_Tick)
    def tick(self, _: _Tick) -> None:
        if self._draining or self._is_behind():
            return
        self._look_for_jumps()
        for instant, key in self._alarms.due():
            self._fire(key, instant)
        self._alarms.wind()

    @handles(_Watch)
    def watch(self, _: _Watch) -> None:
        self._watching = False
        horizon = self.clock.monotonic() - _PATIENCE.total_seconds()
        for key, deciding in list(self._deciding.items()):
            if deciding.told <= horizon:
                self._fire(key, deciding.instant)
        self._watch_later()

    @handles(_GoRound)
    def go_round(self, _: _GoRound) -> None:
        self._going_round = False
        if self._draining:
            return
        self._go_round_later()
        if self._is_behind():
            return
        self._look_for_jumps()
        if self.environment.health.writable:  # else nobody can decide
            self.read(self._overdue, overdue, self.clock.now() - _OVERDUE)

    def _go_round_later(self) -> None:
        endless = self.environment.longest_sleep is not None
        if not self._going_round and (endless or len(self._alarms)):
            self._going_round = True
            self.send_after(self.environment.watch_every, _GoRound())

    def _overdue(self, reply: Reply[Any]) -> None:
        horizon = self.clock.monotonic() - _OVERDUE.total_seconds()
        for at, key in reply.get():
            deciding = self._deciding.get(key)
            if deciding is None or deciding.since <= horizon:
                self._deciding.pop(key, None)
                self._rescue(key, from_micros(at))

    def _rescue(self, key: ScheduleId, instant: datetime) -> None:
        self.environment.watch.rescued += 1
        logger.warning(
            "%s has not decided what was due at %s; made to",
            key,
            instant.isoformat(),
            extra={"scheduleId": key},
        )
        actor = self.system.find(f"{ROOT}/schedules/{key}")
        if actor is not None:
            actor.tell_control(StartAgain(instant))
        self._fire(key, instant)

    def _look_for_jumps(self) -> None:
        jump = self._jumps.look()
        if jump:
            self.environment.watch.clock_jumps += 1
            data = {"seconds": jump.total_seconds()}
            event = Event("server.clockChanged", self.clock.now(), data=data)
            self.commit(TellOfServer([event]), _told)
            logger.warning(
                "the wall clock went %s by %s; %s",
                "forward" if jump > timedelta(0) else "back",
                abs(jump),
                "missed instants follow the catchUp of their schedules"
                if jump > timedelta(0)
                else "no instant is decided a second time",
            )

    def _loaded(self, reply: Reply[Any]) -> None:
        found: _Stored = reply.get()
        now, newest = self.clock.now(), found.newest
        if newest is not None and now + _BEHIND < newest:
            self._fall_behind(now, newest)
        self._alarms.load(found.due)
        self.release()
        self._go_round_later()
        self.ref.tell(_Tick())

    def _fall_behind(self, now: datetime, newest: datetime) -> None:
        self.environment.watch.clock_behind = newest
        logger.error(
            "the clock says %s, which is before the newest event that is stored, of %s; "
            "nothing fires until the clock has come to that",
            format_instant(now),
            format_instant(newest),
        )
        self._look_again_later(newest - now)

    def _is_behind(self) -> bool:
        return self.environment.watch.clock_behind is not None

    @handles(_LookAgain)
    def look_again(self, _: _LookAgain) -> None:
        watch, now = self.environment.watch, self.clock.now()
        if watch.clock_behind is None or self._draining:
            return
        if now < watch.clock_behind:
            self._look_again_later(watch.clock_behind - now)
            return
        watch.clock_behind = None
        logger.warning(
            "the clock has come to the newest event that was stored; schedules fire again"
        )
        self.ref.tell(_Tick())

    def _look_again_later(self, span: timedelta) -> None:
        longest = self.environment.longest_sleep
        self.send_after(span if longest is None else min(span, longest), _LookAgain())

    def _fire(self, key: ScheduleId, instant: datetime) -> None:
        now, known = self.clock.monotonic(), self._deciding.get(key)
        since = known.since if known is not None and known.instant == instant else now
        self._deciding[key] = _Deciding(instant, since, now)
        self.cast.schedules.tell(Deliver(key, FireDue(instant)))
        self._watch_later()

    def _watch_later(self) -> None:
        if self._deciding and not self._watching:
            self._watching = True
            self.send_after(_PATIENCE, _Watch())


def _told(reply: Reply[Any]) -> None:
    try:
        reply.get()
    except QuarterjackError as error:
        logger.warning("that the clock was changed could not be stored: %s", error)
