"""Tokens and the audit table as they are answered."""

from typing import TYPE_CHECKING, Any

from quarterjack.storage import Role, audit, tokens
from quarterjack.storage.instants import Instant

from .shape import Shape

if TYPE_CHECKING:
    from quarterjack.runtime.token_calls import NewToken


class Token(Shape):
    """A token, without its text."""

    id: str
    name: str
    prefix: str
    """How its text begins."""
    role: Role
    workflows: list[str] | None
    """The only ones that it has to do with; null: all."""
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    last_used_at: Instant | None
    """To about an hour."""

    @classmethod
    def of(cls, found: tokens.Token) -> "Token":
        """A token that is stored."""
        return cls(**_fields(found))


class MadeToken(Token):
    """A token that was just made."""

    token: str
    """Its text. Nothing will show it again."""

    @classmethod
    def of_new(cls, made: "NewToken") -> "MadeToken":
        """With its text."""
        return cls(**_fields(made.token), token=made.secret)


class AuditEntry(Shape):
    """Who did what, and how it was answered."""

    id: int
    at: Instant
    token_id: str | None
    """Null: by somebody on the server's machine, without a token."""
    token_name: str | None
    role: Role
    address: str
    action: str
    """The name of the call."""
    schedule_id: str | None
    workflow_id: str | None
    execution_id: str | None
    status: int
    request_id: str | None
    detail: dict[str, Any] | None

    @classmethod
    def of(cls, found: audit.AuditEntry) -> "AuditEntry":
        """An entry that is stored."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class ScheduleAuditEntry(Shape):
    """Who did what with a schedule, for whoever may see it: without addresses."""

    id: int
    at: Instant
    token_name: str | None
    """Null: by somebody on the server's machine, without a token."""
    role: Role
    action: str
    """The name of the call."""
    status: int
    detail: dict[str, Any] | None

    @classmethod
    def of(cls, found: audit.AuditEntry) -> "ScheduleAuditEntry":
        """An entry that is stored."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


def _fields(found: tokens.Token) -> dict[str, Any]:
    limited = found.workflows
    plain = {name: getattr(found, name) for name in Token.model_fields}
    return {**plain, "workflows": None if limited is None else sorted(limited)}
