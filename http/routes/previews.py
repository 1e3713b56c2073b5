"""`/api/schedules/preview`: what a draft of a schedule would do."""

from aiohttp import web

from quarterjack.storage import NotFound

from ..answers import Answer, answered, ok_large
from ..call import Call
from ..intake import Previewed
from ..keys import runtime_of
from ..scope import require_schedule
from ..shapes.previews import Preview


def calls() -> list[Call]:
    """What can be asked of drafts."""
    return [
        Call(
            "previewSchedule",
            "POST",
            "/api/schedules/preview",
            play,
            errors=(NotFound,),
            is_for_some=True,
        ),
    ]


async def play(request: web.Request, body: Previewed) -> Answer[Preview]:
    """Play a draft through; nothing is stored."""
    await require_schedule(request, body.get("scheduleId"))
    found = await answered(runtime_of(request).preview(body))
    return ok_large(lambda: Preview.of(found))
