"""Parameters, results and event data as msgpack: plain values only, bounded in size and depth.

Plain means: null, booleans, integers of 64 bits, finite floats, text, bytes, lists, and maps with
text keys. Tuples become lists. Anything else is refused with the path to it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgpack

from .errors import NotPlainData

PlainData = Any
"""A value made of null, bool, int, float, str, bytes, list and dict with text keys."""


class Packed(bytes):
    """A value that is packed already: it travels from a step to the database without being opened."""

    __slots__ = ()


LARGEST = 1_000_000
"""Bytes that one value may take when packed."""
DEEPEST = 64
"""Levels of lists and maps inside each other."""


def pack(value: PlainData, *, root: str = "$", largest: int = LARGEST) -> Packed:
    """The value as msgpack.

    Raises `NotPlainData` naming the path of what is not plain, too deep or (as a whole) too large.

    >>> unpack(pack({"a": [1, 2.5, None]}))
    {'a': [1, 2.5, None]}
    """
    check_plain(value, root=root)
    packed = Packed(msgpack.packb(value))
    if len(packed) > largest:
        raise NotPlainData.too_large(root, len(packed), largest)
    return packed


def pack_checked(value: PlainData) -> Packed:
    """The value as msgpack, when its parts were looked at where they came in.

    With something put around them they may be larger and deeper than `pack` allows.
    """
    return Packed(msgpack.packb(value))


def unpack(packed: bytes) -> PlainData:
    """The value that `pack` was given."""
    return msgpack.unpackb(packed)


def pack_map(items: Mapping[str, Packed]) -> Packed:
    """A map of values that are packed already, without opening them.

    >>> unpack(pack_map({"a": pack(1), "b": pack([])}))
    {'a': 1, 'b': []}
    """
    head = msgpack.Packer().pack_map_header(len(items))
    return Packed(head + b"".join(pack(name) + value for name, value in items.items()))


def pack_list(items: Sequence[Packed]) -> Packed:
    """A list of values that are packed already, without opening them.

    >>> unpack(pack_list([pack(1), pack("b")]))
    [1, 'b']
    """
    return Packed(msgpack.Packer().pack_array_header(len(items)) + b"".join(items))


def check_plain(value: PlainData, *, root: str = "$", depth: int = 0) -> None:
    """Raise `NotPlainData` with the path to the first thing in the value that is not plain."""
    if _is_harmless(value):
        return
    match value:
        case list() | tuple() | dict() if depth >= DEEPEST:
            raise NotPlainData(root[:200], f"nested deeper than {DEEPEST} levels, or in itself")
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise NotPlainData(root, f"the key {key!r:.40} is not text")
                _check_text(key, root)
                if not _is_harmless(item):
                    check_plain(item, root=f"{root}.{key:.40}", depth=depth + 1)
        case list() | tuple():
            for index, item in enumerate(value):
                if not _is_harmless(item):
                    check_plain(item, root=f"{root}[{index}]", depth=depth + 1)
        case None | bool() | bytes():
            return
        case str():
            _check_text(value, root)
        case int():
            if not -(2**63) <= value < 2**64:
                raise NotPlainData(root, "an integer beyond 64 bits; pass it as text")
        case float():
            if not math.isfinite(value):
                raise NotPlainData(root, f"{value} is no number that JSON can carry; use null")
        case _:
            raise NotPlainData(
                root,
                f"a {type(value).__name__} is not plain data; "
                "return lists, maps with text keys, text, numbers, booleans or null",
            )


def _is_harmless(value: PlainData) -> bool:
    """Whether it is plain beyond doubt, as most values are: told without making up a path to it."""
    kind = type(value)
    if kind is str:
        return bool(value.isascii())
    if kind is float:
        return math.isfinite(value)
    return value is None or kind is bool or (kind is int and 0 <= value < 2**63)


def _check_text(text: str, root: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise NotPlainData(root, "text with a lone surrogate is not valid Unicode") from None
