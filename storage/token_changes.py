"""What can be written about tokens: that one is made, revoked, or was used."""

from dataclasses import dataclass, replace
from datetime import datetime

from .access_tables import TokenRow
from .errors import NotFound
from .ids import TokenId
from .instants import from_micros, to_micros
from .statements import Statement, columns, insert
from .tokens import StoredToken, Token, to_token
from .transaction import Transaction

_INSERT = insert(TokenRow)
_FIELDS = (
    TokenRow.id,
    TokenRow.name,
    TokenRow.prefix,
    TokenRow.role,
    TokenRow.workflows,
    TokenRow.created_at,
    TokenRow.expires_at,
    TokenRow.revoked_at,
    TokenRow.last_used_at,
)
_FIND = Statement(lambda slot: TokenRow.select(*_FIELDS).where(TokenRow.id == slot("id")))
_REVOKE = Statement(
    lambda slot: TokenRow.update({TokenRow.revoked_at: slot("at")}).where(TokenRow.id == slot("id"))
)
_USED = Statement(
    lambda slot: TokenRow.update({TokenRow.last_used_at: slot("at")}).where(
        TokenRow.id == slot("id")
    )
)


@dataclass(frozen=True, slots=True)
class CreateToken:
    """Store a new token."""

    stored: StoredToken

    def apply(self, transaction: Transaction) -> Token:
        token = self.stored.token
        row = {name.name: getattr(token, name.name) for name in _FIELDS}
        limited = token.workflows
        row |= {
            "digest": self.stored.digest,
            "role": token.role.value,
            "workflows": None if limited is None else sorted(limited),
        }
        transaction.write(_INSERT, columns(TokenRow, row))
        return token


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """Let a token be worth nothing from now on; one that is revoked stays so. Raises `NotFound`."""

    token_id: TokenId
    at: datetime

    def apply(self, transaction: Transaction) -> Token:
        found = transaction.read(_FIND, {"id": self.token_id})
        if not found:
            raise NotFound("token", self.token_id)
        row = {
            field.name: field.python_value(value)
            for field, value in zip(_FIELDS, found[0], strict=True)
        }
        token = to_token(row)
        if token.revoked_at is not None:
            return token
        transaction.write(_REVOKE, {"id": self.token_id, "at": to_micros(self.at)})
        return replace(token, revoked_at=from_micros(to_micros(self.at)))


@dataclass(frozen=True, slots=True)
class TokenUsed:
    """Remember when a token was used last."""

    token_id: TokenId
    at: datetime

    def apply(self, transaction: Transaction) -> None:
        transaction.write(_USED, {"id": self.token_id, "at": to_micros(self.at)})
