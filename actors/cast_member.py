"""The base of the actors that make up the cast: each knows its environment and how to reach the others."""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any

from quarterjack.storage.transaction import Change

from .engine import Actor, Reply
from .environment import Cast, Environment
from .messages import Commit

ROOT = "quarterjack"
"""The id of the root supervisor."""


class CastMember(Actor):
    """An actor with an `Environment`."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    @cached_property
    def cast(self) -> Cast:
        """The others."""
        return Cast(self.system, ROOT)

    def commit(self, change: Change[Any], then: Callable[[Reply[Any]], None]) -> None:
        """Have something written; `then` gets the reply after the commit."""
        self.request(self.cast.state, Commit(change, self.clock.monotonic(), from_cast=True), then)

    def tell_deliveries(self, message: Any) -> None:
        """Tell them. They are the first to stop, and begin with what is stored at the next start."""
        with suppress(LookupError):
            self.cast.deliveries.tell(message)

    def compute(
        self, then: Callable[[Reply[Any]], None], function: Callable[..., Any], *arguments: Any
    ) -> None:
        """Have something worked out off the loop; `then` gets the reply."""
        self.read(then, _computed, function, *arguments)

    def read(
        self, then: Callable[[Reply[Any]], None], query: Callable[..., Any], *arguments: Any
    ) -> None:
        """Have a query run; `then` gets the reply."""
        self.when(self.environment.reads(query, *arguments), then)


def _computed(_: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)
