"""Schedules as lines of JSON: exported in pages, imported by their ids, within limits of size and time."""

import json
import socket
import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from rest_client import Answer, RestClient
from site_server import Site
from waiting import eventually

from quarterjack.http import ndjson, ndjson_body
from quarterjack.http.routes import bulk

NDJSON = {"Content-Type": "application/x-ndjson"}
IMPORT = "/api/schedules/import"
EXPORT = "/api/schedules/export"


def form(key: str, **more: Any) -> dict[str, Any]:
    config = {"cron": "0 3 * * *"}
    return {"id": key, "workflowId": "echo", "name": key, "scheduleConfig": config, **more}


def lines(*values: object) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def post(client: RestClient, raw: bytes, query: str = "") -> Answer:
    return client.send("POST", IMPORT + query, raw, NDJSON)


def exported(client: RestClient, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(EXPORT + query)
    assert answer.status == 200, answer.raw
    return [json.loads(line) for line in answer.raw.splitlines()]


def test_what_is_exported_is_imported_unchanged(client: RestClient) -> None:
    done = post(client, lines(form("a"), form("b", enabled=False)))
    raw = client.get(EXPORT).raw

    again = post(client, raw)

    assert (done.status, done.body) == (
        200,
        {"created": 2, "updated": 0, "unchanged": 0, "errors": []},
    )
    assert again.body == {"created": 0, "updated": 0, "unchanged": 2, "errors": []}
    assert client.get(EXPORT).raw == raw


def test_a_line_is_as_the_schedule_is_shown_elsewhere(client: RestClient) -> None:
    key = client.schedule("echo", {"interval": "1h"}, metadata={"team": "bi"})

    answer = client.get(EXPORT)

    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(answer.raw) == client.get(f"/api/schedules/{key}/workflow").body


def test_an_export_has_those_that_are_wanted(client: RestClient) -> None:
    post(client, lines(form("a"), form("b", enabled=False), form("c", workflowId="fails")))

    def ids(query: str) -> list[str]:
        return [each["id"] for each in exported(client, query)]

    assert ids("") == ["a", "b", "c"]
    assert ids("?status=disabled") == ["b"]
    assert ids("?workflowId=fails") == ["c"]
    assert ids("?q=a") == ["a"]
    assert ids("?q=nothing") == []
    assert client.get(f"{EXPORT}?limit=5").fields == [["query", "limit"]]


def test_an_export_of_many_pages_has_each_once(client: RestClient) -> None:
    keys = [f"s{number}" for number in range(1_201)]
    assert post(client, lines(*map(form, keys))).body["created"] == len(keys)

    assert [each["id"] for each in exported(client)] == keys


def test_a_bad_line_stops_no_other_and_is_named(client: RestClient) -> None:
    wrong_rule = form("b", scheduleConfig={"cron": "0 25 * * *"})
    raw = lines(form("a")) + b"\n{nonsense\n" + lines(wrong_rule, [1], form("a"), form("z"))

    answer = post(client, raw)

    assert answer.status == 200
    found = answer.body
    assert (found["created"], found["updated"], found["unchanged"]) == (2, 0, 0)
    assert [(each["line"], each["errors"][0]["loc"]) for each in found["errors"]] == [
        (3, []),
        (4, ["scheduleConfig", "cron"]),
        (5, []),
        (6, ["id"]),
    ]
    assert "not JSON" in found["errors"][0]["errors"][0]["msg"]
    assert "line 1" not in found["errors"][0]["errors"][0]["msg"]
    assert [each["id"] for each in exported(client)] == ["a", "z"]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'{"a": NaN}', id="no number"),
        pytest.param(b'{"a": 1, "a": 2}', id="doubled key"),
        pytest.param(b'"\xff"', id="no UTF-8"),
        pytest.param(b"[" * 1_000, id="deep"),
        pytest.param(b"1" * 5_000, id="long number"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param(b'"' + b"a" * ndjson.LONGEST_LINE + b'"', id="long line"),
    ],
)
def test_what_is_refused_in_a_body_is_refused_in_a_line(client: RestClient, raw: bytes) -> None:
    answer = post(client, raw + b"\r\n" + lines(form("z")))

    assert answer.status == 200
    assert answer.body["created"] == 1
    assert [each["line"] for each in answer.body["errors"]] == [1]


def test_a_dry_run_changes_nothing(client: RestClient) -> None:
    post(client, lines(form("a")))

    answer = post(client, lines(form("a", name="b"), form("c")), "?dryRun=true")

    assert answer.body == {"created": 1, "updated": 1, "unchanged": 0, "errors": []}
    assert [each["name"] for each in exported(client)] == ["a"]
    assert post(client, b"", "?dryRun=perhaps").fields == [["query", "dryRun"]]


