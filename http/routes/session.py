"""`/api/session`: who calls, and what they may do; a page shows by it what it offers."""

from importlib.metadata import version

from aiohttp import web

from ..answers import Answer, ok
from ..auth import caller_of
from ..call import Call
from ..keys import runtime_of
from ..shapes.session import Session


def calls() -> list[Call]:
    """What can be asked of oneself."""
    return [Call("getSession", "GET", "/api/session", read, is_for_some=True)]


async def read(request: web.Request) -> Answer[Session]:
    """Who makes this call, with which role, and to what they are limited."""
    caller, runtime = caller_of(request), runtime_of(request)
    return ok(
        Session(
            role=caller.role,
            token_id=caller.token_id,
            token_name=caller.name,
            workflows=None if caller.workflows is None else sorted(caller.workflows),
            tokens_needed=runtime.has_tokens(),
            version=version("quarterjack"),
            now=runtime.clock.now(),
        )
    )
