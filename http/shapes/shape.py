"""The base of what is answered: camelCase names, times as ISO 8601 in UTC, durations in seconds.

The server makes them from its records, the description is made from them, and the client reads them.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from quarterjack.storage import Failure
from quarterjack.storage.queries import Page

T = TypeVar("T")
R = TypeVar("R")


class Shape(BaseModel):
    """Immutable; made by Python's names, or read by those of the wire.

    What it does not know is left out, so that a client can read the answers of a later server.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        extra="ignore",
        frozen=True,
        defer_build=True,  # built when it is first used: most programs use few
    )
    has_version: ClassVar[bool] = False
    """Whether answers with it say so in an `ETag`."""


def _as_seconds(given: object) -> object:
    return given.total_seconds() if isinstance(given, timedelta) else given


Seconds = Annotated[float, BeforeValidator(_as_seconds)]
"""A duration; made from a `timedelta`, too."""


class Listing(Shape, Generic[T]):
    """A page of a list."""

    items: list[T]
    next_cursor: str | None
    """Give it as `cursor` for the page after this one; null: this is the last."""


def listed(page: Page[R], next_cursor: str | None, shape: Callable[[R], T]) -> Listing[T]:
    """The page with each item in that shape."""
    return Listing(items=[shape(item) for item in page.items], next_cursor=next_cursor)


class Error(Shape):
    """Why something failed."""

    type: str
    """The exception's class."""
    message: str
    traceback: str

    @classmethod
    def of(cls, found: Failure | None) -> "Error | None":
        """An error that was stored, if there was one."""
        if found is None:
            return None
        return cls(type=found.type, message=found.message, traceback=found.traceback)


class FieldProblem(Shape):
    """What is wrong with a field."""

    loc: list[str | int]
    """Where it is: the names that lead to it."""
    msg: str
