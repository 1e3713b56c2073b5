"""`/api/running`: what is under way."""

from aiohttp import web

from ..answers import Answer, answered, ok_large
from ..call import Call
from ..keys import runtime_of
from ..paging import next_cursor, page_request
from ..query import PageQuery
from ..scope import own_workflows
from ..shapes.running import RunningExecution
from ..shapes.shape import Listing, listed


def calls() -> list[Call]:
    """What can be asked of what runs."""
    return [Call("listRunning", "GET", "/api/running", list_running, is_for_some=True)]


async def list_running(request: web.Request, query: PageQuery) -> Answer[Listing[RunningExecution]]:
    """The executions that run or wait, the oldest start first."""
    page = page_request(query, "running", (int, str))
    reply = runtime_of(request).list_running(page, within=own_workflows(request))
    found = await answered(reply)
    following = next_cursor(found, "running")
    return ok_large(lambda: listed(found, following, RunningExecution.of))
