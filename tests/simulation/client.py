"""A client that follows all events, stalls and comes back; what it hears must be durable, without a gap."""

import sqlite3
from typing import Any

from quarterjack.actors.broadcaster import Published
from quarterjack.actors.engine import Reply
from quarterjack.runtime.testing import VirtualRuntime

_PAGE = 40


def is_durable(outside: sqlite3.Connection, query: str, key: object) -> bool:
    """Whether a connection beside the writer's finds a row; it does not while that is in a transaction."""
    try:
        return outside.execute(query, (key,)).fetchone() is not None
    except sqlite3.OperationalError:
        return False


class Client:
    """Resumes after the last event that it has heard, as the WebSocket does."""

    def __init__(self, runtime: VirtualRuntime, outside: sqlite3.Connection) -> None:
        self._runtime = runtime
        self._outside = outside
        self.last = 0
        self.broken: list[str] = []
        self._number = 0
        self._ahead: list[int] = []
        self._is_live = False
        self._wants = False

    def follow(self) -> None:
        """Begin, or go on after a stall or a restart."""
        self._wants, self._is_live, self._ahead = True, False, []
        self._number += 1
        mine = self._number
        began = self._runtime.listen(self, f"all {mine}", "*", None)
        began.add_done_callback(lambda reply: self._began(reply, mine))

    def stall(self) -> None:
        """Take nothing any more."""
        self._wants = False

    def offer(self, published: Published, ids: tuple[str, ...]) -> bool:
        """As the broadcaster has it."""
        if not self._wants or ids != (f"all {self._number}",):
            return False
        seq = published.event.seq
        if not is_durable(self._outside, "SELECT 1 FROM events WHERE seq = ?", seq):
            self.broken.append(f"event {seq} was told before it was durable")
        if self._is_live:
            self._heard(seq)
        else:
            self._ahead.append(seq)
        return True

    def _began(self, reply: Reply[int], mine: int) -> None:
        if mine != self._number or not self._runtime.is_up:
            return
        try:
            until = reply.get()
        except Exception:
            self.follow()  # the broadcaster crashed
            return
        self._read(until, mine)

    def _read(self, until: int, mine: int) -> None:
        def read(reply: Reply[Any]) -> None:
            if mine != self._number or not self._runtime.is_up:
                return
            try:
                found = reply.get()
            except Exception:
                self.follow()
                return
            for event in found:
                self._heard(event.seq)
            if len(found) == _PAGE:
                self._read(until, mine)
                return
            self._is_live = True
            for seq in self._ahead:
                self._heard(seq)

        self._runtime.events(self.last, until, _PAGE).add_done_callback(read)

    def _heard(self, seq: int) -> None:
        if seq != self.last + 1:
            self.broken.append(f"event {seq} came after {self.last}")
        self.last = seq
