"""Tokens: what is known of each but its text, of which only a hash and the beginning are ever kept.

A text is looked up by its hash, and the hashes are compared in constant time.
"""

import hashlib
import hmac
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from peewee import Tuple

from .access_tables import TokenRow
from .database import Address, Reader
from .errors import DatabaseError
from .ids import IdSource, TokenId, WorkflowId
from .instants import to_micros
from .queries import Page, PageRequest
from .roles import Role
from .rows import Row
from .selects import rows

_PREFIX: Final = "qj"
_SHOWN: Final = len(_PREFIX) + 7
"""Characters of a token that people may see, to tell it from others: 30 of its 180 bits."""


@dataclass(frozen=True, slots=True)
class Token:
    """Who bears it may do what its role says, until it expires or is revoked."""

    id: TokenId
    name: str
    prefix: str
    """How its text begins."""
    role: Role
    workflows: frozenset[WorkflowId] | None
    """The only ones that it has to do with; None: all."""
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """Within an hour: it is not stored with every use."""

    def is_valid(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token with the hash of its text."""

    token: Token
    digest: bytes

    def is_of(self, digest: bytes) -> bool:
        """Whether that is the hash of its text; takes the same time wherever they differ."""
        return hmac.compare_digest(self.digest, digest)


def new_secret(ids: IdSource) -> str:
    """The text of a new token."""
    return ids.secret(_PREFIX)


def digest_of(secret: str) -> bytes:
    """What is kept of a text. A fast hash does: there is nothing in 180 random bits to be guessed."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def shown_of(secret: str) -> str:
    """The beginning of a token's text, for people.

    >>> shown_of("qj_0123456789abcdefghjk")
    'qj_012345'
    """
    return secret[:_SHOWN]


def all_tokens(reader: Reader) -> list[StoredToken]:
    """Each token that was ever made, oldest first."""
    query = TokenRow.select().order_by(TokenRow.created_at, TokenRow.id)
    return [StoredToken(to_token(row), bytes(row["digest"])) for row in rows(reader, query)]


def tokens(reader: Reader, page: PageRequest) -> Page[Token]:
    """Tokens, oldest first; also those that are expired or revoked."""
    row = TokenRow
    query = row.select().order_by(row.created_at, row.id).limit(page.limit + 1)
    if page.after:
        query = query.where(Tuple(row.created_at, row.id) > Tuple(*page.after))
    found = [to_token(each) for each in rows(reader, query)]
    items, more = found[: page.limit], len(found) > page.limit
    key = (to_micros(items[-1].created_at), items[-1].id) if more else None
    return Page(items, key)


def to_token(row: Row) -> Token:
    """A token from its row."""
    limited = row["workflows"]
    return Token(
        id=row["id"],
        name=row["name"],
        prefix=row["prefix"],
        role=Role(row["role"]),
        workflows=None if limited is None else frozenset(map(WorkflowId, limited)),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )


def has_tokens(address: Address) -> bool:
    """Whether a database that nobody has opened yet has tokens; one that is not there has none.

    Raises `DatabaseError` for what is no database.
    """
    path = address.path
    if path is None or not path.exists() or not path.stat().st_size:
        return False
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            tables = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'tokens'"
            if connection.execute(tables).fetchone() is None:
                return False
            return connection.execute("SELECT 1 FROM tokens LIMIT 1").fetchone() is not None
    except sqlite3.Error as error:
        raise DatabaseError(f"The database {address} can't be read: {error}.") from error
