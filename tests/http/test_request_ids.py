"""Requests have ids, and one line each in the log."""

import logging

import pytest
from rest_client import RestClient
from waiting import eventually

ACCESS = "quarterjack.http.access"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, ACCESS)
    return caplog


@pytest.mark.parametrize("given", ["a", "abc-1.2:3/4+5=@_", "x" * 128])
def test_the_caller_s_request_id_comes_back(client: RestClient, given: str) -> None:
    answer = client.get("/healthz", {"X-Request-ID": given})

    assert answer.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "ünsane", "semi;colon", "a\tb"])
def test_an_odd_request_id_is_replaced(client: RestClient, given: str) -> None:
    answer = client.send("GET", "/healthz", headers={"X-Request-ID": given.encode()})  # type: ignore[dict-item]

    assert answer.status == 200
    assert answer.headers["x-request-id"].startswith("req_")


def test_answers_that_refuse_have_an_id_too(client: RestClient) -> None:
    answers = [
        client.get("/nothing"),
        client.post("/healthz"),
        client.send("POST", "/api/workflows/echo/run", b"{", {"Content-Type": "application/json"}),
        client.get("/healthz", {"Origin": "http://evil.example"}),
        client.get("/api/ws"),
    ]

    ids = [answer.headers["x-request-id"] for answer in answers]
    assert [answer.status for answer in answers] == [404, 405, 400, 403, 426]
    assert len(set(ids)) == 5


def test_each_request_has_one_line_without_its_query(
    client: RestClient, lines: pytest.LogCaptureFixture
) -> None:
    client.get("/api/executions?limit=1&cursor=hush-hush", {"X-Request-ID": "mine"})
    client.get("/no/call%0d%0aINFO%20forged")

    eventually(lambda: len(lines.records) == 2)
    known, unknown = lines.records
    assert "hush" not in lines.text
    fields = vars(known)
    assert fields["call"] == "listExecutions"
    assert fields["status"] == 422
    assert fields["caller"] == "127.0.0.1"
    assert 0 < fields["duration"] < 10
    assert vars(unknown)["call"] == "none"
