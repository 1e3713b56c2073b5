"""The only writer: every change goes through its mailbox, and is committed in groups.

Runs on a thread of its own. Takes `Commit`, `Upkeep` and `Read`, all asks; tells the broadcaster `Announce`
and the deliveries `EventsArrived`.
An answer comes after the commit; nothing is announced before. While the database takes no writes
(locked, full, read-only), changes wait here and are retried; from `MOST_WAITING` on, new
work is refused, and what the cast says of its work (bounded by their number) is not. When it is
damaged, or its file is not there any more, nothing is written again.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from pykka._envelope import Envelope

from quarterjack.storage import DatabaseDamaged, Event, StorageUnavailable
from quarterjack.storage.database import Writer
from quarterjack.storage.errors import DatabaseMoved, StorageFailed
from quarterjack.storage.journal import Committed, Journal

from .cast_member import CastMember
from .engine import Reply, handles
from .environment import Environment
from .messages import Announce, Commit, EventsArrived, Read, Upkeep, UpkeepDone
from .writing_time import WritingTime

logger = logging.getLogger("quarterjack.state")
MOST_WAITING = 10_000
_TOLD_AT_ONCE = 50
"""Events; one change can have many thousands, and the loop is not to be held up by them."""
_FIRST_WAIT = timedelta(milliseconds=100)
_LONGEST_WAIT = timedelta(seconds=5)


class _Retry(NamedTuple):
    """Try again to write what waits."""


class _Look(NamedTuple):
    """Look whether the file is still there."""


class _NoCompany(NamedTuple):
    """Write what could wait for others' changes: there were none."""


