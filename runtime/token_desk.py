"""Tokens of a database that no server has open: made, listed and revoked on the file itself.

It holds the database's lock as a server does, so that a running one never misses a change. Blocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from quarterjack.storage import IdSource, InvalidInput, NotFound, QuarterjackError, Role, TokenId
from quarterjack.storage import tokens as t
from quarterjack.storage.audit import AuditEntry
from quarterjack.storage.audit_changes import RecordAudit
from quarterjack.storage.database import Address, Reader
from quarterjack.storage.journal import Journal
from quarterjack.storage.token_changes import CreateToken, RevokeToken
from quarterjack.storage.transaction import Change, Transaction
from quarterjack.storage.upgrade import open_upgraded

from .token_calls import NewToken
from .token_request import new_token

_HERE: Final = "database"
"""In place of an address: who may write the file may do everything."""


class TokenDesk:
    """Use as a context manager. Raises `DatabaseInUse` while a server runs, and `DatabaseError`.

    `make` says whether the database is made when it is not there.
    """

    def __init__(self, database: str, ids: IdSource, *, make: bool = False) -> None:
        address = Address(database)
        if address.path is None:
            raise InvalidInput.field(
                "database", msg="give a file, such as sqlite:///quarterjack.db"
            )
        if not make and not address.path.exists():
            raise NotFound("database", str(address.path), hint="say where it is with --database")
        self._ids = ids
        self._writer = open_upgraded(address)
        self._journal = Journal(self._writer)

    def create(self, given: Mapping[str, Any], now: datetime) -> NewToken:
        """Make a token from the outside interface's form. Raises `InvalidInput`."""
        stored, secret = new_token(given, self._ids, now)
        detail = {"token_id": stored.token.id, "role": stored.token.role.value}
        made = self._commit(CreateToken(stored), _entry(now, "createToken", 201, detail))
        return NewToken(made, secret)

    def revoke(self, token_id: str, now: datetime) -> t.Token:
        """Let a token be worth nothing from now on. Raises `NotFound`."""
        entry = _entry(now, "revokeToken", 204, {"token_id": token_id})
        revoked: t.Token = self._commit(RevokeToken(TokenId(token_id), now), entry)
        return revoked

    def all(self) -> list[t.Token]:
        """Each token, oldest first."""
        reader: Reader = self._writer.database
        return [each.token for each in t.all_tokens(reader)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()

    def _commit(self, change: Change[Any], entry: AuditEntry) -> Any:
        found = self._journal.commit([_Noted(change, entry)]).outcomes[0]
        if isinstance(found, QuarterjackError):
            raise found
        return found


@dataclass(frozen=True, slots=True)
class _Noted:
    """A change together with who made it: both, or neither."""

    change: Change[Any]
    entry: AuditEntry

    def apply(self, transaction: Transaction) -> Any:
        found = self.change.apply(transaction)
        RecordAudit(self.entry).apply(transaction)
        return found


def _entry(now: datetime, action: str, status: int, detail: dict[str, Any]) -> AuditEntry:
    return AuditEntry(now, None, None, Role.ADMIN, _HERE, action, status, detail=detail)
