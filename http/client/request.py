"""A request of the client, made by the table of calls that the server answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final

from pydantic.alias_generators import to_camel

from quarterjack.storage import InvalidInput, NotFound
from quarterjack.storage.instants import format_instant

from .. import json_text
from ..protocol import IDEMPOTENCY_KEY, JSON
from .address import filled
from .call_table import CALLS

SAFE: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, however often."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    accepts: frozenset[int] = frozenset()
    """Statuses beside those of success with which the answer is one, too."""
    seconds: float | None = None
    """How long the answer may take; None: as the client says."""

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.method in SAFE or IDEMPOTENCY_KEY in self.headers


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call by its name in the table, with what it is given."""

    name: str
    parts: Mapping[str, str] = field(default_factory=dict)
    """What stands for the names in its path."""
    query: Mapping[str, Any] = field(default_factory=dict)
    """By Python's names; None is left out."""
    body: Any = None
    raw: bytes | None = None
    media_type: str = JSON
    version: int | None = None
    """Change it only if it is at that version."""
    key: str | None = None
    """The idempotency key; None: a new one, if the call takes one."""
    takes_key: bool = False
    """Whether it does, though the table leaves that to its handler."""
    traceparent: str | None = None
    """The trace (W3C Trace Context) that it belongs to."""
    accepts: frozenset[int] = frozenset()
    seconds: float | None = None

    def request(self, new_key: str) -> Request:
        """As it is sent. Raises `InvalidInput`, and `NotFound` for what can't be a name of anything."""
        call = CALLS[self.name]
        path = filled(call.path, self.parts)
        if path is None:
            name, value = next(iter(self.parts.items()))
            raise NotFound(name.removesuffix("_id"), value)
        body = _json(self.body) if self.raw is None and self.body is not None else self.raw
        headers = {}
        if body is not None:
            headers["Content-Type"] = self.media_type
        if self.version is not None:
            headers["If-Match"] = f'"{self.version}"'
        if call.takes_key or self.takes_key:
            headers[IDEMPOTENCY_KEY] = (
                new_key if self.key is None else _header("idempotency_key", self.key)
            )
        if self.traceparent is not None:
            headers["traceparent"] = _header("traceparent", self.traceparent)
        query = {
            to_camel(name): _text(each) for name, each in self.query.items() if each is not None
        }
        return Request(call.method, path, query, headers, body, self.accepts, self.seconds)


def _text(value: object) -> str:
    """As it stands in a query.

    >>> _text(True), _text(5)
    ('true', '5')
    """
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            if value.tzinfo is None:
                raise InvalidInput.field(msg="an instant needs an offset from UTC")
            return format_instant(value)
        case Enum():
            return str(value.value)
    return str(value)


def _header(name: str, value: str) -> str:
    if not value or not all("!" <= sign <= "~" for sign in value):
        raise InvalidInput.field(name, msg="it has visible ASCII characters only")
    return value


def _json(value: Any) -> bytes:
    try:
        return json_text.dump(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput.field(msg=f"that has no JSON form: {error}") from None
