"""What is no proper HTTP is refused and runs nothing; through raw sockets."""

import pytest
from raw_http import answers, connected, exchange
from rest_client import RestClient
from site_server import Site
from waiting import eventually

HOST = b"Host: localhost\r\n"
RUN = b"POST /api/workflows/echo/run HTTP/1.1\r\n" + HOST
JSON = b"Content-Type: application/json\r\n"
SECOND = b"POST /api/workflows/echo/run HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(
            RUN
            + JSON
            + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + SECOND,
            400,
            id="CL and TE",
        ),
        pytest.param(
            RUN
            + JSON
            + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
            + SECOND,
            400,
            id="TE and CL",
        ),
        pytest.param(
            RUN + JSON + b"Content-Length: 0\r\nContent-Length: 2\r\n\r\n{}" + SECOND,
            400,
            id="two CL",
        ),
        pytest.param(
            RUN + JSON + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + SECOND,
            400,
            id="the same CL twice",
        ),
        pytest.param(RUN + JSON + b"Content-Length: +2\r\n\r\n{}" + SECOND, 400, id="CL +2"),
        pytest.param(RUN + JSON + b"Content-Length: 2, 2\r\n\r\n{}" + SECOND, 400, id="CL list"),
        pytest.param(
            RUN + JSON + b"Transfer-Encoding: identity, chunked, x\r\n\r\n0\r\n\r\n" + SECOND,
            400,
            id="TE not chunked",
        ),
        pytest.param(
            RUN + JSON + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SECOND,
            400,
            id="TE space",
        ),
        pytest.param(
            RUN + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" + SECOND,
            400,
            id="no chunk size",
        ),
        pytest.param(
            RUN + JSON + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n" + SECOND,
            400,
            id="negative chunk",
        ),
        pytest.param(
            RUN + JSON + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}" + SECOND,
            400,
            id="huge chunk",
        ),
        pytest.param(RUN.replace(b"\r\n", b"\n") + b"\n" + SECOND, 400, id="bare LF"),
        pytest.param(RUN + b"X: a\nY: b\r\n\r\n" + SECOND, 400, id="a bare LF"),
        pytest.param(RUN + b"X: a\rY: b\r\n\r\n" + SECOND, 400, id="a bare CR"),
        pytest.param(RUN + b" folded: x\r\n\r\n" + SECOND, 400, id="folded header"),
        pytest.param(RUN + b"X: a\0b\r\n\r\n" + SECOND, 400, id="NUL in a header"),
        pytest.param(RUN + b"X y: a\r\n\r\n" + SECOND, 400, id="space in a name"),
        pytest.param(RUN + b": a\r\n\r\n" + SECOND, 400, id="no name"),
        pytest.param(b"POST /api/workflows/echo/run\r\n\r\n" + SECOND, 400, id="HTTP/0.9"),
        pytest.param(
            b"POST /api/workflows/echo/run HTTP/2.0\r\n" + HOST + b"\r\n" + SECOND,
            400,
            id="HTTP/2.0",
        ),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, id="HTTP/2 by surprise"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20, 400, id="TLS"),
        pytest.param(b"POST /api/workflows/echo/run HTTP/1.1\r\n\r\n", 400, id="no Host"),
        pytest.param(RUN + HOST + b"\r\n", 400, id="two Hosts"),
        pytest.param(b"FOO /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400, id="unknown method"),
        pytest.param(RUN + b"X: y\r\n" * 200 + b"\r\n", 431, id="200 headers"),
        pytest.param(RUN + b"X: " + b"y" * 9_000 + b"\r\n\r\n", 431, id="9 kB header"),
        pytest.param(RUN + b"y" * 9_000 + b": x\r\n\r\n", 431, id="9 kB name"),
        pytest.param(
            b"GET /" + b"y" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431, id="9 kB URL"
        ),
        pytest.param(
            RUN + (b"X: " + b"y" * 8_000 + b"\r\n") * 100 + b"\r\n", 431, id="800 kB head"
        ),
    ],
)
def test_what_is_no_http_is_refused_and_runs_nothing(
    client: RestClient, request_: bytes, status: int
) -> None:
    (answer,) = answers(exchange(client.authority, request_))

    assert answer.status == status
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.headers["server"] == "Quarterjack"
    assert answer.headers["content-security-policy"]
    assert client.get("/api/executions").body["items"] == []


