"""What stands around every call: names, origins, methods, headers, sizes, time."""

import socket
from datetime import timedelta

import pytest
from rest_client import RestClient
from site_server import Site

from quarterjack.http.headers import SECURITY_HEADERS


@pytest.mark.parametrize("path", ["/healthz", "/api/schedules", "/nothing"])
def test_every_answer_has_the_security_headers(client: RestClient, path: str) -> None:
    headers = client.get(path).headers

    assert {name: headers[name.lower()] for name in SECURITY_HEADERS} == SECURITY_HEADERS


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.8.8.8:8321", 200),
        ("localhost", 200),
        ("LOCALHOST.:80", 200),
        ("[::1]:8321", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example:8321", 421),
        ("10.0.0.1", 421),
        ("[::2]", 421),
        ("", 421),
    ],
)
def test_only_loopback_names_are_answered(client: RestClient, host: str, status: int) -> None:
    assert client.get("/healthz", {"Host": host}).status == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("{url}", 200),
        ("https://{authority}", 403),
        ("http://127.0.0.1:1", 403),
        ("http://evil.example", 403),
        ("http://[", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_only_its_own_pages_are_answered(client: RestClient, origin: str, status: int) -> None:
    given = origin.format(url=client.url, authority=client.authority)

    assert client.get("/healthz", {"Origin": given}).status == status


@pytest.mark.parametrize(
    ("from_site", "status"),
    [("same-origin", 202), ("none", 202), ("cross-site", 403), ("same-site", 403)],
)
def test_pages_of_other_sites_change_nothing(
    client: RestClient, from_site: str, status: int
) -> None:
    answer = client.post("/api/workflows/echo/run", headers={"Sec-Fetch-Site": from_site})

    assert answer.status == status


def test_an_address_that_is_not_there(client: RestClient) -> None:
    answer = client.get("/api/nothing")

    assert answer.status == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "/api/nothing" in answer.body["detail"]


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "TRACE"])
def test_a_method_that_is_not_for_the_address(client: RestClient, method: str) -> None:
    answer = client.send(method, "/api/schedules")

    assert answer.status == 405
    assert "GET" in answer.headers["allow"]
    assert answer.body["type"].endswith(":method-not-allowed")


def test_a_whole_address_in_the_request_line_is_refused(client: RestClient) -> None:
    answer = client.send("GET", f"{client.url}/healthz")

    assert answer.status == 400


def test_head_is_like_get_without_the_body(client: RestClient) -> None:
    answer = client.send("HEAD", "/healthz")

    assert answer.status == 200
    assert answer.raw == b""


def _raw(client: RestClient, request: bytes) -> bytes:
    host, port = client.authority.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received


HEAD = b"POST /api/workflows/echo/run HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def test_an_endless_body_is_cut_off(client: RestClient) -> None:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"

    answer = _raw(client, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 20)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert client.get("/api/executions").body["items"] == []


def test_a_body_that_does_not_come_is_given_up(
    client: RestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quarterjack.http.bodies.BODY_DEADLINE", timedelta(milliseconds=50))

    answer = _raw(client, HEAD + b"Content-Length: 10\r\n\r\n{")

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_wrongly_framed_requests_run_nothing(client: RestClient) -> None:
    both = HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"

    answer = _raw(client, both)

    assert b" 400 " in answer.splitlines()[0]
    assert client.get("/api/executions").body["items"] == []


def test_an_answer_that_does_not_come_is_503(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quarterjack.http.answers.ANSWER_DEADLINE", timedelta(0))

    answer = site.client.get("/api/schedules")

    assert answer.status == 503
    assert answer.body["type"].endswith(":no-answer")
    assert answer.headers["retry-after"]
