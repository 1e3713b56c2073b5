"""How the body of a call is read, and what may be in it, by media type. Unknown fields are refused."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Annotated, Any

from aiohttp import web

from quarterjack.actors.backfill_request import BackfillRequest
from quarterjack.actors.drafts import ScheduleDraft
from quarterjack.actors.preview import PreviewRequest
from quarterjack.runtime.token_request import TokenRequest
from quarterjack.runtime.webhook_draft import WebhookDraft
from quarterjack.storage.wire_model import WireModel

from .bodies import (
    Body,
    CalendarBody,
    read_body,
    read_calendar,
    read_object,
)
from .ndjson import Line
from .ndjson_body import read_lines
from .protocol import ICALENDAR, JSON, NDJSON

Media = Mapping[str, type[WireModel] | None]
"""Media type → the shape of what is in it; None: a text of another kind."""


class Intake(ABC):
    """Reads the body of a request."""

    def __init__(
        self, media: Media, *, is_required: bool = True, optional: Collection[str] = ()
    ) -> None:
        self.media = media
        """What it takes; nothing: there is no body."""
        self.is_required = is_required
        self.optional = optional
        """The fields that the shape requires, but may be left out."""

    @abstractmethod
    async def read(self, request: web.Request) -> Any:
        """What the handler gets. Raises `RequestError` and `InvalidInput`."""


class NoBody(Intake):
    """Whatever is sent is not looked at."""

    def __init__(self) -> None:
        super().__init__({}, is_required=False)

    async def read(self, _: web.Request) -> None:
        return None


class JsonBody(Intake):
    """An object, given to the handler in its shape; no body is an empty one."""

    def __init__(self, shape: type[Body]) -> None:
        required = any(field.is_required() for field in shape.model_fields.values())
        super().__init__({JSON: shape}, is_required=required)
        self._shape = shape

    async def read(self, request: web.Request) -> Body:
        return await read_body(request, self._shape)


class JsonObject(Intake):
    """An object, given to the handler as it is: the runtime checks it, by that shape."""

    def __init__(self, shape: type[WireModel], *, optional: Collection[str] = ()) -> None:
        super().__init__({JSON: shape}, optional=optional)

    async def read(self, request: web.Request) -> dict[str, Any]:
        return await read_object(request)


class _Calendar(Intake):
    def __init__(self) -> None:
        super().__init__({JSON: CalendarBody, ICALENDAR: None})

    async def read(self, request: web.Request) -> CalendarBody | bytes:
        return await read_calendar(request)


class LinesBody:
    """Lines of JSON that the handler reads when there is room for them."""

    def __init__(self, request: web.Request) -> None:
        self._request = request

    async def read(self) -> list[Line]:
        """All of them. Raises as `read_lines`."""
        return await read_lines(self._request)


class _Lines(Intake):
    def __init__(self) -> None:
        super().__init__({NDJSON: ScheduleDraft})

    async def read(self, request: web.Request) -> LinesBody:
        return LinesBody(request)


Draft = Annotated[dict[str, Any], JsonObject(ScheduleDraft)]
"""A scheduled workflow to be made."""
Changes = Annotated[
    dict[str, Any], JsonObject(ScheduleDraft, optional=("workflowId", "name", "scheduleConfig"))
]
"""What is to be changed of one."""
OwnDraft = Annotated[dict[str, Any], JsonObject(ScheduleDraft, optional=("workflowId",))]
"""A scheduled workflow of the one that the address names."""
Backfill = Annotated[dict[str, Any], JsonObject(BackfillRequest)]
"""A range to be backfilled."""
NewWebhook = Annotated[dict[str, Any], JsonObject(WebhookDraft)]
"""A webhook to be made."""
WebhookChanged = Annotated[dict[str, Any], JsonObject(WebhookDraft, optional=("url", "topics"))]
"""What is to be changed of one."""
Previewed = Annotated[dict[str, Any], JsonObject(PreviewRequest)]
"""A draft to be played through."""
CalendarText = Annotated[CalendarBody | bytes, _Calendar()]
"""Days, or an iCalendar file."""
TokenDraft = Annotated[dict[str, Any], JsonObject(TokenRequest)]
"""A token to be made."""
Lines = Annotated[LinesBody, _Lines()]
"""Scheduled workflows, one a line."""