CLOSE = b"Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(b"TRACE /healthz HTTP/1.1\r\n" + HOST + CLOSE, 405, id="TRACE"),
        pytest.param(b"PROPFIND /healthz HTTP/1.1\r\n" + HOST + CLOSE, 405, id="PROPFIND"),
        pytest.param(b"CONNECT localhost:22 HTTP/1.1\r\n" + HOST + CLOSE, 400, id="CONNECT"),
        pytest.param(b"CONNECT /healthz HTTP/1.1\r\n" + HOST + CLOSE, 400, id="CONNECT path"),
        pytest.param(
            b"GET http://localhost/healthz HTTP/1.1\r\n" + HOST + CLOSE, 400, id="absolute"
        ),
        pytest.param(
            b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + CLOSE, 400, id="another host"
        ),
        pytest.param(b"GET healthz HTTP/1.1\r\n" + HOST + CLOSE, 400, id="no slash"),
        pytest.param(b"OPTIONS * HTTP/1.1\r\n" + HOST + CLOSE, 400, id="OPTIONS *"),
        pytest.param(
            b"GET /healthz HTTP/1.1\r\n" + HOST + b"Expect: cake\r\n" + CLOSE, 417, id="Expect"
        ),
        pytest.param(b"GET /healthz HTTP/1.0\r\n" + HOST + CLOSE, 200, id="HTTP/1.0"),
        pytest.param(b"GET //evil.example/ HTTP/1.1\r\n" + HOST + CLOSE, 404, id="two slashes"),
        pytest.param(b"GET /%00 HTTP/1.1\r\n" + HOST + CLOSE, 404, id="NUL"),
        pytest.param(b"GET /%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + CLOSE, 404, id="dots"),
        pytest.param(b"GET /%ff%fe HTTP/1.1\r\n" + HOST + CLOSE, 404, id="no UTF-8"),
        pytest.param(b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + CLOSE, 400, id="raw bytes"),
    ],
)
def test_an_odd_request_is_answered_properly(
    client: RestClient, request_: bytes, status: int
) -> None:
    (answer,) = answers(exchange(client.authority, request_))

    assert answer.status == status
    assert answer.headers["server"] == "Quarterjack"
    if status >= 400:
        assert answer.headers["content-type"].startswith("application/problem+json")


def test_who_expects_to_be_told_to_go_on_is(client: RestClient) -> None:
    request = RUN + JSON + b"Content-Length: 2\r\nExpect: 100-continue\r\n" + CLOSE

    raw = exchange(client.authority, request + b"{}")

    assert raw.startswith(b"HTTP/1.1 100 Continue\r\n")
    assert b"HTTP/1.1 202 " in raw


def test_who_expects_to_be_told_is_refused_before_it_sends(client: RestClient) -> None:
    for line, status in [
        (b"Content-Length: 100000000\r\n", 413),
        (b"Content-Length: 2\r\nOrigin: http://evil.example\r\n", 403),
    ]:
        request = RUN + JSON + line + b"Expect: 100-continue\r\n" + CLOSE

        (answer,) = answers(exchange(client.authority, request))

        assert answer.status == status


def test_who_goes_away_within_a_body_is_no_fault_of_ours(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    for head in (
        JSON + b"Content-Length: 100\r\n",
        b"Idempotency-Key: a\r\nContent-Length: 100\r\n",
    ):
        with connected(site.client.authority) as connection:
            connection.sendall(RUN + head + b"\r\n{")
            eventually(lambda: len(site.listener.crowd) - site.listener.crowd.waiting == 1)
        eventually(lambda: len(site.listener.crowd) == 0)

    assert site.client.get("/api/executions").body["items"] == []
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_requests_one_behind_the_other_are_answered_in_order(client: RestClient) -> None:
    one = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    last = b"GET /nothing HTTP/1.1\r\n" + HOST + CLOSE

    found = answers(exchange(client.authority, one * 50 + last))

    assert [answer.status for answer in found] == [200] * 50 + [404]


CHUNKED = RUN + JSON + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param((b"10000\r\n" + b" " * 65_536 + b"\r\n") * 100, id="large ones"),
        pytest.param(b"1\r\n \r\n" * 1_100_000, id="a million of one byte"),
    ],
)
def test_a_flood_of_chunks_is_cut_off(site: Site, chunks: bytes) -> None:
    raw = exchange(site.client.authority, CHUNKED + chunks)

    assert not raw or raw.startswith(b"HTTP/1.1 413 ")
    assert site.client.get("/api/executions").body["items"] == []
    assert site.runtime.health().loop_lag < 3


def test_chunks_with_long_extensions_are_no_way_around_the_limit(site: Site) -> None:
    chunk = b"1;" + b"x" * 5_000 + b"\r\n \r\n"

    head = CHUNKED.removesuffix(b"\r\n") + CLOSE

    (answer,) = answers(exchange(site.client.authority, head + chunk * 1_000 + b"0\r\n\r\n"))

    assert answer.status == 400
