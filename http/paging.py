"""Lists in pages: opaque cursors out, checked cursors in.

A cursor names the list it came from and is sealed against accidents; another list refuses it.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from quarterjack.storage import InvalidInput
from quarterjack.storage.queries import Key, Page, PageRequest

from . import json_text
from .query import PageQuery

T = TypeVar("T")
Shape = tuple[type[int] | type[str], ...]
_SEAL: Final = 8
_FARTHEST: Final = 2**62


def page_request(query: PageQuery, scope: str, shape: Shape) -> PageRequest:
    """What the query asks of the list `scope`, whose keys look like `shape`.

    Raises `InvalidInput` for a cursor that this list did not give.
    """
    if query.cursor is None:
        return PageRequest(query.limit)
    key = _opened(query.cursor, scope)
    if key is None or len(key) != len(shape) or not all(map(_fits, key, shape)):
        raise InvalidInput.field(
            "query", "cursor", msg="this list did not give that cursor; begin without one"
        )
    return PageRequest(query.limit, tuple(key))


def next_cursor(page: Page[Any], scope: str) -> str | None:
    """The cursor of the page after this one; None: there is none."""
    return None if page.next is None else cursor_of(scope, page.next)


def page_of(items: Mapping[Key, T], page: PageRequest) -> Page[T]:
    """A page of a list that is in memory, in the order of its keys."""
    after = page.after
    keys = sorted(key for key in items if after is None or key > after)
    chosen = keys[: page.limit]
    return Page([items[key] for key in chosen], chosen[-1] if len(keys) > page.limit else None)


def cursor_of(scope: str, key: Iterable[int | str]) -> str:
    """The cursor after which the next page of that list begins."""
    body = json.dumps(list(key), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(scope, body) + body).decode("ascii").rstrip("=")


def _opened(cursor: str, scope: str) -> list[Any] | None:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    seal, body = raw[:_SEAL], raw[_SEAL:]
    if seal != _seal(scope, body):
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _seal(scope: str, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_SEAL, key=scope.encode()[:64]).digest()


def _fits(part: object, kind: type[int] | type[str]) -> bool:
    if kind is int:
        return type(part) is int and abs(part) < _FARTHEST
    return isinstance(part, str) and json_text.is_unicode(part)
