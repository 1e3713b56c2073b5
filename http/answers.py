"""Answers: what the runtime says, within a time limit, as JSON."""

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, TypeVar

from aiohttp import web

from quarterjack.storage import Calendar, Schedule

from . import json_text
from .errors import NoAnswerInTime

T = TypeVar("T")
ANSWER_DEADLINE: Final = timedelta(seconds=30)
"""How long the runtime may take for an answer."""


async def answered(reply: Awaitable[T]) -> T:
    """What the reply brings. Raises what it raises, and `NoAnswerInTime`."""
    try:
        async with asyncio.timeout(ANSWER_DEADLINE.total_seconds()):
            return await reply
    except TimeoutError:
        raise NoAnswerInTime(
            f"There was no answer within {ANSWER_DEADLINE.total_seconds():g} seconds; "
            "whether a change was made is not known, so look before repeating."
        ) from None


def ok(
    value: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A small value as JSON."""
    return _response(json_text.dump(value), status, headers)


async def ok_large(
    value: Any, headers: Mapping[str, str] | None = None, status: int = HTTPStatus.OK
) -> web.Response:
    """A value of any size as JSON, encoded on a thread so that nobody waits for it."""
    return _response(await asyncio.to_thread(json_text.dump, value), status, headers)


def etag(found: Schedule | Calendar) -> dict[str, str]:
    """The header that names the version of what is answered."""
    return {"ETag": f'"{found.version}"'}


def _response(body: bytes, status: int, headers: Mapping[str, str] | None) -> web.Response:
    return web.Response(status=status, headers=headers, body=body, content_type="application/json")
