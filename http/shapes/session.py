"""Who calls, as it is answered."""

from quarterjack.storage import Role
from quarterjack.storage.instants import Instant

from .shape import Shape


class Session(Shape):
    """Whoever makes the call."""

    role: Role
    token_id: str | None
    """Null: by somebody on the server's machine, while no token is made."""
    token_name: str | None
    workflows: list[str] | None
    """The only ones that the token has to do with; null: all."""
    tokens_needed: bool
    """Whether every call needs a token."""
    version: str
    """The server's."""
    now: Instant
    """On the server's clock."""
