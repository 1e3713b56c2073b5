"""Sends requests to one server, and repeats those that can be repeated; runs on the client's loop."""

import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import ClientResponse, ClientTimeout

from quarterjack.actors.engine import Clock
from quarterjack.storage import QuarterjackError

from ..ndjson import LineSplitter
from ..pause import pause
from .address import ServerAddress
from .call_table import CALLS
from .errors import (
    NoAnswer,
    NoServer,
    NotAQuarterjackServer,
    Problem,
    ServerBusy,
    ServerUnreachable,
    refusal,
    refusal_of_status,
)
from .repetition import Repetition
from .request import Request

_PIECE: Final = 65_536
_HEARTBEAT_SECONDS: Final = 20.0
_LARGEST_FRAME: Final = 16 * 1_048_576


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said when it did what was asked for."""

    status: int
    raw: bytes


def tls_context(*, verify: bool, ca: str | Path | None) -> ssl.SSLContext | bool:
    """Whose certificates are believed: everybody's that the system knows, or a CA file's; or anybody's."""
    if not verify:
        return False
    return True if ca is None else ssl.create_default_context(cafile=ca)


class Transport:
    """To one server, with connections that are kept for the next request."""

    def __init__(
        self,
        address: ServerAddress,
        *,
        token: str | None,
        seconds: float,
        tls: ssl.SSLContext | bool,
        repetition: Repetition,
        clock: Clock,
    ) -> None:
        self.address = address
        self.repetition = repetition
        self.clock = clock
        self._seconds = seconds
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )
        # It would send PUT and DELETE again; of a change that was made, the answer is "not found" then.
        self._session._retry_connection = False

    async def close(self) -> None:
        """Break off what is under way."""
        await self._session.close()

    async def send(self, request: Request) -> Answer:
        """The answer. Raises `Refused`, `ServerUnreachable`, `NotAQuarterjackServer`."""
        failures = 0
        while True:
            try:
                return await self._send_once(request)
            except QuarterjackError as error:
                failures += 1
                wait = self.repetition.wait(error, failures, is_repeatable=request.is_repeatable)
                if wait is None:
                    raise
            await pause(self.clock, wait)

    async def lines(self, request: Request) -> AsyncGenerator[list[bytes], None]:
        """The lines of an answer as they come; nothing is repeated. Raises as `send`."""
        splitter = LineSplitter()
        async for pieces in self.pieces(request):
            for piece in pieces:
                yield [line.raw for line in splitter.add(piece)]
        yield [line.raw for line in splitter.rest()]

    async def pieces(self, request: Request) -> AsyncGenerator[list[bytes], None]:
        """The bytes of an answer as they come; nothing is repeated. Raises as `send`."""
        seconds = request.seconds or self._seconds
        timeout = ClientTimeout(total=None, connect=self._seconds, sock_read=seconds)
        async with self._response(request, timeout) as response:
            async for piece in response.content.iter_chunked(_PIECE):
                yield [piece]

    @asynccontextmanager
    async def websocket(self, protocol: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """The WebSocket for live events. Raises as `send`."""
        url = self.address.websocket(CALLS["connect"].path)
        with self._translated(self._seconds):
            try:
                socket = await self._session.ws_connect(
                    url,
                    protocols=(protocol,),
                    heartbeat=_HEARTBEAT_SECONDS,
                    max_msg_size=_LARGEST_FRAME,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
            except aiohttp.WSServerHandshakeError as error:
                raise self._refusal(error.status, None, error.headers) from None
        try:
            yield socket
        finally:
            await socket.close()

    async def _send_once(self, request: Request) -> Answer:
        timeout = ClientTimeout(total=request.seconds or self._seconds)
        async with self._response(request, timeout) as response:
            return Answer(response.status, await response.read())

    @asynccontextmanager
    async def _response(
        self, request: Request, limits: ClientTimeout
    ) -> AsyncIterator[ClientResponse]:
        url = self.address.of(request.path, request.query)
        with self._translated(limits.total or self._seconds):
            async with self._session.request(
                request.method,
                url,
                data=request.body,
                headers=request.headers,
                timeout=limits,
                allow_redirects=False,
            ) as response:
                if not response.ok and response.status not in request.accepts:
                    raise self._refusal(
                        response.status, _json(await response.read()), response.headers
                    )
                if response.status >= 300 and response.ok:
                    raise NotAQuarterjackServer(self.address.url, response.status)
                yield response

    def _refusal(self, status: int, body: object, headers: Any) -> QuarterjackError:
        after = _seconds((headers or {}).get("Retry-After"))
        problem = Problem.of(status, body, after)
        if problem is not None:
            return refusal(problem)
        found = refusal_of_status(status, after)
        return NotAQuarterjackServer(self.address.url, status) if found is None else found

    def _translated(self, seconds: float) -> "_Translated":
        return _Translated(self.address.url, seconds)


class _Translated:
    """Errors of the net as ours."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url
        self._limit = f"{seconds:g} seconds"

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case aiohttp.ConnectionTimeoutError():
                raise NoAnswer(self._url, self._limit, sent=False) from None
            case TimeoutError():
                raise NoAnswer(self._url, self._limit, sent=True) from None
            case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
                raise NoServer(self._url, "nobody listens", sent=False) from None
            case aiohttp.ClientConnectorError():
                reason = error.os_error.strerror or str(error.os_error)
                raise ServerUnreachable(self._url, reason, sent=False) from None
            case aiohttp.ClientError() | OSError():
                reason = str(error) or type(error).__name__
                raise ServerUnreachable(self._url, reason, sent=True) from None


def is_passing(error: QuarterjackError) -> bool:
    """Whether it may be otherwise in a while."""
    return isinstance(error, ServerUnreachable | ServerBusy)


def _json(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _seconds(text: str | None) -> float | None:
    """What `Retry-After` says; a date is passed over."""
    return float(text) if text is not None and text.isascii() and text.isdecimal() else None
