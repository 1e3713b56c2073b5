"""Deletes what the settings say need not be kept, and gives its space back: in small commits with pauses.

Runs on the loop. Takes `GoRound`, which it tells itself; tells the state actor `Commit`. A pause is four
times as long as the commit before it took, so a busy writer is left alone, and an idle one is done soon.
Goes on from the beginning after a crash: what is deleted is deleted, and nothing else is remembered.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple

from quarterjack.storage.giving_back import GiveBack
from quarterjack.storage.pruning import BEGIN, Keep, Place, Prune, Pruned
from quarterjack.storage.transaction import Change

from .cast_member import CastMember
from .engine import Reply, Timer, handles
from .environment import Environment

logger = logging.getLogger("quarterjack.janitor")
SETTLED: Final = timedelta(minutes=1)
"""How long an execution that has ended stays whatever the settings say, for those who wait for its end."""
_ROWS: Final = 100
"""Deleted by one commit."""
_PAGES: Final = 64
"""Given back by one: more than so many rows take."""
_SHORTEST_PAUSE: Final = timedelta(milliseconds=20)
_PAUSES: Final = 4


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept: what is younger than `age`, the `newest` executions of each workflow however old, and
    of each workflow `at_most` so many. None: no bound."""

    age: timedelta | None = None
    newest: int = 0
    at_most: int | None = None

    @property
    def is_endless(self) -> bool:
        """Whether all is kept."""
        return self.age is None and self.at_most is None


class GoRound(NamedTuple):
    """Begin a round; comes by itself, and is without effect during one."""


class _GoOn(NamedTuple):
    """The pause is over."""


class Janitor(CastMember):
    """One per runtime; without a bound it does nothing."""

    def __init__(self, environment: Environment, retention: Retention) -> None:
        super().__init__(environment)
        self._retention = retention
        self._place: Place | None = None
        self._found = Pruned()
        self._told_at = 0.0
        self._at_work = False
        self._has_deleted = False
        self._timer: Timer | None = None

    def on_start(self) -> None:
        self._rest()

    def on_stop(self) -> None:
        self._unwind()

    def on_failure(self, *_: Any) -> None:
        self._unwind()

    @handles(GoRound)
    def go_round(self, _: GoRound) -> None:
        if self._at_work:
            return
        self._at_work = True
        self._unwind()
        self._place, self._found = BEGIN, Pruned()
        self._step()

    @handles(_GoOn)
    def go_on(self, _: _GoOn) -> None:
        self._step()

    def _step(self) -> None:
        if not self.environment.health.writable:
            self._rest()  # others wait for the database, too
        elif self._place is None or self._has_deleted:
            self._write(GiveBack(_PAGES), self._gave_back)
        else:
            self._write(Prune(self._keep(), most=_ROWS, place=self._place), self._pruned)

    def _keep(self) -> Keep:
        retention, now = self._retention, self.clock.now()
        before = None if retention.age is None else now - retention.age
        return Keep(before, retention.newest, retention.at_most, now - SETTLED)

    def _write(self, change: Change[Any], then: Any) -> None:
        self._told_at = self.clock.monotonic()
        self.commit(change, then)

    def _pruned(self, reply: Reply[Pruned]) -> None:
        try:
            found = reply.get()
        except Exception as error:
            self._give_up(error)
            return
        self._found = self._found + found
        self._place, self._has_deleted = found.place, found.rows > 0
        self._pause()

    def _gave_back(self, reply: Reply[bool]) -> None:
        try:
            more = reply.get()
        except Exception as error:
            self._give_up(error)
            return
        self._has_deleted = False
        if more or self._place is not None:
            self._pause()
            return
        if self._found.rows:
            logger.info("deleted what need not be kept: %s", self._found)
        self._rest()

    def _give_up(self, error: Exception) -> None:
        logger.warning("what need not be kept stays for now: %s", error)
        self._rest()

    def _pause(self) -> None:
        taken = timedelta(seconds=self.clock.monotonic() - self._told_at)
        self._timer = self.send_after(max(_SHORTEST_PAUSE, _PAUSES * taken), _GoOn())

    def _rest(self) -> None:
        """Until the next round."""
        self._at_work = False
        if not self._retention.is_endless:
            self._timer = self.send_after(self.environment.watch_every, GoRound())

    def _unwind(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
