"""Who may listen on the WebSocket, and to what: the seam between connections and tokens. On the loop."""

from typing import Protocol

from quarterjack.storage import Event, Role


class Visitor(Protocol):
    """Somebody who may listen."""

    @property
    def role(self) -> Role:
        """What he may do."""
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

    def still_admits(self, visitor: Visitor, /) -> bool:
        """Whether he who was let in may stay: asked every few seconds. Must be quick."""
        ...


class Everybody:
    """Who comes where no tokens are made: he may do everything."""

    role = Role.ADMIN

    def may_see(self, event: Event) -> bool:  # noqa: ARG002
        """All."""
        return True


class OpenDoor:
    """No tokens: everybody."""

    def __init__(self) -> None:
        self._everybody = Everybody()

    def without_token(self, address: str) -> Visitor | None:  # noqa: ARG002
        """Everybody."""
        return self._everybody

    def with_token(self, secret: str, address: str) -> Visitor:  # noqa: ARG002
        """Everybody, whatever it is."""
        return self._everybody

    def still_admits(self, visitor: Visitor) -> bool:  # noqa: ARG002
        """Yes."""
        return True
