"""Whether a caller may make a call: by the role that it needs, and by what the caller's token is limited to.

Refused before anything is looked at that the caller sent.
"""

from aiohttp import web
from aiohttp.typedefs import Handler

from .auth import caller_of
from .call import call_of
from .errors import NotPermitted
from .scope import require_named


@web.middleware
async def authorize(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: raises `NotPermitted`, and `NotFound` for what is not the caller's to see."""
    call = call_of(request)
    if call is None or call.role is None:
        return await handler(request)
    caller = caller_of(request)
    if not caller.role.may(call.role):
        raise NotPermitted(f"{call.name} needs the role {call.role}; the token's is {caller.role}.")
    if caller.workflows is not None:
        if not call.is_scoped:
            raise NotPermitted(
                f"{call.name} is about the whole server; the token is limited to some workflows."
            )
        await require_named(request, caller)
    return await handler(request)
