"""JSON in and out: strict when reading, plain when writing. Pure; takes and gives UTF-8.

Refused as not being JSON (`NotJson`): another encoding, a byte order mark, NaN and Infinity.
Refused as input (`InvalidInput`, with the path): a key given twice, a lone surrogate, more than 64
levels, an integer beyond 64 bits.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

from quarterjack.storage import FieldError, InvalidInput
from quarterjack.storage.plain_data import DEEPEST

from .errors import NotJson

Path = tuple[str | int, ...]
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_MOST_ERRORS = 20


def dump(value: Any) -> bytes:
    """The value as compact JSON; bytes in it become base64 text.

    >>> dump({"name": "é", "raw": b"ab"})
    b'{"name":"\\xc3\\xa9","raw":"YWI="}'
    """
    return _ENCODER.encode(value).encode("utf-8", "replace")


def load(raw: bytes) -> Any:
    """The value of a JSON text. Raises `NotJson` or `InvalidInput`.

    >>> load(b'{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}
    """
    try:
        value = json.loads(
            raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_object
        )
    except UnicodeDecodeError:
        raise NotJson("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise InvalidInput.field(msg=_TOO_DEEP) from None
    except ValueError:  # CPython reads no integer of more than 4,300 digits
        raise InvalidInput.field(msg=_TOO_LARGE) from None
    check(value)
    return value


def check(value: Any) -> None:
    """Raise `InvalidInput` if a value that was read has something in it that we don't take."""
    errors = []
    for error in _problems(value):
        errors.append(error)
        if len(errors) == _MOST_ERRORS:
            break
    if errors:
        raise InvalidInput(errors)


class _Doubled(dict[str, Any]):
    """An object in which a key was given twice."""

    key: str


_TOO_DEEP: Final = f"nested deeper than {DEEPEST} levels"
_TOO_LARGE: Final = "an integer beyond 64 bits; give it as text"
_SURROGATE: Final = "text with a lone surrogate is not valid Unicode"


def _problems(value: Any) -> Iterator[FieldError]:
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, str):
            if not is_unicode(item):
                yield FieldError(path, _SURROGATE)
        elif isinstance(item, int):
            if not _SMALLEST <= item <= _LARGEST:
                yield FieldError(path, _TOO_LARGE)
        elif isinstance(item, dict | list):
            if len(path) >= DEEPEST:
                yield FieldError(path[:3], _TOO_DEEP)
            elif isinstance(item, list):
                waiting.extend(((*path, index), each) for index, each in enumerate(item))
            else:
                yield from _bad_keys(path, item)
                waiting.extend(((*path, key), each) for key, each in item.items())


def _bad_keys(path: Path, item: dict[str, Any]) -> Iterator[FieldError]:
    if isinstance(item, _Doubled):
        yield FieldError((*path, item.key), "given more than once")
    if not all(is_unicode(key) for key in item):
        yield FieldError(path, f"a name in it: {_SURROGATE}")


def is_unicode(text: str) -> bool:
    """Whether a text can be stored: it has no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    doubled = _Doubled(found)
    doubled.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return doubled


def _no_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is no JSON number", name, 0)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"a {type(value).__name__} has no JSON form")


_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=_plain, check_circular=False
)
