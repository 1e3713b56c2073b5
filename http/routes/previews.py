"""`/api/schedules/preview`: what a draft of a schedule would do."""

from aiohttp import web

from quarterjack.storage import NotFound

from ..answers import Answer, answered, ok_large
from ..call import Call
from ..intake import Previewed
from ..keys import runtime_of
from ..shapes.previews import Preview


def calls() -> list[Call]:
    """What can be asked of drafts."""
    return [
        Call("previewSchedule", "POST", "/api/schedules/preview", play, errors=(NotFound,)),
    ]


async def play(request: web.Request, body: Previewed) -> Answer[Preview]:
    """Play a draft through; nothing is stored."""
    found = await answered(runtime_of(request).preview(body))
    return ok_large(lambda: Preview.of(found))
