"""Deletes what the settings say need not be kept, and gives its space back, without keeping others waiting.

Runs on the loop. Takes `GoRound`, which it tells itself, and `PruneNow`, an ask; asks the state actor
`Upkeep`, one after the other. Each takes so few rows that no write waits longer than 5 ms for it, as far as
the times of those before it tell; then comes a pause of several times as long. Goes on from the
beginning after a crash: what is deleted is deleted, and nothing else is remembered.
"""

import logging
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple

from quarterjack.storage import StorageUnavailable
from quarterjack.storage.giving_back import GiveBack, GivenBack
from quarterjack.storage.pruning import Keep, Pruned
from quarterjack.storage.transaction import Change

from .cast_member import CastMember
from .engine import Reply, Timer, handles
from .environment import Environment
from .messages import Upkeep, UpkeepDone
from .policies.pace import Pace
from .sweep import Sweep

logger = logging.getLogger("quarterjack.janitor")
SETTLED: Final = timedelta(minutes=1)
"""How long an execution that has ended stays whatever the settings say, for those who wait for its end."""
_GIVING_EVERY: Final = 16
"""Steps, while there is more to delete."""


class Manner(NamedTuple):
    """How much room it leaves to others."""

    company: timedelta
    """How long a step waits for a change of others to be committed with."""
    pause: timedelta
    """The least between two steps."""
    rest: int
    """A pause is so many times as long as the step before it took from others,"""
    long_rest: int
    """and so many times when others were waiting meanwhile."""


# A fifth of the writer's time at the most, and half of that while others write.
CALM: Final = Manner(timedelta(milliseconds=20), timedelta(milliseconds=20), 4, 9)
BEHIND: Final = Manner(timedelta(milliseconds=10), timedelta(milliseconds=10), 2, 4)
"""When a round takes longer than the time to the next one: there is very much, or more comes than goes."""
BRISK: Final = Manner(timedelta(milliseconds=1), timedelta(milliseconds=1), 1, 2)
"""When somebody waits for it."""
_LONG: Final = 10.0
"""Seconds after which who waits is told what was deleted up to now, if anything was."""


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


class PruneNow(NamedTuple):
    """Ask: delete up to `most` rows of what need not be kept. Answered with `Pruned`; before it is done, when
    that takes long and some were deleted."""

    keep: Keep
    workflow_id: str | None
    most: int


class _GoOn(NamedTuple):
    """The pause is over."""


class _Asked(NamedTuple):
    """What somebody waits for."""

    keep: Keep
    sweep: Sweep
    reply: Reply[Pruned]
    began: float


