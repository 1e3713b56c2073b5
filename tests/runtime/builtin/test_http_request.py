"""`quarterjack.http` against a real server: what is sent, and what is made of the answer."""

import asyncio
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web as aio
from waiting import eventually
from web_server import WebServer

from quarterjack.actors.workflow import Workflow
from quarterjack.runtime.builtin.host_rules import HostRules
from quarterjack.runtime.builtin.http_request import http_workflow

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtime.builtin.conftest import Attempt

    Try = Callable[..., Attempt]


@pytest.fixture
def http() -> Workflow:
    return http_workflow(HostRules(allow_private=True))


# What is sent


def test_an_answer_is_the_result(attempt: "Try", http: Workflow, web: WebServer) -> None:
    web.answer("/x", 201, "made", X_Colour="Red")

    result = attempt(http, url=f"{web.url}/x?a=1#part").result

    headers = result.pop("headers")
    assert result == {
        "status": 201,
        "body": "made",
        "bodyDropped": 0,
        "url": f"{web.url}/x?a=1",
    }
    assert headers["x-colour"] == "Red"
    assert headers["content-type"] == "text/plain; charset=utf-8"
    (asked,) = web.asked
    assert (asked.method, asked.path, asked.body) == ("GET", "/x?a=1", "")
    assert asked.headers["user-agent"] == "Quarterjack"
    assert asked.headers["accept-encoding"] == "identity"


def test_method_headers_and_body_are_sent(attempt: "Try", http: Workflow, web: WebServer) -> None:
    headers = {"Authorization": "Bearer x", "content-type": "text/csv", "User-Agent": "mine"}

    _ = attempt(http, url=web.url, method="post", headers=headers, body="ä;b\n").result

    (asked,) = web.asked
    assert (asked.method, asked.body) == ("POST", "ä;b\n")
    sent = {name: asked.headers[name] for name in ("authorization", "content-type", "user-agent")}
    assert sent == {name.lower(): value for name, value in headers.items()}


def test_json_is_sent_as_json(attempt: "Try", http: Workflow, web: WebServer) -> None:
    _ = attempt(http, url=web.url, method="PUT", json={"a": [1, "ä"]}).result

    (asked,) = web.asked
    assert asked.body == '{"a": [1, "ä"]}'
    assert asked.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "given", "sent"),
    [
        ("POST", {}, "exe_1:request"),
        ("PATCH", {}, "exe_1:request"),
        ("DELETE", {}, "exe_1:request"),
        ("PUT", {"idempotency-key": "mine"}, "mine"),
        ("GET", {}, None),
    ],
)
def test_changing_requests_carry_the_attempts_key(
    attempt: "Try",
    http: Workflow,
    web: WebServer,
    method: str,
    given: dict[str, str],
    sent: str | None,
) -> None:
    _ = attempt(http, url=web.url, method=method, headers=given).result

    assert web.asked[0].headers.get("idempotency-key") == sent


def test_no_proxy_of_the_environment_is_used(
    attempt: "Try", http: Workflow, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    assert attempt(http, url=web.url).result["status"] == 200


def test_no_cookies_are_kept(attempt: "Try", http: Workflow, web: WebServer) -> None:
    web.answer("/in", 302, Location="/out", Set_Cookie="a=1; Path=/")

    _ = attempt(http, url=f"{web.url}/in", follow_redirects=True).result
    _ = attempt(http, url=f"{web.url}/out").result

    assert [asked.path for asked in web.asked] == ["/in", "/out", "/out"]
    assert not any("cookie" in asked.headers for asked in web.asked)


# What is expected


@pytest.mark.parametrize(
    ("status", "expect"),
    [(204, None), (404, [404]), (404, ["2xx", "404"]), (302, ["3xx"]), (500, ["2xx", 404, "5XX"])],
)
def test_an_expected_status_is_success(
    attempt: "Try", http: Workflow, web: WebServer, status: int, expect: list[Any] | None
) -> None:
    web.answer("/", status)

    assert attempt(http, url=web.url, expect_status=expect).result["status"] == status


def test_another_status_fails_with_the_beginning_of_the_body(
    attempt: "Try", http: Workflow, web: WebServer
) -> None:
    web.answer("/", 503, "sorry " * 1_000)

    failure = attempt(http, url=web.url, expect_status=["2xx", 404]).failure

    assert failure.type == "HttpStatusError"
    assert failure.message == "got 503, expected 2xx or 404: " + ("sorry " * 1_000)[:500]


def test_a_redirect_is_not_followed_unless_asked_for(
    attempt: "Try", http: Workflow, web: WebServer
) -> None:
    web.answer("/old", 302, Location="/new")

    assert attempt(http, url=f"{web.url}/old").failure.type == "HttpStatusError"
    result = attempt(http, url=f"{web.url}/old", follow_redirects=True).result

    assert result["url"] == f"{web.url}/new"
    assert [asked.path for asked in web.asked] == ["/old", "/old", "/new"]


def test_a_password_is_not_sent_to_where_a_redirect_leads(
    attempt: "Try", http: Workflow, web: WebServer
) -> None:
    web.answer("/in", 307, Location=f"http://localhost:{web.port}/out")
    headers = {"Authorization": "Bearer secret", "Cookie": "session=secret", "X-Colour": "red"}

    _ = attempt(http, url=f"{web.url}/in", headers=headers, follow_redirects=True).result

    first, second = web.asked
    assert first.headers["authorization"] == "Bearer secret"
    assert "secret" not in str(second.headers)
    assert second.headers["x-colour"] == "red"


def test_redirects_come_to_an_end(attempt: "Try", http: Workflow, web: WebServer) -> None:
    web.answer("/", 302, Location="/")

    assert attempt(http, url=web.url, follow_redirects=True).failure.type == "TooManyRedirects"
    assert len(web.asked) == 10


# What goes wrong


async def _never(_: aio.Request) -> aio.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def _endless(request: aio.Request) -> aio.StreamResponse:
    response = aio.StreamResponse()
    await response.prepare(request)
    await response.write(b"begin")
    return await _never(request)


async def _flood(request: aio.Request) -> aio.StreamResponse:
    response = aio.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 1_000_000)


