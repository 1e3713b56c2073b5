"""Follows what runs to its end, also over restarts of the server: looks at it whenever an event tells of it.

All on the thread that calls; a `KeyboardInterrupt` comes through, and what is followed goes on.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

import pykka

from quarterjack.storage import QuarterjackError

from ..client import Client, EventStream, SubscriptionRefused
from ..client.transport import is_passing

T = TypeVar("T")
M = TypeVar("M", contravariant=True)
_BETWEEN_LOOKS: Final = 0.2
"""Seconds, however many events come."""
_LOOK_ANYWAY: Final = 5.0
"""Seconds, so that a lost connection is noticed."""
_TRY_AGAIN: Final = 1.0
_NO_WAY_BACK: Final = frozenset({"gone", "ahead"})


class StillRunning(Exception):
    """So long as was to be waited, it has not ended."""


class Shown(Protocol[M]):
    """Where is shown what was seen."""

    def show(self, found: M, /) -> None:
        """It is so now."""
        ...

    def trouble(self, told: str, /) -> None:
        """It can't be looked at."""
        ...


@dataclass(frozen=True, slots=True)
class Followed(Generic[T]):
    """What is looked at, when, and until when; `key` is that of the events that tell of it."""

    look: Callable[[], T]
    is_over: Callable[[T], bool]
    topic: str
    key: str


def follow(client: Client, what: Followed[T], view: Shown[T], seconds: float | None) -> T:
    """What it is at its end. Raises `StillRunning` after so many seconds, and what the server refuses."""
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        with client.events(what.topic, key=what.key) as stream, suppress(_Anew):
            return _Following(what, view, stream, end).end()


class _Anew(Exception):
    """The events that came meanwhile are gone: a new subscription is needed."""


class _Following(Generic[T]):
    def __init__(
        self, what: Followed[T], view: Shown[T], stream: EventStream, end: float | None
    ) -> None:
        self._what = what
        self._view = view
        self._stream = stream
        self._end = end

    def end(self) -> T:
        while True:
            looked = time.monotonic()
            found = self._seen()
            if found is not None and self._what.is_over(found):
                return found
            if self._end is not None and looked >= self._end:
                raise StillRunning
            self._wait(_TRY_AGAIN if found is None else _LOOK_ANYWAY, looked)

    def _seen(self) -> T | None:
        try:
            found = self._what.look()
        except QuarterjackError as error:
            if not is_passing(error):
                raise
            self._view.trouble(f"{error}; trying again")
            return None
        self._view.show(found)
        return found

    def _wait(self, most: float, looked: float) -> None:
        """Until there is something to look at, and a little longer if it was looked at just now."""
        if self._end is not None:
            most = min(most, max(0.0, self._end - time.monotonic()))
        if not self._has_news(most):
            return
        threading.Event().wait(max(0.0, looked + _BETWEEN_LOOKS - time.monotonic()))
        while self._has_news(0):
            pass

    def _has_news(self, seconds: float) -> bool:
        try:
            self._stream.next(seconds)
        except pykka.Timeout:
            return False
        except SubscriptionRefused as error:
            if error.code in _NO_WAY_BACK:
                raise _Anew from None
            raise
        return True
