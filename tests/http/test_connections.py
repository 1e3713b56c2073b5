"""Who is slow, silent, idle or too many does not hold up the server; through raw sockets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from aiohttp import web
from raw_http import answers, connected, exchange, until_closed
from site_server import Site
from waiting import eventually

from quarterjack.http.settings import HttpSettings

LONG: dict[str, Any] = {
    "head_deadline": "30s",
    "keep_alive": "30s",
    "write_deadline": "30s",
    "handshake_deadline": "30s",
}
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def sites() -> Iterator[Any]:
    """Starts servers with settings of their front; what is not named can't happen in a test's time."""
    with ExitStack() as stack:
        yield lambda **front: stack.enter_context(Site(front=HttpSettings.of(**{**LONG, **front})))


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"G", id="one byte"),
        pytest.param(HEAD, id="no end"),
        pytest.param(HEAD + b"X: " + b"x" * 5_000, id="a long header"),
        pytest.param(b"\r\n" * 500 + HEAD, id="blank lines before it"),
    ],
)
def test_a_head_that_does_not_come_is_given_up(sites: Any, begun: bytes) -> None:
    site = sites(head_deadline="100ms")

    (answer,) = answers(exchange(site.client.authority, begun))

    assert answer.status == 408
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("sent", [b"", b"\r\n" * 100], ids=["nothing", "blank lines"])
def test_who_says_nothing_is_cut_off_without_a_word(sites: Any, sent: bytes) -> None:
    site = sites(head_deadline="100ms")

    assert exchange(site.client.authority, sent) == b""


def test_a_head_that_comes_byte_by_byte_has_one_deadline(sites: Any) -> None:
    site = sites(head_deadline="300ms")

    with connected(site.client.authority) as connection:
        connection.sendall(HEAD)
        connection.settimeout(0.05)
        received = b""
        for _ in range(400):
            try:
                connection.sendall(b"X: y\r\n")
                received = connection.recv(65_536)
                break
            except TimeoutError:
                continue

    assert received.startswith(b"HTTP/1.1 408 ")


def test_each_head_of_a_connection_has_a_deadline(sites: Any) -> None:
    site = sites(head_deadline="300ms")

    with connected(site.client.authority) as connection:
        connection.sendall(HEAD + b"\r\n")
        first = connection.recv(65_536)
        connection.sendall(HEAD)
        rest = until_closed(connection)

    assert first.startswith(b"HTTP/1.1 200 ")
    assert rest.startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_is_idle_is_closed(sites: Any) -> None:
    site = sites(keep_alive="200ms")

    (answer,) = answers(exchange(site.client.authority, HEAD + b"\r\n"))

    assert answer.status == 200


def test_a_request_may_take_longer_than_its_head(sites: Any) -> None:
    site = sites(head_deadline="100ms", keep_alive="100ms")
    body = b'{"payload": 1}'
    head = (
        b"POST /api/events/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )

    with connected(site.client.authority) as connection:
        connection.sendall(head)
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(65_536)
        connection.settimeout(20)
        connection.sendall(body)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 202 ")


def test_headers_without_an_end_are_refused(sites: Any) -> None:
    site = sites()
    line = b"X: " + b"x" * 8_000 + b"\r\n"

    (answer,) = answers(exchange(site.client.authority, HEAD + line * 20))

    assert answer.status == 431
    assert len(site.listener.crowd) == 0


LARGE = 8_000_000
GET_LARGE = b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def _large(_: web.Request) -> web.Response:
    return web.Response(body=b"x" * LARGE)


@pytest.fixture
def large() -> Iterator[Site]:
    """A server with a large answer, which has to be taken in pieces of 300 ms."""
    site = Site(front=HttpSettings.of(**{**LONG, "write_deadline": "300ms"}))
    site.app.router.add_get("/large", _large)
    with site:
        yield site


def _narrow(stack: ExitStack, site: Site) -> socket.socket:
    """A connection that takes little at once."""
    narrow = stack.enter_context(socket.socket())
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    narrow.settimeout(20)
    host, port = site.client.authority.split(":")
    narrow.connect((host, int(port)))
    return narrow


def test_who_does_not_read_his_answer_is_cut_off(large: Site) -> None:
    with ExitStack() as stack:
        connection = _narrow(stack, large)
        connection.sendall(GET_LARGE)

        eventually(lambda: len(large.listener.crowd) == 1)
        eventually(lambda: len(large.listener.crowd) == 0)
        assert len(until_closed(connection)) < LARGE


def test_who_reads_slowly_gets_all_of_his_answer(large: Site) -> None:
    with ExitStack() as stack:
        connection = _narrow(stack, large)
        connection.sendall(GET_LARGE)
        pause, received = threading.Event(), 0
        while piece := connection.recv(262_144, socket.MSG_WAITALL):
            received += len(piece)
            pause.wait(0.03)

    assert received > LARGE


def _hold(stack: ExitStack, site: Site, count: int) -> list[socket.socket]:
    """Connections with half a head each."""
    held = []
    for _ in range(count):
        connection = stack.enter_context(connected(site.client.authority))
        connection.sendall(HEAD)
        held.append(connection)
    eventually(lambda: len(site.listener.crowd) >= min(count, site.listener.settings.connections))
    return held


def test_slow_ones_give_way_to_new_ones_the_oldest_first(sites: Any) -> None:
    site = sites(connections=5)

    with ExitStack() as stack:
        first, *_, last = _hold(stack, site, 5)

        assert site.client.get("/healthz").status == 200
        assert until_closed(first) == b""
        last.sendall(b"Connection: close\r\n\r\n")
        assert until_closed(last).startswith(b"HTTP/1.1 200 ")


def test_many_slow_ones_keep_nobody_out(sites: Any) -> None:
    site = sites(connections=50)

    with ExitStack() as stack:
        _hold(stack, site, 400)

        assert [site.client.get("/readyz").status for _ in range(5)] == [200] * 5
        assert len(site.listener.crowd) <= 50


def _busy(stack: ExitStack, site: Site, count: int) -> list[socket.socket]:
    """Connections that wait for the rest of their request's body."""
    head = b"POST /api/events/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    held = []
    for _ in range(count):
        connection = stack.enter_context(connected(site.client.authority))
        connection.sendall(head + b"Content-Length: 2\r\n\r\n{")
        held.append(connection)
    crowd = site.listener.crowd
    eventually(lambda: len(crowd) - crowd.waiting == count)
    return held


