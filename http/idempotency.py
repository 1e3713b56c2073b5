"""`Idempotency-Key`: a request that is repeated, because its answer was lost, is carried out once.

It is reserved with the id that its work will have, carried out with that id, and its answer kept for a
day, all of it stored: so it does not matter when the server is killed. Keys are of a caller and a call.
"""

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeGuard

from aiohttp import web
from aiohttp.typedefs import Handler

from quarterjack.storage import (
    AlreadyExists,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    QuarterjackError,
)
from quarterjack.storage.idempotency_changes import RequestKey, StoredAnswer

from .answers import answered
from .audit_trail import note
from .auth import caller_of
from .bodies import read_raw
from .call import Call, call_of
from .errors import NoAnswerInTime
from .keys import runtime_of
from .made import MAKINGS, OTHER
from .problems import answer_to, status_of
from .protocol import IDEMPOTENCY_KEY

REPLAYED: Final = "Idempotent-Replayed"
_LONGEST: Final = 200
_KEPT_HEADERS: Final = ("Content-Type", "Location", "ETag", "Retry-After")
_PLANNED: web.RequestKey[str] = web.RequestKey("planned", str)


def idempotency_key(request: web.Request) -> str | None:
    """The key that the client has made up for this request, if it has. Raises `InvalidInput`."""
    given = request.headers.getall(IDEMPOTENCY_KEY, ())
    if not given:
        return None
    key = given[0]
    if len(given) > 1 or len(key) > _LONGEST or not all("!" <= sign <= "~" for sign in key):
        raise InvalidInput.field(
            "header",
            IDEMPOTENCY_KEY,
            msg=f"give one key of 1 to {_LONGEST} visible ASCII characters",
        )
    if not key:
        raise InvalidInput.field(
            "header", IDEMPOTENCY_KEY, msg="it is empty; leave it out, or give a key"
        )
    return key


def planned_id(request: web.Request) -> str | None:
    """The id that what the request makes must have; None: a new one."""
    return request.get(_PLANNED)


@dataclass(frozen=True, slots=True)
class Running:
    """A request that is being carried out."""

    digest: bytes
    kept: "asyncio.Future[StoredAnswer | None]"
    """Its answer, if that is kept, when it is there."""


RUNNING: web.AppKey[dict[RequestKey, Running]] = web.AppKey("running", dict)
"""Requests with a key that are being carried out."""


@web.middleware
async def once(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: a request with a key that was seen before gets the answer that it got then."""
    call = call_of(request)
    if call is None or not call.takes_key:
        return await handler(request)
    key = idempotency_key(request)
    if key is None:
        return await handler(request)
    caller = caller_of(request).token_id or ""
    name = RequestKey(caller, request.method, request.path, key)
    digest = hashlib.sha256(await read_raw(request)).digest()
    running = request.app[RUNNING]
    while (other := running.get(name)) is not None:
        if other.digest != digest:
            raise IdempotencyConflict(
                f"Another body is just being worked on with the idempotency key {key!r}."
            )
        kept = await asyncio.shield(other.kept)
        if kept is not None:
            return _replayed(request, kept)
    mine = running[name] = Running(digest, asyncio.get_running_loop().create_future())
    try:
        return await _Attempt(request, handler, call, name).carry_out(mine)
    finally:
        del running[name]
        if not mine.kept.done():
            mine.kept.set_result(None)


class _Attempt:
    """One try to carry a request out, while no other does."""

    def __init__(
        self, request: web.Request, handler: Handler, call: Call, name: RequestKey
    ) -> None:
        self._request = request
        self._handler = handler
        self._call = call
        self._name = name
        self._runtime = runtime_of(request)
        self._making = MAKINGS.get(call.answer, OTHER)

    async def carry_out(self, mine: Running) -> web.StreamResponse:
        """The answer: the one that is kept, that to what was made before, or to what is made now."""
        reserving = self._runtime.reserve_request(self._name, mine.digest, self._making.prefix)
        reserved = await answered(reserving)
        planned, kept = reserved.planned_id, reserved.answer
        if kept is None:
            self._request[_PLANNED] = planned
            before = None if reserved.is_new else await self._made_before(planned)
            response = before or await self._made_now(planned)
            if not _is_kept(response):
                return response
            kept = _stored(response)
            await answered(self._runtime.keep_answer(self._name, kept))
            mine.kept.set_result(kept)
            if before is None:
                return response
        else:
            mine.kept.set_result(kept)
        note(self._request, made=planned)
        return _replayed(self._request, kept)

    async def _made_before(self, planned: str) -> web.Response | None:
        """The answer to what was made before the server was killed, or too late for an answer."""
        if self._making.answer is None:
            return None
        try:
            answer = await self._making.answer(self._runtime, planned)
        except NotFound:
            return None
        return await answer.response(self._call.status)

    async def _made_now(self, planned: str) -> web.StreamResponse:
        try:
            return await self._handler(self._request)
        except Exception as error:
            if isinstance(error, AlreadyExists) and error.key == planned:
                found = await self._made_before(planned)
                if found is not None:
                    return found
            if status_of(error) == HTTPStatus.CONFLICT:
                return answer_to(error, self._request)
            await self._give_back(error)
            raise

    async def _give_back(self, error: Exception) -> None:
        """Nothing was done, so the key is free again; unless that is not sure."""
        unsure = isinstance(error, NoAnswerInTime)
        if unsure or status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
            return
        with suppress(QuarterjackError):
            await answered(self._runtime.forget_request(self._name))


def _is_kept(response: web.StreamResponse) -> TypeGuard[web.Response]:
    good = response.status < HTTPStatus.BAD_REQUEST or response.status == HTTPStatus.CONFLICT
    return good and isinstance(response, web.Response) and isinstance(response.body, bytes)


def _stored(response: web.Response) -> StoredAnswer:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    assert isinstance(response.body, bytes)
    return StoredAnswer(response.status, headers, response.body)


def _replayed(request: web.Request, kept: StoredAnswer) -> web.Response:
    note(request, replayed=True)
    headers = {**kept.headers, REPLAYED: "true"}
    return web.Response(status=kept.status, headers=headers, body=kept.body)
