"""What can be asked of a runtime about tokens, and about who did what with them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.actors.messages import Commit
from quarterjack.storage import IdSource, Role, TokenId
from quarterjack.storage import tokens as t
from quarterjack.storage.audit import AuditEntry, AuditFilter, audit
from quarterjack.storage.audit_changes import RecordAudit
from quarterjack.storage.database import Address
from quarterjack.storage.queries import Page, PageRequest
from quarterjack.storage.token_changes import CreateToken, RevokeToken, TokenUsed
from quarterjack.storage.transaction import Change

from .assembly import Assembly
from .token_book import TokenBook, TokenWatches
from .token_request import new_token

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made, with its text: nothing will ever show that again."""

    token: t.Token
    secret: str = field(repr=False)


class TokenCalls(ABC):
    """The calls; who inherits says how a call is made."""

    _ids: IdSource
    _address: Address
    _tokens: TokenBook
    _token_watches: TokenWatches | None = None

    def create_token(
        self,
        name: str,
        role: Role | str,
        *,
        workflows: Iterable[str] | None = None,
        expires_at: datetime | str | None = None,
        expires_in: timedelta | str | float | None = None,
    ) -> Reply[NewToken]:
        """Make a token: valid at once, for all workflows or only for those. Raises `InvalidInput`."""
        given = {
            "name": name,
            "role": role,
            "workflows": None if workflows is None else list(workflows),
            "expiresAt": expires_at,
            "expiresIn": expires_in,
        }

        return self.create_token_from(given)

    def create_token_from(self, given: Mapping[str, Any]) -> Reply[NewToken]:
        """The same from the outside interface's camelCase form."""

        def create(assembly: Assembly) -> Reply[NewToken]:
            stored, secret = new_token(given, self._ids, assembly.clock.now())

            def made(token: t.Token) -> NewToken:
                self._tokens.enter(stored)
                return NewToken(token, secret)

            return self._ask(assembly, CreateToken(stored)).map(made)

        return self._call(create)

    def list_tokens(self, page: PageRequest = PageRequest()) -> Reply[Page[t.Token]]:
        """Tokens, oldest first; also those that have expired or were revoked."""
        return self._call(lambda assembly: assembly.read(t.tokens, page))

    def revoke_token(self, token_id: str) -> Reply[t.Token]:
        """Let a token be worth nothing from now on. Raises `NotFound`."""

        def revoke(assembly: Assembly) -> Reply[t.Token]:
            change = RevokeToken(TokenId(token_id), assembly.clock.now())

            def revoked(token: t.Token) -> t.Token:
                self._tokens.revoke(token)
                if self._token_watches is not None:
                    self._token_watches.look_soon()
                return token

            return self._ask(assembly, change).map(revoked)

        return self._call(revoke)

    def authenticate(self, secret: str) -> t.Token | None:
        """The valid token with that text, at once and from memory; None: there is none.

        Raises `RuntimeNotStarted`.
        """
        assembly = self._running()
        now = assembly.clock.now()
        token = self._tokens.find(secret, now)
        if token is not None and self._tokens.use(token, now):
            self._ask(assembly, TokenUsed(token.id, now))
        return token

    def is_valid_token(self, token_id: TokenId) -> bool:
        """Whether a token is neither revoked nor expired, at once. Raises `RuntimeNotStarted`."""
        return self._tokens.is_valid(token_id, self._running().clock.now())

    def has_tokens(self) -> bool:
        """Whether a token was ever made: then every call needs one, also when none is valid any more.

        Before the first start it looks into the database; afterwards at once. Raises `DatabaseError`.
        """
        if self._token_watches is None:
            return t.has_tokens(self._address)
        return len(self._tokens) > 0

    def watch_token(self, token_id: TokenId, ended: Callable[[], None]) -> Callable[[], None]:
        """Have it told, within some seconds, that a token was revoked or has expired; once.

        On the actors' loop, also the call; what it gives ends the watch. Raises `RuntimeNotStarted`.
        """
        self._running()
        assert self._token_watches is not None
        return self._token_watches.add(token_id, ended)

    def list_audit(
        self, wanted: AuditFilter = AuditFilter(), page: PageRequest = PageRequest()
    ) -> Reply[Page[AuditEntry]]:
        """Who did what, newest first."""
        return self._call(lambda assembly: assembly.read(audit, wanted, page))

    def record_audit(self, entry: AuditEntry) -> Reply[None]:
        """Remember what somebody did; it is stored when this is answered."""
        return self._call(lambda assembly: self._ask(assembly, RecordAudit(entry)))

    def _load_tokens(self, assembly: Assembly) -> Reply[None]:
        """Know the stored tokens; a part of the start."""

        def loaded(found: list[t.StoredToken]) -> None:
            self._tokens.load(found)
            self._token_watches = TokenWatches(self._tokens, assembly.clock)

        return assembly.read(t.all_tokens).map(loaded)

    @staticmethod
    def _ask(assembly: Assembly, change: Change[Any]) -> Reply[Any]:
        reply: Reply[Any] = assembly.cast.state.ask(Commit(change))
        return reply

    @abstractmethod
    def _running(self) -> Assembly:
        """What is alive. Raises `RuntimeNotStarted`."""

    @abstractmethod
    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        """What the call answers; also its errors come through the reply."""