@pytest.mark.parametrize("handler", [_never, _endless])
def test_an_answer_that_takes_too_long_is_given_up(
    attempt: "Try", http: Workflow, web: WebServer, handler: Any
) -> None:
    web.handlers["/"] = handler
    begun = time.monotonic()

    failure = attempt(http, url=web.url, timeout="0.2s").failure

    assert time.monotonic() - begun < 2
    assert failure.type == "HttpTimedOut"
    assert failure.message == "no whole answer from 127.0.0.1 within 200ms"


def test_cancelling_ends_the_request(attempt: "Try", http: Workflow, web: WebServer) -> None:
    web.handlers["/"] = _never
    running = attempt(http, url=web.url)
    eventually(lambda: web.asked)

    running.cancel()

    assert running.failure.type == "CancelledError"


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_request_whose_connection_is_lost_is_sent_once(
    attempt: "Try", http: Workflow, web: WebServer, method: str
) -> None:
    async def hang_up(request: aio.Request) -> aio.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return aio.Response()

    web.handlers["/"] = hang_up

    failure = attempt(http, url=web.url, method=method, body="x").failure

    assert failure.type == "HttpConnectionLost"
    assert failure.message.startswith("127.0.0.1 closed the connection without an answer")
    assert len(web.asked) == 1


def test_a_refused_connection_says_where(attempt: "Try", http: Workflow) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    failure = attempt(http, url=f"http://127.0.0.1:{port}").failure

    assert failure.type == "ClientConnectorError"
    assert f"Cannot connect to host 127.0.0.1:{port}" in failure.message


def test_an_unknown_host_is_named(attempt: "Try", http: Workflow) -> None:
    failure = attempt(http, url="http://nowhere.invalid/").failure

    assert failure.type == "ClientConnectorDNSError"
    assert "nowhere.invalid" in failure.message


# The body


def test_only_the_beginning_of_a_large_body_is_kept(
    attempt: "Try", http: Workflow, web: WebServer
) -> None:
    web.answer("/", text="x" * 10_000_000)

    result = attempt(http, url=web.url).result
    short = attempt(http, url=web.url, max_body=3).result

    assert (len(result["body"]), result["bodyDropped"]) == (65_536, 10_000_000 - 65_536)
    assert (short["body"], short["bodyDropped"]) == ("xxx", 9_999_997)


def test_an_endless_body_is_not_read_for_ever(
    attempt: "Try", http: Workflow, web: WebServer
) -> None:
    web.handlers["/"] = _flood

    result = attempt(http, url=web.url, max_body=5).result

    assert result["body"] == "xxxxx"
    assert result["bodyDropped"] >= 9_000_000