class Janitor(CastMember):
    """One per runtime; without a bound it does only what it is asked for."""

    def __init__(self, environment: Environment, retention: Retention) -> None:
        super().__init__(environment)
        self._retention = retention
        self._round: Sweep | None = None
        self._asked: deque[_Asked] = deque()
        self._may_give = False
        """Something was deleted, so there may be pages to give back."""
        self._is_at_work = False
        self._steps, self._began = 0, 0.0
        self._rows, self._pages = Pace(), Pace()
        self._timers: dict[type, Timer] = {}

    def on_start(self) -> None:
        self._next_round()

    def on_stop(self) -> None:
        self._unwind()

    def on_failure(self, *_: Any) -> None:
        self._unwind()

    @handles(GoRound)
    def go_round(self, _: GoRound) -> None:
        if self._round is None:
            self._round, self._began = Sweep(), self.clock.monotonic()
            self._wake()

    @handles(PruneNow)
    def prune_now(self, message: PruneNow) -> Reply[Pruned]:
        reply: Reply[Pruned] = Reply()
        sweep = Sweep(message.workflow_id, message.most)
        self._asked.append(_Asked(message.keep, sweep, reply, self.clock.monotonic()))
        self._wake()
        return reply

    @handles(_GoOn)
    def go_on(self, _: _GoOn) -> None:
        self._step()

    def _wake(self) -> None:
        if not self._is_at_work:
            self._is_at_work = True
            self._step()

    def _step(self) -> None:
        self._steps += 1
        if not self.environment.health.writable:
            self._give_up("the database takes no writes")  # others wait for it, too
        elif self._may_give and (self._steps % _GIVING_EVERY == 0 or not self._is_deleting):
            self._write(GiveBack(self._pages.amount), self._gave_back)
        elif self._asked:
            asked = self._asked[0]
            self._write(
                asked.sweep.next(asked.keep, self._rows, self.clock.monotonic), self._pruned_asked
            )
        elif self._round is not None:
            self._write(
                self._round.next(self._keep(), self._rows, self.clock.monotonic), self._pruned
            )
        else:
            self._is_at_work = False

    @property
    def _is_deleting(self) -> bool:
        return bool(self._asked) or self._round is not None

    @property
    def _manner(self) -> Manner:
        if self._asked:
            return BRISK
        lasted = timedelta(seconds=self.clock.monotonic() - self._began)
        return BEHIND if self._round and lasted > self.environment.watch_every else CALM

    def _keep(self) -> Keep:
        retention, now = self._retention, self.clock.now()
        before = None if retention.age is None else now - retention.age
        return Keep(before, retention.newest, retention.at_most, now - SETTLED)

    def _write(self, change: Change[Any], then: Any) -> None:
        self.request(self.cast.state, Upkeep(change, self._manner.company), then)

    def _pruned(self, reply: Reply[UpkeepDone]) -> None:
        done, sweep = self._done(reply), self._round
        if done is None or sweep is None:
            return
        self._count(sweep, done)
        if sweep.is_done:
            self._end_round()
            if sweep.found.rows:
                logger.info("deleted what need not be kept: %s", sweep.found)
        self._pause(done)

    def _pruned_asked(self, reply: Reply[UpkeepDone]) -> None:
        done = self._done(reply)
        if done is None:
            return
        asked = self._asked[0]
        self._count(asked.sweep, done)
        self._pause(done)
        is_late = self.clock.monotonic() - asked.began > _LONG and asked.sweep.found.rows > 0
        if asked.sweep.is_done or is_late:
            self._asked.popleft()
            asked.reply.set(asked.sweep.found)

    def _count(self, sweep: Sweep, done: UpkeepDone) -> None:
        pruned: Pruned = done.outcome
        sweep.went(pruned)
        self._rows = self._rows.after(pruned.touched, done.seconds)
        self._may_give |= pruned.touched > 0

    def _gave_back(self, reply: Reply[UpkeepDone]) -> None:
        done = self._done(reply)
        if done is None:
            return
        given: GivenBack = done.outcome
        self._pages = self._pages.after(given.pages, done.seconds)
        self._may_give = given.more
        self._pause(done)

    def _done(self, reply: Reply[UpkeepDone]) -> UpkeepDone | None:
        try:
            return reply.get()
        except Exception as error:
            self._give_up(error)
            return None

    def _give_up(self, error: Exception | str) -> None:
        logger.warning("what need not be kept stays for now: %s", error)
        self._is_at_work = self._may_give = False
        self._end_round()
        while self._asked:
            self._asked.popleft().reply.set_exception(
                error if isinstance(error, Exception) else StorageUnavailable(error)
            )

    def _pause(self, done: UpkeepDone) -> None:
        manner = self._manner
        times = manner.long_rest if done.is_awaited else manner.rest
        rest = times * timedelta(seconds=done.seconds)
        self._after(max(manner.pause, rest), _GoOn())

    def _end_round(self) -> None:
        if self._round is not None:
            self._round = None
            self._next_round()

    def _next_round(self) -> None:
        if not self._retention.is_endless:
            self._after(self.environment.watch_every, GoRound())

    def _after(self, span: timedelta, message: GoRound | _GoOn) -> None:
        self._timers[type(message)] = self.send_after(span, message)

    def _unwind(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
