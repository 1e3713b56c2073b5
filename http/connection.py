"""One connection: what comes has to come in time, what goes has to be taken, and nonsense is refused.

aiohttp parses and answers; it ends a connection that is idle for too long, but waits for the rest of
a request's head, and for a client that does not read, without an end. Runs on the loop.
"""

import asyncio
import fcntl
import logging
import sys
import termios
from enum import Enum, auto
from typing import Any, Final

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.typedefs import Handler

from . import problems
from .crowd import Place
from .errors import HeadTooLarge, HeadTooSlow, NotHttp, RequestError
from .headers import SECURITY_HEADERS
from .settings import HttpSettings

logger = logging.getLogger("quarterjack.http")
LARGEST_HEAD: Final = 65_536
"""Bytes."""
_LEAST_TAKEN: Final = 16_384
"""Bytes of a waiting answer that a client has to take within the deadline."""
_BLANK_LINE: Final = b"\r\n\r\n"


class _Phase(Enum):
    IDLE = auto()
    """Nothing has come since the last answer."""
    HEAD = auto()
    """A head is coming."""
    WHOLE = auto()
    """The head is there; the application has not seen it yet."""
    BUSY = auto()
    """A request is being answered."""
    REST = auto()
    """It was answered before all of its body came; aiohttp reads on for a moment."""


class Connection(web.RequestHandler):
    """Has a place in the crowd, and leaves it at its end."""

    def __init__(
        self, server: web.Server, place: Place, settings: HttpSettings, **options: Any
    ) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._place = place
        self._settings = settings
        self._wire: asyncio.Transport | None = None
        self._phase = _Phase.HEAD
        self._head_bytes = 0
        self._end_of_head = b""
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._wire = transport
        transport.set_write_buffer_limits(1, 0)  # hear of whatever the client does not take
        self._expect_head()  # first: behind TLS the head may be there, and be answered at once
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._phase is _Phase.IDLE and data:
            self._phase = _Phase.HEAD
            self._head_bytes, self._end_of_head = 0, b""
            self._expect_head()
        if self._phase is _Phase.HEAD:
            self._look_for_end(data)
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._place.leave()
        self._forget_head()
        self._forget_writing()
        super().connection_lost(exc)
        self._wire = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        self._forget_writing()
        super().resume_writing()

    # What the application says

    def begin(self) -> None:
        """A request has come."""
        self._forget_head()
        self._phase = _Phase.BUSY
        self._place.busy()

    def end(self, body: StreamReader) -> None:
        """Its answer is made."""
        if body.is_eof():
            self._phase = _Phase.IDLE
        else:
            self._phase = _Phase.REST
            self._head_bytes = 0
            self._expect_head()
        self._place.free()

    def give_way(self) -> bool:
        """End it for another one's sake, unless an answer is on its way."""
        if self._phase is _Phase.BUSY or (self._wire and self._wire.get_write_buffer_size()):
            return False
        self._abort()
        return True

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what aiohttp can't read, or could not answer; the connection ends with it."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        if isinstance(exc, HttpProcessingError):
            answer = problems.of_error(_refusal(exc))
        elif isinstance(exc, Exception):
            answer = problems.of_error(exc)
        else:
            answer = problems.response(problems.Kind(status, "failed", message or "It failed"), "")
        answer.headers.update(SECURITY_HEADERS)
        answer.force_close()
        return answer

    # Deadlines

    def _expect_head(self) -> None:
        if self._head_timer is None:
            seconds = self._settings.head_deadline.total_seconds()
            self._head_timer = asyncio.get_running_loop().call_later(seconds, self._head_is_late)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._phase is _Phase.REST and self._not_taken():
            self._expect_head()
        elif self._head_bytes:
            self._refuse(HeadTooSlow(self._settings.head_deadline.total_seconds()))
        else:
            self._abort()

    def _look_for_end(self, data: bytes) -> None:
        if not self._head_bytes:
            data = data.lstrip(b"\r\n")  # blank lines before a request are none of its own
        if _BLANK_LINE in self._end_of_head + data:
            self._phase = _Phase.WHOLE
        self._head_bytes += len(data)
        self._end_of_head = (self._end_of_head + data)[-len(_BLANK_LINE) + 1 :]
        if self._phase is _Phase.HEAD and self._head_bytes > LARGEST_HEAD:
            self._refuse(HeadTooLarge())

    def _watch_writing(self, before: int | None = None) -> None:
        """End it unless the client takes something of what waits, again and again."""
        size = self._not_taken()
        if before is not None and size > before - _LEAST_TAKEN:
            logger.info("a client that does not read its answer is cut off")
            self._abort()
            return
        seconds = self._settings.write_deadline.total_seconds()
        self._write_timer = asyncio.get_running_loop().call_later(
            seconds, self._watch_writing, size
        )

    def _not_taken(self) -> int:
        """Bytes that wait, here or in the kernel, which takes many at once and then none for long."""
        if self._wire is None:
            return 0
        waiting = self._wire.get_write_buffer_size()
        try:
            kernel = fcntl.ioctl(self._wire.get_extra_info("socket"), termios.TIOCOUTQ, bytes(4))
        except OSError:  # it can't tell
            return waiting
        return waiting + int.from_bytes(kernel, sys.byteorder)

    def _forget_writing(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    # Its end

    def _refuse(self, error: RequestError) -> None:
        """Say why, if nothing else is on its way, and end it."""
        if self._wire is not None and not self._wire.get_write_buffer_size():
            self._wire.write(refusal(error))
        self.force_close()

    def _abort(self) -> None:
        if self._wire is not None:
            self._wire.abort()


def refusal(error: RequestError) -> bytes:
    """The answer to a connection that aiohttp does not see, as it goes over the wire."""
    answer = problems.of_error(error)
    body = answer.body
    assert isinstance(body, bytes)
    headers = {**answer.headers, **SECURITY_HEADERS, "Content-Length": str(len(body))}
    head = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(head).encode("latin-1") + _BLANK_LINE + body


@web.middleware
async def tell_connection(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware, the outermost: the connection knows that it is busy."""
    connection = request.protocol
    if not isinstance(connection, Connection):
        return await handler(request)
    connection.begin()
    try:
        return await handler(request)
    finally:
        connection.end(request.content)


def _refusal(error: HttpProcessingError) -> RequestError:
    if isinstance(error, LineTooLong) or "Too many headers" in error.message:
        return HeadTooLarge()
    return NotHttp(f"That is no HTTP request: {error.message.partition(chr(10))[0][:200]}")
