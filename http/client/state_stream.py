"""What is watched of a server, as an iterator: `for` in a thread, `async for` on any asyncio loop.

A consumer that is slow gets what is now, in one piece: nothing older waits for it.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, Literal, TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.storage import QuarterjackError

from ..shapes.shape import Shape
from ..shapes.states import ActorChanges, ServerState
from .stream import NoMoreEvents, Stream

State = TypeVar("State", bound=Shape)
Watched = Literal["server", "actors"]


class StateBuffer(Generic[State]):
    """Holds one state at most: `read` makes one of a frame's data, `merge` one of two."""

    def __init__(
        self, read: Callable[[Any], State], merge: Callable[[State, State], State]
    ) -> None:
        self.opened: Reply[int] = Reply()
        self._read = read
        self._merge = merge
        self._lock = threading.Lock()
        self._waiting: State | None = None
        self._takers: deque[Reply[State]] = deque()
        self._error: QuarterjackError | None = None

    def joined(self, seq: int) -> None:
        self.opened.settle(seq)

    def put(self, data: Any) -> None:
        """What has come. Raises `ValueError` if it is none."""
        state = self._read(data)
        with self._lock:
            if not self._takers:
                self._waiting = self._merged(self._waiting, state)
                return
            taker = self._takers.popleft()
        taker.settle(state)

    def end(self, error: QuarterjackError | None) -> None:
        over = error or NoMoreEvents("The stream is closed.")
        with self._lock:
            if self._error is not None:
                return
            self._error = over
            takers, self._takers = list(self._takers), deque()
        self.opened.settle(error=over)
        for taker in takers:
            taker.settle(error=over)

    def take(self) -> Reply[State]:
        """What is now, when it is otherwise than what was taken before."""
        reply: Reply[State] = Reply()
        with self._lock:
            state, self._waiting = self._waiting, None
            if state is not None:
                reply.set(state)
            elif self._error is not None:
                reply.set_exception(self._error)
            else:
                self._takers.append(reply)
        return reply

    def put_back(self, reply: Reply[State]) -> None:
        """Nobody waits for that one any more; what it has comes before what waits."""
        with self._lock:
            if reply in self._takers:
                self._takers.remove(reply)
                return
            try:
                state = reply.get()
            except QuarterjackError:
                return
            self._waiting = state if self._waiting is None else self._merge(state, self._waiting)

    def _merged(self, before: State | None, state: State) -> State:
        return state if before is None else self._merge(before, state)


class StateStream(Stream[State]):
    """What is watched, whenever it has changed; also again after the connection was lost."""


def _newest(_: ServerState, later: ServerState) -> ServerState:
    return later


BUFFERS: Final[Mapping[str, Callable[[], StateBuffer[Any]]]] = {
    "server": lambda: StateBuffer(ServerState.model_validate, _newest),
    "actors": lambda: StateBuffer(ActorChanges.model_validate, ActorChanges.followed_by),
}
"""For each topic that can be watched."""
