"""Every error of a request as `application/problem+json` (RFC 9457), by one table.

`type` is `urn:quarterjack:problem:` and the name in the table; 422 also has `errors`, and some have
members of their own (`problem_members.py`).
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler

from quarterjack.actors.engine import MailboxFull
from quarterjack.runtime import OverlapRefused, RuntimeNotStarted
from quarterjack.storage import (
    AlreadyExists,
    CalendarInUse,
    DatabaseDamaged,
    FieldError,
    IdempotencyConflict,
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPlainData,
    StorageUnavailable,
    VersionConflict,
)
from quarterjack.storage.backfill_changes import BackfillConflict

from . import json_text
from .errors import (
    AllConnectionsBusy,
    BodyTooLarge,
    Draining,
    Forbidden,
    HeadTooLarge,
    HeadTooSlow,
    NoAnswerInTime,
    NotFramed,
    NotHttp,
    NotJson,
    NotNdjson,
    NotPermitted,
    TooManyConnections,
    TooManyFailures,
    TooManyImports,
    TooSlow,
    Unauthenticated,
    UnknownExpectation,
    UpgradeRequired,
    WrongHost,
    WrongMediaType,
    WrongTarget,
)
from .problem_members import members_of
from .protocol import URN

logger = logging.getLogger("quarterjack.http")
MEDIA_TYPE: Final = "application/problem+json"


class Kind(NamedTuple):
    """How an error is answered."""

    status: int
    name: str
    title: str
    headers: Mapping[str, str] = {}


_SOON: Final = {"Retry-After": "5"}
_CLOSE: Final = {"Connection": "close"}
KINDS: Final[dict[type[Exception], Kind]] = {
    InvalidInput: Kind(422, "invalid-input", "The input can't be accepted"),
    NotPlainData: Kind(422, "not-plain-data", "A value is not plain data"),
    IdempotencyConflict: Kind(
        422, "idempotency-conflict", "The idempotency key belongs to another request"
    ),
    NotFound: Kind(404, "not-found", "There is no such thing"),
    AlreadyExists: Kind(409, "already-exists", "It exists already"),
    OverlapRefused: Kind(409, "overlap", "Another execution of the schedule has not ended"),
    BackfillConflict: Kind(409, "backfill-conflict", "Another backfill came first"),
    CalendarInUse: Kind(409, "calendar-in-use", "Schedules use the calendar"),
    IllegalTransition: Kind(409, "illegal-transition", "The state does not allow it"),
    VersionConflict: Kind(412, "version-conflict", "Somebody changed it first"),
    DatabaseDamaged: Kind(503, "database-corrupt", "The database is damaged"),
    StorageUnavailable: Kind(503, "storage-unavailable", "The database takes no writes", _SOON),
    MailboxFull: Kind(503, "overloaded", "There is too much to do", _SOON),
    TooManyImports: Kind(503, "overloaded", "There is too much to do", _SOON),
    AllConnectionsBusy: Kind(503, "overloaded", "There is too much to do", _SOON | _CLOSE),
    TooManyConnections: Kind(503, "overloaded", "There is too much to do", _SOON),
    NoAnswerInTime: Kind(503, "no-answer", "The answer took too long", _SOON),
    RuntimeNotStarted: Kind(503, "draining", "The server is ending", _SOON),
    Draining: Kind(503, "draining", "The server is ending", _SOON),
    NotJson: Kind(400, "not-json", "The body is not JSON"),
    NotFramed: Kind(400, "not-framed", "The body breaks off or is wrongly framed", _CLOSE),
    NotHttp: Kind(400, "not-http", "The request is not HTTP", _CLOSE),
    WrongTarget: Kind(400, "wrong-target", "The request is not for this server"),
    Unauthenticated: Kind(
        401, "unauthenticated", "A valid token is needed", {"WWW-Authenticate": "Bearer"}
    ),
    TooManyFailures: Kind(429, "too-many-failures", "Too many bad tokens"),
    NotPermitted: Kind(403, "not-permitted", "The token does not allow it"),
    Forbidden: Kind(403, "cross-origin", "Requests from other origins are refused"),
    TooSlow: Kind(408, "too-slow", "The request did not arrive in time", _CLOSE),
    HeadTooSlow: Kind(408, "too-slow", "The request did not arrive in time", _CLOSE),
    BodyTooLarge: Kind(413, "body-too-large", "The body is too large", _CLOSE),
    WrongMediaType: Kind(
        415, "wrong-media-type", "The body's type is not taken", {"Accept": "application/json"}
    ),
    NotNdjson: Kind(
        415, "wrong-media-type", "The body's type is not taken", {"Accept": "application/x-ndjson"}
    ),
    UnknownExpectation: Kind(417, "unknown-expectation", "The expectation is not met"),
    WrongHost: Kind(421, "wrong-host", "The host is not this server's"),
    HeadTooLarge: Kind(431, "head-too-large", "The request's head is too large", _CLOSE),
    UpgradeRequired: Kind(
        426, "upgrade-required", "This address speaks WebSocket only", {"Upgrade": "websocket"}
    ),
}
"""Error class → how it is answered; a subclass not listed is answered like its parent."""
UNKNOWN: Final = Kind(500, "internal-error", "Something went wrong in the server")


@web.middleware
async def problem_details(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: whatever a handler raises is answered as problem details."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return of_status(error, request)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        return of_error(error, request)


def answer_to(error: Exception, request: web.BaseRequest) -> web.Response:
    """The answer to whatever a handler raises."""
    if isinstance(error, web.HTTPException):
        return of_status(error, request)
    return of_error(error, request)


def status_of(error: Exception) -> int:
    """With which status an error is answered."""
    if isinstance(error, web.HTTPException):
        return error.status
    kind = next((KINDS[base] for base in type(error).__mro__ if base in KINDS), UNKNOWN)
    return kind.status


def of_error(error: Exception, request: web.BaseRequest | None = None) -> web.Response:
    """The answer to an error of ours; anything else is logged, and told as 500 without details."""
    kind = next((KINDS[base] for base in type(error).__mro__ if base in KINDS), None)
    if kind is None:
        path = "" if request is None else f" {request.method} {request.path!r:.200}"
        logger.error("unexpected error while answering%s", path, exc_info=error)
        return response(UNKNOWN, "The server's log has the details.")
    kind = kind._replace(headers={**kind.headers, **getattr(error, "headers", {})})
    return response(kind, _detail(error), errors=_errors(error), members=members_of(error))


def of_status(error: web.HTTPException, request: web.BaseRequest) -> web.Response:
    """The answer to what aiohttp itself refuses (404, 405, …)."""
    phrase = HTTPStatus(error.status).phrase
    kept: dict[str, str] = {}
    match error:
        case web.HTTPNotFound():
            detail = f"There is nothing at {request.path!r:.200}."
        case web.HTTPMethodNotAllowed():
            kept["Allow"] = allowed = allow(error)
            detail = f"{request.method[:20]} is not for this address; it takes {allowed}."
        case _:
            detail = error.text or phrase
    return response(Kind(error.status, phrase.lower().replace(" ", "-"), phrase, kept), detail)


def allow(refused: web.HTTPMethodNotAllowed) -> str:
    """The methods of an address, as `Allow` has them."""
    return ", ".join(sorted({*refused.allowed_methods, "OPTIONS"}))


def response(
    kind: Kind,
    detail: str,
    *,
    errors: Iterable[FieldError] | None = None,
    members: Mapping[str, Any] | None = None,
) -> web.Response:
    """The problem as a response."""
    body: dict[str, Any] = {
        **(members or {}),
        "type": URN + kind.name,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
    }
    if errors is not None:
        body["errors"] = [{"loc": list(each.loc), "msg": each.msg} for each in errors]
    answer = web.Response(
        status=kind.status,
        headers=kind.headers,
        body=json_text.dump(body),
        content_type=MEDIA_TYPE,
    )
    if kind.headers.get("Connection") == "close":
        answer.force_close()
    return answer


def _detail(error: Exception) -> str:
    if str(error):
        return str(error)[:2_000]
    return (type(error).__doc__ or "").partition("\n")[0]


def _errors(error: Exception) -> list[FieldError] | None:
    match error:
        case InvalidInput():
            return error.errors
        case NotPlainData():
            return [FieldError((error.path,), error.reason)]
        case _:
            return None
