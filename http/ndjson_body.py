"""Reads a body of many lines of JSON, within the limits on its size and the time that it takes."""

import asyncio
from typing import Final

from aiohttp import web
from aiohttp.client_exceptions import ClientPayloadError
from aiohttp.http_exceptions import HttpProcessingError

from .bodies import BODY_DEADLINE, check_media_type
from .errors import BodyTooLarge, NotFramed, NotNdjson, TooSlow
from .expectations import invite
from .ndjson import LARGEST, MOST_LINES, Line, LineSplitter
from .protocol import NDJSON

TAKEN: Final = (NDJSON, "application/ndjson", "application/jsonl")


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
