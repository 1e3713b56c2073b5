"""Messages that wait for an actor: control messages first, the others in the order of arrival.

Appending is safe from any thread; taking is for the actor's own.
"""

from collections import deque
from typing import Any


class Mailbox:
    """Unbounded unless `limit` says how many ordinary messages may wait; the newest is then refused."""

    __slots__ = ("_control", "_limit", "_ordinary")

    def __init__(self, limit: int | None = None) -> None:
        self._ordinary: deque[Any] = deque()
        self._control: deque[Any] | None = None
        self._limit = limit

    def __len__(self) -> int:
        return len(self._ordinary) + len(self._control or ())

    def put(self, message: Any) -> bool:
        """Add a message; False: the mailbox is full, and the message is not in it."""
        if self._limit is not None and len(self._ordinary) >= self._limit:
            return False
        self._ordinary.append(message)
        return True

    def put_control(self, message: Any) -> None:
        """Add a message that overtakes the ordinary ones, and is never refused."""
        if self._control is None:
            self._control = deque()
        self._control.append(message)

    def put_back(self, messages: list[Any]) -> None:
        """Put messages before all the others, in their order."""
        self._ordinary.extendleft(reversed(messages))

    def take_control(self) -> Any | None:
        """The next control message, or None."""
        return self._control.popleft() if self._control else None

    def take(self) -> Any | None:
        """The next ordinary message, or None."""
        return self._ordinary.popleft() if self._ordinary else None

    def has_control(self) -> bool:
        """Whether a control message waits."""
        return bool(self._control)

    def has_ordinary(self) -> bool:
        """Whether an ordinary message waits."""
        return bool(self._ordinary)

    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._ordinary and not self._control
