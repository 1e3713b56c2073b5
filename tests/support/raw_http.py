"""Bytes over a socket, as no HTTP client would send them."""

import http.client
import io
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

_SECONDS = 20


@contextmanager
def connected(authority: str) -> Iterator[socket.socket]:
    """A connection to the server there."""
    host, _, port = authority.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS) as connection:
        yield connection


def until_closed(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    received = b""
    while True:
        try:
            chunk = connection.recv(65_536)
        except ConnectionResetError:
            return received
        if not chunk:
            return received
        received += chunk


def exchange(
    authority: str, request: bytes, *, then: Iterable[bytes] = (), ends: bool = False
) -> bytes:
    """What comes for these bytes, and more of them, until the server closes.

    With `ends`, it is told that nothing more will come.
    """
    with connected(authority) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # it has heard enough
            connection.sendall(request)
            for more in then:
                connection.sendall(more)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        return until_closed(connection)


@dataclass(frozen=True)
class RawAnswer:
    """One answer on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Wire(io.BytesIO):
    """As `http.client` wants it: closing it leaves the rest to be read."""

    def makefile(self, *_: Any, **__: Any) -> "_Wire":
        return self

    def close(self) -> None:
        pass


def answers(raw: bytes, method: str = "GET") -> list[RawAnswer]:
    """The answers that the bytes are, one after the other; fails for anything that is none."""
    wire, found = _Wire(raw), []
    while wire.tell() < len(raw):
        response = http.client.HTTPResponse(wire, method=method)  # type: ignore[arg-type]
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        found.append(RawAnswer(response.status, headers, response.read()))
    return found
