"""`/api/overview`: how everything is."""

from aiohttp import web

from ..answers import Answer, answered, ok_large
from ..call import Call
from ..keys import runtime_of
from ..scope import own_workflows
from ..shapes.overview import Overview


def calls() -> list[Call]:
    """What is looked at first."""
    return [Call("getOverview", "GET", "/api/overview", overview, is_for_some=True)]


async def overview(request: web.Request) -> Answer[Overview]:
    """How everything is, and which schedules need somebody."""
    found = await answered(runtime_of(request).overview(within=own_workflows(request)))
    return ok_large(lambda: Overview.of(found))
