"""Request bodies: read once, strictly, within limits of size and time; and their shapes.

A scheduled workflow's own shape stands in `quarterjack.actors.drafts`; unknown fields are refused
everywhere.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, TypeVar

from aiohttp import web
from aiohttp.client_exceptions import ClientPayloadError
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import ConfigDict, Field

from quarterjack.actors.drafts import validated
from quarterjack.storage import InvalidInput
from quarterjack.storage.wire_model import WireModel

from . import json_text
from .errors import BodyTooLarge, NotFramed, NotJson, TooSlow, WrongMediaType
from .expectations import invite
from .protocol import ICALENDAR, JSON, LARGEST_BODY

BODY_DEADLINE: Final = timedelta(seconds=30)
"""From the head of a request to the end of its body."""
_LARGE: Final = 32_768
"""Bytes above which a body is read on a thread, so that nobody waits for it."""


class Body(WireModel):
    """The base: types are taken to the letter (`"5"` is no number)."""

    model_config = ConfigDict(strict=True)


class RunBody(Body):
    """Of `POST /api/workflows/{id}/run`."""

    params: dict[str, Any] | None = Field(default=None, repr=False)
    context: dict[str, Any] | None = None
    priority: int | None = Field(default=None, ge=0, le=9)


class TriggerBody(RunBody):
    """Of `POST /api/schedules/{id}/trigger`."""

    respect_overlap: bool = False


class NoteBody(Body):
    """Of `POST /api/schedules/{id}/pause` and `/resume`."""

    note: str = Field(default="", max_length=2_000)


class EventBody(Body):
    """Of `POST /api/events/{name}`."""

    payload: Any = None
    key: str | None = Field(default=None, min_length=1, max_length=200)


class CalendarBody(Body):
    """Of `PUT /api/calendars/{name}`, unless that is an iCalendar text."""

    description: str = Field(default="", max_length=10_000)
    dates: list[Annotated[str, Field(max_length=40)]] = Field(max_length=5_000)


class EmptyBody(Body):
    """Of calls that take nothing."""


B = TypeVar("B", bound=Body)


async def read_body(request: web.Request, shape: type[B]) -> B:
    """The body in that shape; no body at all is an empty object."""
    raw = await _read(request)
    return validated(shape, await _parsed(raw) if raw else {})


async def read_object(request: web.Request) -> dict[str, Any]:
    """The body, which must be there, and be an object."""
    raw = await _read(request)
    if not raw:
        raise NotJson("the body is empty")
    value = await _parsed(raw)
    if not isinstance(value, dict):
        raise InvalidInput.field(msg="the body must be an object")
    return value


async def read_calendar(request: web.Request) -> CalendarBody | bytes:
    """The body in that shape, or the bytes of an iCalendar text, which must be there."""
    raw = await _read(request, JSON, ICALENDAR)
    if not raw:
        raise NotJson("the body is empty")
    if request.content_type == ICALENDAR:
        return raw
    return validated(CalendarBody, await _parsed(raw))


async def _parsed(raw: bytes) -> Any:
    if len(raw) > _LARGE:
        return await asyncio.to_thread(json_text.load, raw)
    return json_text.load(raw)


async def read_raw(request: web.Request) -> bytes:
    """The body as it came; reading it again gives the same. Raises `RequestError`."""
    if request.content_length is not None and request.content_length > LARGEST_BODY:
        raise BodyTooLarge(LARGEST_BODY)
    seconds = BODY_DEADLINE.total_seconds()
    try:
        async with asyncio.timeout(seconds):
            await invite(request)
            return await request.read()
    except TimeoutError:
        raise TooSlow(seconds) from None
    except web.HTTPRequestEntityTooLarge:
        raise BodyTooLarge(LARGEST_BODY) from None
    except (ClientPayloadError, HttpProcessingError, ConnectionError):
        raise NotFramed from None


async def _read(request: web.Request, *types: str) -> bytes:
    raw = await read_raw(request)
    if raw:
        check_media_type(request, types or (JSON,), WrongMediaType)
    return raw


def check_media_type(
    request: web.Request, taken: Sequence[str], refusal: type[WrongMediaType]
) -> None:
    """Raise the refusal unless the body's type is one of those, in UTF-8."""
    given = request.headers.get("Content-Type", "none")
    if request.content_type not in taken:
        raise refusal(f"Send {' or '.join(taken)}; the Content-Type is {given[:100]!r}.")
    try:
        charset = request.charset
    except ValueError:
        charset = "?"
    if charset is not None and charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise refusal(f"Send UTF-8; the Content-Type is {given[:100]!r}.")
