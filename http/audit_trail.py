"""Who did what: each call that changes something leaves an entry, which is stored before the answer goes out.

So do those that are refused by role or scope, and those that fail.
"""

import logging
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from quarterjack.storage import QuarterjackError
from quarterjack.storage.audit import AuditEntry

from .answers import answered
from .auth import caller_of
from .call import Call, call_of
from .keys import REQUEST_ID, runtime_of
from .problems import answer_to

logger = logging.getLogger("quarterjack.http")
_COLUMNS: Final = ("schedule_id", "workflow_id", "execution_id")
_LONGEST: Final = 200
_NOTES: web.RequestKey[dict[str, Any]] = web.RequestKey("notes", dict)


def note(request: web.Request, **values: Any) -> None:
    """Have something remembered of what the request did: ids, and whatever else is short."""
    request.setdefault(_NOTES, {}).update(values)


@web.middleware
async def audit_trail(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: what stands inside of it is remembered with its status."""
    call = call_of(request)
    if call is None or not call.changes_something:
        return await handler(request)
    try:
        response = await handler(request)
    except Exception as error:
        response = answer_to(error, request)
        note(request, problem=type(error).__name__)
    await _remember(request, call, response.status)
    return response


async def _remember(request: web.Request, call: Call, status: int) -> None:
    """Raises what keeps it from being stored, unless nothing was done anyway."""
    try:
        await answered(runtime_of(request).record_audit(_entry(request, call, status)))
    except QuarterjackError as error:
        if status < HTTPStatus.BAD_REQUEST:
            raise
        logger.warning(
            "%s, answered with %d, is not in the audit table: %s", call.name, status, error
        )


def _entry(request: web.Request, call: Call, status: int) -> AuditEntry:
    caller = caller_of(request)
    known = {**request.match_info, **request.get(_NOTES, {})}
    ids = {name: str(known.pop(name))[:_LONGEST] for name in _COLUMNS if name in known}
    detail = {
        name: value[:_LONGEST] if isinstance(value, str) else value for name, value in known.items()
    }
    return AuditEntry(
        at=runtime_of(request).clock.now(),
        token_id=caller.token_id,
        token_name=caller.name,
        role=caller.role,
        address=caller.address,
        action=call.name,
        status=status,
        request_id=request.get(REQUEST_ID),
        detail=detail or None,
        **ids,  # type: ignore[arg-type]
    )
