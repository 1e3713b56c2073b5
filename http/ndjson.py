"""Newline-delimited JSON: bodies read line by line, within limits of their own, and answers line by line.

A body is whole before anything is done with it, so one that breaks off changes nothing.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from quarterjack.storage import FieldError, InvalidInput

from . import json_text
from .errors import NotJson
from .protocol import LARGEST_BODY

LARGEST: Final = 64 * 1_048_576
"""Bytes of a body."""
MOST_LINES: Final = 100_000
LONGEST_LINE: Final = LARGEST_BODY
"""Bytes: a line is what elsewhere is a body."""


class Line(NamedTuple):
    """One that is not blank; the first of the body is number 1."""

    number: int
    raw: bytes


class LineSplitter:
    """Lines of what comes in pieces.

    >>> splitter = LineSplitter()
    >>> splitter.add(b"1\\n\\n2"), splitter.add(b"3\\r\\n4")
    ([Line(number=1, raw=b'1')], [Line(number=3, raw=b'23\\r')])
    >>> splitter.rest()
    [Line(number=4, raw=b'4')]
    """

    def __init__(self) -> None:
        self._open = bytearray()
        self._number = 0

    def add(self, piece: bytes) -> list[Line]:
        """The lines that end in it."""
        *ended, begun = piece.split(b"\n")
        if ended:
            ended[0] = bytes(self._open + ended[0])
            self._open.clear()
        self._open += begun
        return list(self._numbered(ended))

    def rest(self) -> list[Line]:
        """The last line, if nothing ends it."""
        last = bytes(self._open)
        self._open.clear()
        return list(self._numbered([last]))

    def _numbered(self, lines: Iterable[bytes]) -> Iterator[Line]:
        for line in lines:
            self._number += 1
            if line and not line.isspace():
                yield Line(self._number, line)


def read_line(line: Line) -> Any:
    """The value on a line. Raises `InvalidInput` that says what is wrong with it."""
    if len(line.raw) > LONGEST_LINE:
        raise InvalidInput.field(msg=f"a line has at most {LONGEST_LINE:,} bytes")
    try:
        return json_text.load(line.raw)
    except NotJson as error:
        raise InvalidInput([FieldError((), str(error).replace(" at line 1,", " at"))]) from None


def write_lines(values: Iterable[Any]) -> bytes:
    """Each value on a line.

    >>> write_lines([{"a": 1}, [2]])
    b'{"a":1}\\n[2]\\n'
    """
    return b"".join(json_text.dump(value) + b"\n" for value in values)
