"""Newline-delimited JSON: bodies read line by line, within limits of their own, and answers line by line.

A body is whole before anything is done with it, so one that breaks off changes nothing.
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from aiohttp import web
from aiohttp.client_exceptions import ClientPayloadError
from aiohttp.http_exceptions import HttpProcessingError

from quarterjack.storage import FieldError, InvalidInput

from . import json_text
from .bodies import BODY_DEADLINE, LARGEST_BODY, check_media_type
from .errors import BodyTooLarge, NotFramed, NotJson, NotNdjson, TooSlow
from .expectations import invite

MEDIA_TYPE: Final = "application/x-ndjson"
TAKEN: Final = (MEDIA_TYPE, "application/ndjson", "application/jsonl")
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


async def read_lines(request: web.Request) -> list[Line]:
    """The lines of the body.

    Raises `BodyTooLarge`, `TooSlow`, `NotNdjson`, and `NotFramed`.
    """
    if request.content_length is not None and request.content_length > LARGEST:
        raise BodyTooLarge(LARGEST)
    check_media_type(request, TAKEN, NotNdjson)
    seconds = BODY_DEADLINE.total_seconds()
    try:
        async with asyncio.timeout(seconds):
            await invite(request)
            return await _lines_of(request)
    except TimeoutError:
        raise TooSlow(seconds) from None
    except (ClientPayloadError, HttpProcessingError, ConnectionError):
        raise NotFramed from None


async def _lines_of(request: web.Request) -> list[Line]:
    splitter, lines, size = LineSplitter(), list[Line](), 0
    async for piece in request.content.iter_any():
        size += len(piece)
        if size > LARGEST:
            raise BodyTooLarge(LARGEST)
        lines += splitter.add(piece)
        if len(lines) > MOST_LINES:
            raise BodyTooLarge(MOST_LINES, "lines")
    return lines + splitter.rest()


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