def test_when_all_are_busy_a_new_one_is_told_to_come_back(sites: Any) -> None:
    site = sites(connections=3)

    with ExitStack() as stack:
        held = _busy(stack, site, 3)

        answer = site.client.get("/healthz")
        assert answer.status == 503
        assert answer.headers["retry-after"]
        assert answer.headers["connection"] == "close"
        assert answer.body["type"].endswith(":overloaded")

        for connection in held:
            connection.sendall(b"}")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 202 ")

    eventually(lambda: len(site.listener.crowd) == 0)
    assert site.client.get("/healthz").status == 200


def test_one_address_may_not_have_all_connections(sites: Any) -> None:
    site = sites(connections=10, connections_per_address=2, shared_addresses=["127.0.0.9/32"])

    with ExitStack() as stack:
        _busy(stack, site, 2)

        assert site.client.get("/healthz").status == 503
        host, port = site.client.authority.split(":")
        for source in ("127.0.0.8", "127.0.0.9", "127.0.0.9", "127.0.0.9"):
            other = stack.enter_context(
                socket.create_connection((host, int(port)), 20, (source, 0))
            )
            other.sendall(HEAD + b"Connection: close\r\n\r\n")
            assert until_closed(other).startswith(b"HTTP/1.1 200 ")


def test_a_flood_of_new_ones_leaves_nothing_behind(sites: Any) -> None:
    site = sites(connections=2)

    with ExitStack() as stack:
        _busy(stack, site, 2)
        for _ in range(200):
            stack.enter_context(connected(site.client.authority))
        eventually(lambda: site.listener.crowd.refused >= 200)
        assert site.listener.refusals <= 50

    eventually(lambda: len(site.listener.crowd) == 0 and site.listener.refusals == 0)


def test_the_rest_of_a_refused_body_is_no_head(sites: Any) -> None:
    site = sites()
    head = b"POST /api/events/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    body = b"x" * 900_000

    with connected(site.client.authority) as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        connection.sendall(HEAD + b"Connection: close\r\n\r\n")
        found = answers(until_closed(connection))

    assert [answer.status for answer in found] == [415, 200]


def test_the_rest_of_a_refused_body_has_a_deadline(sites: Any) -> None:
    site = sites(head_deadline="300ms")
    head = b"POST /api/events/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"

    (answer,) = answers(exchange(site.client.authority, head + b"Origin: null\r\n\r\n"))

    assert answer.status == 403
