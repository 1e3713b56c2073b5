"""`Expect: 100-continue`: a client is told to go on when its body is wanted, and not before."""

from contextlib import suppress
from typing import Final

from aiohttp import web

from .errors import UnknownExpectation

_GO_ON: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_INVITED: Final[web.RequestKey[bool]] = web.RequestKey("invited", bool)


async def expected(_: web.Request) -> None:
    """In place of aiohttp's, which asks for the body before anybody has looked at the head."""


def check_expectation(request: web.Request) -> None:
    """Raise `UnknownExpectation` for another one."""
    given = request.headers.get("Expect", "")
    if given and given.lower() != "100-continue":
        raise UnknownExpectation(f"{given[:100]!r} is not expected of anybody; leave it out.")


async def invite(request: web.Request) -> None:
    """Have the client send the body, if it waits for that."""
    if "Expect" not in request.headers or request.version < (1, 1) or _INVITED in request:
        return
    request[_INVITED] = True
    with suppress(ConnectionError):  # who has gone away has sent all there will be
        await request.writer.write(_GO_ON)
        request.writer.output_size = 0  # what was sent is no part of the answer
