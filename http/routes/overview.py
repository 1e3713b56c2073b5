"""`/api/session` and `/api/overview`: who one is here, and how everything is."""

from aiohttp import web

from ..answers import Answer, answered, ok, ok_large
from ..auth import caller_of
from ..call import Call
from ..keys import runtime_of
from ..scope import own_workflows
from ..shapes.overview import Overview, Session


def calls() -> list[Call]:
    """What is asked first."""
    return [
        Call("getSession", "GET", "/api/session", session, is_for_some=True),
        Call("getOverview", "GET", "/api/overview", overview, is_for_some=True),
    ]


async def session(request: web.Request) -> Answer[Session]:
    """Who calls, and what they may do."""
    caller, runtime = caller_of(request), runtime_of(request)
    limited, (node, *_) = caller.workflows, await answered(runtime.nodes())
    return ok(
        Session(
            role=caller.role,
            token_id=caller.token_id,
            token_name=caller.name,
            workflows=None if limited is None else sorted(limited),
            tokens_needed=runtime.has_tokens(),
            version=node.version,
            now=runtime.clock.now(),
        )
    )


async def overview(request: web.Request) -> Answer[Overview]:
    """How everything is, and which schedules need somebody."""
    found = await answered(runtime_of(request).overview(within=own_workflows(request)))
    return ok_large(lambda: Overview.of(found))
