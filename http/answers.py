"""Answers: what the runtime says, within a time limit, as JSON."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Generic, TypeVar

from aiohttp import web

from quarterjack.storage import Calendar, Schedule

from . import json_text
from .errors import NoAnswerInTime
from .shapes.shape import Shape

T = TypeVar("T")
S = TypeVar("S", bound=Shape)
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


@dataclass(frozen=True, slots=True)
class Answer(Generic[S]):
    """What a handler answers; one that can be large is made and encoded on a thread."""

    make: Callable[[], S]
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None
    is_large: bool = False

    async def response(self, status: int) -> web.Response:
        """As aiohttp sends it, with that status unless the answer has its own."""
        body = await asyncio.to_thread(self._encoded) if self.is_large else self._encoded()
        return web.Response(
            status=self.status or status,
            headers=self.headers,
            body=body,
            content_type="application/json",
        )

    def _encoded(self) -> bytes:
        return json_text.dump(self.make().model_dump())


def ok(value: S, headers: Mapping[str, str] | None = None, status: int | None = None) -> Answer[S]:
    """A small answer."""
    return Answer(lambda: value, headers or {}, status)


def ok_large(
    make: Callable[[], S], headers: Mapping[str, str] | None = None, status: int | None = None
) -> Answer[S]:
    """One of any size, so that nobody waits for it."""
    return Answer(make, headers or {}, status, is_large=True)


def etag(found: Schedule | Calendar) -> dict[str, str]:
    """The header that names the version of what is answered."""
    return {"ETag": f'"{found.version}"'}