class StateActor(CastMember):
    """`open_writer` is called on this actor's thread, each time it is started."""

    batches = True
    keeps_promises = True

    def __init__(self, environment: Environment, open_writer: Callable[[], Writer]) -> None:
        super().__init__(environment)
        self._open_writer = open_writer
        self._writer: Writer | None = None
        self._waiting: list[tuple[Commit | Upkeep, Reply[Any]]] = []
        self._upkeep: list[tuple[Commit | Upkeep, Reply[Any]]] = []
        self._wait: timedelta | None = None
        self._has_failed = False
        """The connection is not to be used again."""

    def on_start(self) -> None:
        self._writer = self._open_writer()
        self._journal = Journal(self._writer)
        self._time = WritingTime(self.clock.monotonic)
        self._look_later()

    def on_stop(self) -> None:
        self._flush_all()
        self._close()

    def on_failure(self, *_: Any) -> None:
        self._close()

    def unfinished(self) -> list[Any]:
        waiting = [*self._waiting, *self._upkeep]
        self._waiting, self._upkeep = [], []
        return [Envelope(commit, reply) for commit, reply in waiting]

    @handles(Commit)
    def commit_change(self, message: Commit) -> Reply[Any]:
        reply: Reply[Any] = Reply()
        if len(self._waiting) >= MOST_WAITING and not message.from_cast:
            raise StorageUnavailable(
                f"The database takes no writes, and {MOST_WAITING:,} changes wait already; "
                "try again later."
            )
        self._waiting.append((message, reply))
        if self._wait is not None:
            self.environment.health.waiting = len(self._waiting)
        return reply

    @handles(Upkeep)
    def commit_upkeep(self, message: Upkeep) -> Reply[Any]:
        reply: Reply[Any] = Reply()
        self._upkeep.append((message, reply))
        self.send_after(message.alone_after, _NoCompany())
        return reply

    @handles(_NoCompany)
    def have_no_company(self, _: _NoCompany) -> None:
        if self._upkeep and self._wait is None:
            self._flush_all()

    @handles(_Look)
    def look_at_the_file(self, _: _Look) -> None:
        if self._writer is None or self.environment.health.final:
            return
        try:
            self._writer.look()
        except DatabaseMoved as error:
            moved = error
            self._give_up(error)
            self.clock.call_later(0, lambda: self.environment.give_up(moved))
        except OSError as error:
            logger.warning("the database's file can't be looked at: %s", error)
        self._look_later()

    @handles(Read)
    def read_query(self, message: Read) -> Any:
        self._flush()
        assert self._writer is not None
        return message.query(self._writer.database, *message.arguments)

    def after_batch(self) -> None:
        if self._wait is None and self._waiting:
            self._flush_all()

    @handles(_Retry)
    def retry(self, _: _Retry) -> None:
        self._flush()

    def _flush_all(self) -> None:
        """Also what could wait for company, as the last."""
        upkeep, self._upkeep = self._upkeep, []
        self._waiting += upkeep
        self._flush()

    def _flush(self) -> None:
        if not self._waiting or self.environment.health.final:
            return
        try:
            if self._has_failed:
                self._open_anew()
            changes = [commit.change for commit, _ in self._waiting]
            committed = self._journal.commit(self._time.watched(changes))
        except (StorageUnavailable, DatabaseDamaged) as error:
            self._in_trouble(error)
            return
        if committed.trouble is None:
            self._available()
        self._tell(committed, self._taken())
        if committed.trouble is not None:
            self._in_trouble(committed.trouble)

    def _taken(self) -> float:
        """Seconds that the commit which is done took for upkeep, if that was in it."""
        if type(self._waiting[-1][0]) is Upkeep:
            return self._time.extra()
        self._time.committed()
        return 0.0

    def _tell(self, committed: Committed, upkeep_took: float) -> None:
        """Answer those whose changes were written, or refused, and let the others wait."""
        written = len(committed.outcomes)
        told, self._waiting = self._waiting[:written], self._waiting[written:]
        now = self._measure([commit for commit, _ in told], committed.events)
        for start in range(0, len(committed.events), _TOLD_AT_ONCE):
            some = committed.events[start : start + _TOLD_AT_ONCE]
            self.cast.broadcaster.tell(Announce(tuple(some), now))
        if committed.woken or committed.deliveries:
            self.tell_deliveries(EventsArrived(committed.woken, committed.deliveries))
        for (commit, reply), outcome in zip(told, committed.outcomes, strict=True):
            if isinstance(outcome, BaseException):
                reply.set_exception(outcome)
            elif type(commit) is Upkeep:
                reply.set(UpkeepDone(outcome, upkeep_took, not self.actor_inbox.empty()))
            else:
                reply.set(outcome)

    def _measure(self, commits: Iterable[Commit | Upkeep], events: Iterable[Event]) -> float:
        """Note what was committed, and how long it took; the (monotonic) time."""
        now, measures = self.clock.monotonic(), self.environment.measures
        for commit in commits:
            if commit.told_at is not None:
                measures.commits.record(now - commit.told_at)
        measures.committed(events)
        return now

    def _in_trouble(self, error: StorageUnavailable | DatabaseDamaged) -> None:
        if isinstance(error, DatabaseDamaged):
            self._give_up(error)
            return
        self._has_failed |= isinstance(error, StorageFailed)
        self._unavailable(error)

    def _unavailable(self, error: StorageUnavailable) -> None:
        health = self.environment.health
        health.writable, health.problem, health.waiting = False, str(error), len(self._waiting)
        self._wait = min(self._wait * 2, _LONGEST_WAIT) if self._wait else _FIRST_WAIT
        logger.error("%s (%d changes wait, next try in %s)", error, health.waiting, self._wait)
        self.send_after(self._wait, _Retry())

    def _available(self) -> None:
        health = self.environment.health
        health.waiting = 0
        if self._wait is not None:
            self._wait = None
            health.writable, health.problem = True, ""
            logger.warning("the database takes writes again")

    def _open_anew(self) -> None:
        """What was written before an I/O error is not relied on: read again what is there."""
        assert self._writer is not None
        self._writer.reopen()
        self._journal = Journal(self._writer)
        self._has_failed = False

    def _give_up(self, error: DatabaseDamaged | DatabaseMoved) -> None:
        """What waits is neither stored nor answered; the server is to be ended and the database mended."""
        self.environment.health.give_up(str(error))
        logger.critical("nothing more is written: %s", error)

    def _look_later(self) -> None:
        if self.environment.look_every is not None:
            self.send_after(self.environment.look_every, _Look())

    def _close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