@pytest.mark.parametrize(
    ("raw", "content_type", "text"),
    [
        pytest.param("ä".encode("latin-1"), "text/plain; charset=iso-8859-1", "ä", id="latin"),
        pytest.param(b"a\xffb", "text/plain", "a\ufffdb", id="no UTF-8"),
        pytest.param(b"abc", "text/plain; charset=nonsense", "abc", id="unknown charset"),
        pytest.param(b"abc", "text/plain; charset=rot13", "abc", id="no charset of bytes"),
        pytest.param(rb"\ud800", "text/plain; charset=unicode_escape", r"\ud800", id="surrogate"),
        pytest.param(b"+2AA-", "text/plain; charset=utf-7", "?", id="surrogate in UTF-7"),
        pytest.param(b"a-" * 9, "text/plain; charset=punycode", "a-" * 9, id="punycode"),
    ],
)
def test_a_body_becomes_text(
    attempt: "Try", http: Workflow, web: WebServer, raw: bytes, content_type: str, text: str
) -> None:
    async def handle(_: aio.Request) -> aio.Response:
        return aio.Response(body=raw, headers={"Content-Type": content_type})

    web.handlers["/"] = handle

    assert attempt(http, url=web.url).result["body"] == text


def test_a_packed_body_is_not_unpacked(attempt: "Try", http: Workflow, web: WebServer) -> None:
    async def handle(_: aio.Request) -> aio.Response:
        response = aio.Response(body=b"\x00" * 5_000_000)
        response.enable_compression(aio.ContentCoding.gzip)
        response.headers["Content-Encoding"] = "gzip"
        return response

    web.handlers["/"] = handle

    result = attempt(http, url=web.url).result

    assert len(result["body"]) < 10_000
    assert result["headers"]["content-encoding"] == "gzip"


def test_a_header_that_is_no_utf8_is_replaced(attempt: "Try", http: Workflow) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        running = attempt(http, url=url)
        connection, _ = server.accept()
        with connection:
            connection.recv(10_000)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nX-A: a\xff\r\nX-A: b\r\nContent-Length: 0\r\n\r\n"
            )
            result = running.result

    assert result["headers"]["x-a"] == "a?, b"


# Parameters


@pytest.mark.parametrize(
    ("params", "name", "told"),
    [
        pytest.param({"url": "ftp://x.example/"}, "url", "http://… or https://…", id="scheme"),
        pytest.param({"url": "file:///etc/passwd"}, "url", "http://… or https://…", id="file"),
        pytest.param({"url": "/path"}, "url", "http://… or https://…", id="no host"),
        pytest.param({"url": "http://x:99999/"}, "url", "it is no address", id="port"),
        pytest.param({"url": "http://x/\r\nA: b"}, "url", "no spaces or control", id="CR LF"),
        pytest.param({"url": "http://a:b@x/"}, "url", "leave out user and password", id="password"),
        pytest.param({"url": 7}, "url", "valid string", id="number"),
        pytest.param({"method": "CONNECT"}, "method", "there is no method 'CONNECT'", id="method"),
        pytest.param(
            {"headers": {"A": "b\r\nC: d"}}, "headers", "no line breaks", id="CR LF value"
        ),
        pytest.param({"headers": {"A": "b\0"}}, "headers", "no line breaks", id="NUL value"),
        pytest.param({"headers": {"A\n": "b"}}, "headers", "can't be a header's name", id="name"),
        pytest.param({"headers": {"A": 1}}, "headers", "A: Input should be", id="header number"),
        pytest.param({"headers": {"Host": "b"}}, "headers", "is set from url", id="Host"),
        pytest.param({"headers": {"a": "b", "A": "c"}}, "headers", "given twice", id="twice"),
        pytest.param({"body": "a", "json": "b"}, "url", "give body or json", id="two bodies"),
        pytest.param({"timeout": "soon"}, "timeout", "is not a duration", id="timeout"),
        pytest.param({"timeout": 0}, "timeout", "longer than 0", id="no time"),
        pytest.param({"expect_status": ["6xx"]}, "expect_status", "'6xx' is no status", id="6xx"),
        pytest.param({"expect_status": [42]}, "expect_status", "42 is no status", id="42"),
        pytest.param({"expect_status": [True]}, "expect_status", "is no status", id="true"),
        pytest.param({"max_body": -1}, "max_body", "greater than or equal to 0", id="negative"),
        pytest.param({"follow_redirects": "yes"}, "follow_redirects", "valid boolean", id="flag"),
    ],
)
def test_wrong_parameters_are_told_before_a_run(
    http: Workflow, params: dict[str, Any], name: str, told: str
) -> None:
    ((where, sentence),) = http.check_params({"url": "http://x.example/", **params})

    assert where == name
    assert told in sentence


def test_the_address_is_required(http: Workflow) -> None:
    assert http.check_params({}) == [("url", "is required by workflow 'quarterjack.http'")]
