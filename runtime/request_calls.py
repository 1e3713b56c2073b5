"""What can be asked of a runtime about requests that may be repeated: each is carried out once.

It is reserved with the id that its work will have, carried out with that id, and its answer kept.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.actors.messages import Commit
from quarterjack.storage import IdSource
from quarterjack.storage.idempotency_changes import (
    ForgetRequest,
    KeepAnswer,
    RequestKey,
    Reservation,
    ReserveRequest,
    StoredAnswer,
)

from .assembly import Assembly

T = TypeVar("T")


class RequestCalls(ABC):
    """The calls; who inherits says how a call is made."""

    _ids: IdSource

    def reserve_request(
        self, request: RequestKey, digest: bytes, prefix: str
    ) -> Reply[Reservation]:
        """Take a request before it is carried out, with a planned id that begins with `prefix`.

        Or say what became of the same one before. Raises `IdempotencyConflict` for another body.
        """

        def reserve(assembly: Assembly) -> Reply[Reservation]:
            now = assembly.clock.now()
            change = ReserveRequest(request, digest, self._ids.new(prefix), now)
            return assembly.cast.state.ask(Commit(change))

        return self._call(reserve)

    def keep_answer(self, request: RequestKey, answer: StoredAnswer) -> Reply[None]:
        """Have an answer given again to the same request."""
        change = KeepAnswer(request, answer)
        return self._call(lambda assembly: assembly.cast.state.ask(Commit(change)))

    def forget_request(self, request: RequestKey) -> Reply[None]:
        """Give the reservation back, because nothing was done."""
        change = ForgetRequest(request)
        return self._call(lambda assembly: assembly.cast.state.ask(Commit(change)))

    @abstractmethod
    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        """What the call answers; also its errors come through the reply."""