def test_an_empty_file_is_an_import_of_nothing(client: RestClient) -> None:
    assert post(client, b"").body == {"created": 0, "updated": 0, "unchanged": 0, "errors": []}
    assert exported(client) == []


@pytest.mark.parametrize(
    "given", ["application/json", "text/plain", "application/x-www-form-urlencoded"]
)
def test_other_types_are_refused(client: RestClient, given: str) -> None:
    answer = client.send("POST", IMPORT, lines(form("a")), {"Content-Type": given})

    assert answer.status == 415
    assert answer.headers["accept"] == "application/x-ndjson"
    assert exported(client) == []


def test_too_much_is_refused_before_anything_is_done(
    client: RestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndjson_body, "LARGEST", 10_000)
    monkeypatch.setattr(ndjson_body, "MOST_LINES", 20)

    announced = post(client, lines(form("a", description="x" * 10_000)))
    many = post(client, lines(form("a"), *range(20)))
    streamed = _chunked(client, [b"x" * 5_000] * 3)

    assert [announced.status, many.status, streamed] == [413, 413, 413]
    assert "lines" in many.body["detail"]
    assert exported(client) == []


def test_a_body_that_breaks_off_changes_nothing(client: RestClient) -> None:
    raw = lines(*(form(f"s{number}") for number in range(300)))
    with _connection(client) as peer:
        peer.sendall(_head(client, f"Content-Length: {2 * len(raw)}") + raw)
    post(client, lines(form("z")))

    assert [each["id"] for each in exported(client)] == ["z"]


def test_a_body_that_does_not_come_is_not_waited_for(
    client: RestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndjson_body, "BODY_DEADLINE", timedelta(seconds=0.3))
    with _connection(client) as peer:
        peer.sendall(_head(client, "Content-Length: 500") + b"{")
        assert peer.recv(1_000).startswith(b"HTTP/1.1 408 ")


def test_only_so_many_imports_run_at_once(client: RestClient) -> None:
    with _connection(client) as one, _connection(client) as other:
        for peer in (one, other):
            peer.sendall(_head(client, "Content-Length: 3") + b"\n")
        answer = eventually(lambda: (found := post(client, b"\n")).status == 503 and found)
        for peer in (one, other):
            peer.sendall(b"\n\n")
            assert peer.recv(1_000).startswith(b"HTTP/1.1 200 ")

    assert answer.headers["retry-after"] == "5"
    assert post(client, b"\n").status == 200


def test_a_client_that_reads_nothing_is_left(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bulk, "_WRITE_SECONDS", 0.2)
    big = [form(f"s{number}", description="x" * 9_900) for number in range(2_000)]
    assert post(site.client, lines(*big)).body["created"] == len(big)

    with _connection(site.client, receive=4_096) as peer:
        peer.sendall(f"GET {EXPORT} HTTP/1.1\r\nHost: {site.client.authority}\r\n\r\n".encode())
        eventually(lambda: "broke off" in caplog.text)
        received = b""
        while piece := peer.recv(65_536):
            received += piece
    assert not received.endswith(b"0\r\n\r\n")  # so that it can't be taken for the whole


def test_the_head_of_an_export_can_be_asked_for(client: RestClient) -> None:
    answer = client.send("HEAD", EXPORT)

    assert (answer.status, answer.raw) == (200, b"")
    assert answer.headers["content-type"] == "application/x-ndjson"


def test_others_are_answered_while_an_import_runs(client: RestClient) -> None:
    raw = lines(*(form(f"s{number}") for number in range(1_500)))
    importing = threading.Thread(target=post, args=[client, raw])
    importing.start()
    answered = 0
    while importing.is_alive():
        assert client.get("/healthz").status == 200
        answered += 1
    importing.join()

    assert answered > 10
    assert len(exported(client)) == 1_500


def _connection(client: RestClient, receive: int | None = None) -> socket.socket:
    host, port = client.authority.split(":")
    peer = socket.socket()
    if receive is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    peer.settimeout(20)
    peer.connect((host, int(port)))
    return peer


def _head(client: RestClient, *headers: str) -> bytes:
    every = (f"POST {IMPORT} HTTP/1.1", f"Host: {client.authority}", *headers)
    return "\r\n".join([*every, "Content-Type: application/x-ndjson", "", ""]).encode()


def _chunked(client: RestClient, pieces: Iterable[bytes]) -> int:
    with _connection(client) as peer:
        peer.sendall(_head(client, "Transfer-Encoding: chunked"))
        for piece in pieces:
            peer.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        return int(peer.recv(1_000).split()[1])
