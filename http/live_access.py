"""Who may listen on the WebSocket, and to what: the seam between connections and tokens. On the loop."""

from collections.abc import Collection
from typing import Any, Protocol

from quarterjack.storage import Event, Role


class Visitor(Protocol):
    """Somebody who may listen."""

    @property
    def role(self) -> Role:
        """What he may do."""
        ...

    @property
    def workflows(self) -> Collection[str] | None:
        """The only ones that he has to do with; None: all."""
        ...

    def may_see(self, event: Event) -> bool:
        """Whether an event is for him. On the loop: must be quick."""
        ...


class Door(Protocol):
    """Who is let in."""

    def without_token(self, address: str, /) -> Visitor | None:
        """Who comes without a token; None: nobody does."""
        ...

    def with_token(self, secret: str, address: str, /) -> Visitor:
        """Who bears that token. Raises `QuarterjackError`: nobody."""
        ...

    def still_admits(self, visitor: Any, /) -> bool:  # one whom it has let in
        """Whether he who was let in may stay: asked every few seconds. Must be quick."""
        ...
