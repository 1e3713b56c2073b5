"""A token as it is asked for, checked before it is made."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import Field, field_validator

from quarterjack.actors.drafts import validated
from quarterjack.storage import IdSource, InvalidInput, Role, TokenId, WorkflowId
from quarterjack.storage.durations import Duration
from quarterjack.storage.instants import Instant
from quarterjack.storage.tokens import StoredToken, Token, digest_of, new_secret, shown_of
from quarterjack.storage.wire_model import WireModel

_WORKFLOW: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)


class TokenRequest(WireModel):
    """What is said of a token to be made. `expiresAt` or `expiresIn`; neither: it never expires."""

    name: str = Field(min_length=1, max_length=200)
    role: Role
    workflows: list[str] | None = Field(default=None, min_length=1, max_length=100)
    expires_at: Instant | None = None
    expires_in: Duration | None = None

    @field_validator("name")
    @classmethod
    def _is_printable(cls, given: str) -> str:
        if not given.isprintable() or not given.strip():
            raise ValueError("give a name that can be printed on a line")
        return given

    @field_validator("workflows")
    @classmethod
    def _are_workflows(cls, given: list[str] | None) -> list[str] | None:
        for each in given or ():
            if _WORKFLOW.fullmatch(each) is None:
                raise ValueError(f"{each!r:.60} can't be the id of a workflow")
        return given


def new_token(given: Mapping[str, Any], ids: IdSource, now: datetime) -> tuple[StoredToken, str]:
    """The token, and its text, which nobody else will ever know. Raises `InvalidInput`."""
    asked = validated(TokenRequest, given)
    if asked.expires_at is not None and asked.expires_in is not None:
        raise InvalidInput.field("expiresIn", msg="give either expiresAt or expiresIn")
    expires_at = asked.expires_at
    if asked.expires_in is not None:
        expires_at = _later(now, asked)
    if expires_at is not None and expires_at <= now:
        raise InvalidInput.field("expiresAt", msg="is not in the future")
    secret = new_secret(ids)
    limited = asked.workflows
    token = Token(
        TokenId(ids.new("tok")),
        asked.name,
        shown_of(secret),
        asked.role,
        None if limited is None else frozenset(map(WorkflowId, limited)),
        now,
        expires_at,
    )
    return StoredToken(token, digest_of(secret)), secret


def _later(now: datetime, asked: TokenRequest) -> datetime:
    assert asked.expires_in is not None
    try:
        return now + asked.expires_in
    except OverflowError:
        raise InvalidInput.field("expiresIn", msg="is too far in the future") from None
