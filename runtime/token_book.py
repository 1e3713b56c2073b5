"""The tokens in memory, so that a request costs no read: looked up from any thread.

What is created or revoked through the runtime is known here before whoever asked for it is answered.
"""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from quarterjack.actors.engine import Clock
from quarterjack.storage import TokenId
from quarterjack.storage.tokens import StoredToken, Token, digest_of

Ended = Callable[[], None]
_USE_IS_STORED_EVERY: Final = timedelta(hours=1)
_LOOK_SECONDS: Final = 2.0
"""Also the wall clock may be set, so nobody waits for the very moment at which a token expires."""
_NO_DIGEST: Final = bytes(32)


class TokenBook:
    """Every token of a database by the hash of its text."""

    def __init__(self) -> None:
        self._by_digest: dict[bytes, StoredToken] = {}
        self._by_id: dict[TokenId, StoredToken] = {}

    def __len__(self) -> int:
        """How many were ever made."""
        return len(self._by_id)

    def load(self, found: Iterable[StoredToken]) -> None:
        """Know these, and no others."""
        by_id = {each.token.id: each for each in found}
        self._by_digest = {each.digest: each for each in by_id.values()}
        self._by_id = by_id

    def enter(self, stored: StoredToken) -> None:
        """Know one more, or one better."""
        self._by_id[stored.token.id] = stored
        self._by_digest[stored.digest] = stored

    def revoke(self, token: Token) -> None:
        """Know that it is revoked."""
        known = self._by_id.get(token.id)
        if known is not None:
            self.enter(replace(known, token=replace(known.token, revoked_at=token.revoked_at)))

    def find(self, secret: str, now: datetime) -> Token | None:
        """The token with that text, if it is valid now. Takes as long for texts that no token has."""
        digest = digest_of(secret)
        stored = self._by_digest.get(digest)
        if stored is None:
            hmac.compare_digest(_NO_DIGEST, digest)
            return None
        if not stored.is_of(digest) or not stored.token.is_valid(now):
            return None
        return stored.token

    def is_valid(self, key: TokenId, now: datetime) -> bool:
        """Whether there is such a token, neither revoked nor expired."""
        known = self._by_id.get(key)
        return known is not None and known.token.is_valid(now)

    def use(self, token: Token, now: datetime) -> bool:
        """Know that it is used; whether that is worth storing."""
        last, known = token.last_used_at, self._by_id.get(token.id)
        if known is None or (last is not None and abs(now - last) < _USE_IS_STORED_EVERY):
            return False
        self.enter(replace(known, token=replace(known.token, last_used_at=now)))
        return True


class TokenWatches:
    """Who wants to know when a token is worth nothing any more. Lives on the actors' loop."""

    def __init__(self, book: TokenBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._watches: dict[TokenId, list[Ended]] = {}
        self._is_looking = False

    def add(self, key: TokenId, ended: Ended) -> Callable[[], None]:
        """Call back once, within some seconds; what this gives ends the watch."""
        self._watches.setdefault(key, []).append(ended)
        self._look_later()

        def end() -> None:
            watching = self._watches.get(key, [])
            if ended in watching:
                watching.remove(ended)
            if not watching:
                self._watches.pop(key, None)

        return end

    def look_soon(self) -> None:
        """A token was revoked; from any thread."""
        self._clock.call_later(0, self._look)

    def _look(self) -> None:
        now = self._clock.now()
        for key in [key for key in self._watches if not self._book.is_valid(key, now)]:
            for ended in self._watches.pop(key):
                ended()

    def _look_later(self) -> None:
        if self._watches and not self._is_looking:
            self._is_looking = True
            self._clock.call_later(_LOOK_SECONDS, self._look_again)

    def _look_again(self) -> None:
        self._is_looking = False
        self._look()
        self._look_later()
