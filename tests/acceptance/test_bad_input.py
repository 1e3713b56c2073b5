"""Whatever comes in wrong is answered with what is wrong, and changes nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from rest_client import RestClient
from server_process import ServerProcess

SERVER_OPTIONS = ("--runner", "thread")

GOOD: dict[str, Any] = {
    "workflowId": "broken",
    "name": "n",
    "scheduleConfig": {"cron": "0 3 * * *", "timezone": "Europe/Paris"},
}
APPS = Path(__file__).parent / "apps"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestClient]:
    folder = tmp_path_factory.mktemp("bad-input")
    arguments = ("--app", "jobs", "--port", "0", "--database", f"sqlite:///{folder / 'q.db'}")
    with ServerProcess(*arguments, cwd=APPS, log=folder / "log") as server:
        yield server.client()
        assert "Traceback" not in server.log


@pytest.fixture(autouse=True)
def unchanged(client: RestClient) -> Iterator[None]:
    yield
    assert client.get("/api/schedules").body["items"] == []
    assert client.get("/api/events").body["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"workflowId": "nothing"}, ["workflowId"], id="unknown workflow"),
        pytest.param({"workflowId": 5}, ["workflowId"], id="wrong type"),
        pytest.param({"name": ""}, ["name"], id="empty name"),
        pytest.param({"name": "x" * 201}, ["name"], id="long name"),
        pytest.param({"colour": "red"}, ["colour"], id="unknown field"),
        pytest.param({"id": "sch_x"}, ["id"], id="own id"),
        pytest.param({"version": 3}, ["version"], id="own version"),
        pytest.param({"scheduleConfig": None}, ["scheduleConfig"], id="null"),
        pytest.param({"scheduleConfig": {}}, ["scheduleConfig"], id="no rule"),
        pytest.param(
            {"scheduleConfig": {"cron": "0 3 * * *", "manual": True}}, ["scheduleConfig"], id="two"
        ),
        pytest.param(
            {"scheduleConfig": {"cron": "61 3 * * *"}}, ["scheduleConfig", "cron"], id="bad minute"
        ),
        pytest.param(
            {"scheduleConfig": {"cron": "0 3 32 * *"}}, ["scheduleConfig", "cron"], id="bad day"
        ),
        pytest.param(
            {"scheduleConfig": {"cron": "* * * *"}}, ["scheduleConfig", "cron"], id="four fields"
        ),
        pytest.param(
            {"scheduleConfig": {"cron": "@daily", "timezone": "Europe/Nowhere"}},
            ["scheduleConfig", "timezone"],
            id="bad zone",
        ),
        pytest.param(
            {"scheduleConfig": {"cron": "@daily", "overlap": "maybe"}},
            ["scheduleConfig", "overlap"],
            id="bad overlap",
        ),
        pytest.param(
            {"scheduleConfig": {"interval": "soon"}}, ["scheduleConfig", "interval"], id="interval"
        ),
        pytest.param(
            {"scheduleConfig": {"at": "2026-13-01T00:00:00Z"}}, ["scheduleConfig", "at"], id="at"
        ),
        pytest.param(
            {"executionConfig": {"priority": 10}}, ["executionConfig", "priority"], id="priority"
        ),
        pytest.param(
            {"executionConfig": {"params": {"who": 1}}},
            ["executionConfig", "params", "who"],
            id="unknown parameter",
        ),
    ],
)
def test_a_wrong_field_of_a_draft_is_named(
    client: RestClient, change: dict[str, Any], field: list[str]
) -> None:
    answer = client.post("/api/schedules/workflows", {**GOOD, **change})

    assert answer.status == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert field in answer.fields
    assert answer.body["status"] == 422
    assert {"type", "title", "detail"} <= answer.body.keys()


def test_the_bad_part_of_a_cron_expression_is_named(client: RestClient) -> None:
    draft = {**GOOD, "scheduleConfig": {"cron": "0 3 * * 9"}}

    answer = client.post("/api/schedules/workflows", draft)

    assert "day-of-week" in answer.body["errors"][0]["msg"]


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("raw", "headers", "status"),
    [
        pytest.param(b"{", JSON, 400, id="broken JSON"),
        pytest.param(b"", JSON, 400, id="empty"),
        pytest.param(b'{"a": NaN}', JSON, 400, id="NaN"),
        pytest.param(b"\xef\xbb\xbf{}", JSON, 400, id="byte order mark"),
        pytest.param(b'{"name": "\xff"}', JSON, 400, id="no UTF-8"),
        pytest.param("{}".encode("utf-16"), JSON, 400, id="UTF-16"),
        pytest.param(b"[]", JSON, 422, id="array"),
        pytest.param(b'{"name": 1, "name": 2}', JSON, 422, id="doubled key"),
        pytest.param(b'{"name": "\\ud800"}', JSON, 422, id="lone surrogate"),
        pytest.param(b"[" * 100_000, JSON, 422, id="too deep"),
        pytest.param(b'{"name": ' + b"9" * 5_000 + b"}", JSON, 422, id="huge number"),
        pytest.param(b'{"a": "' + b"x" * 1_100_000 + b'"}', JSON, 413, id="over the limit"),
        pytest.param(b"{}", {"Content-Type": "text/plain"}, 415, id="wrong type"),
        pytest.param(b"{}", {}, 415, id="no type"),
        pytest.param(
            b"{}", {"Content-Type": "application/json; charset=latin-1"}, 415, id="charset"
        ),
        pytest.param(b"{}", {**JSON, "Content-Encoding": "gzip"}, 415, id="compressed"),
        pytest.param(b"{}", {**JSON, "Origin": "http://evil.example"}, 403, id="origin"),
        pytest.param(b"{}", {**JSON, "Origin": "null"}, 403, id="null origin"),
        pytest.param(b"{}", {**JSON, "Sec-Fetch-Site": "cross-site"}, 403, id="cross-site"),
        pytest.param(b"{}", {**JSON, "Host": "evil.example"}, 421, id="rebinding"),
    ],
)
def test_a_body_that_can_not_be_taken(
    client: RestClient, raw: bytes, headers: dict[str, str], status: int
) -> None:
    answer = client.send("POST", "/api/schedules/workflows", raw, headers)

    assert answer.status == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.body["status"] == status
    assert client.get("/healthz").status == 200


@pytest.mark.parametrize("key", ["sch_0123456789abcdefghjk", "exe_x", "..%2f..%2fetc", "é" * 500])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/workflow"),
        ("PUT", "/workflow"),
        ("DELETE", "/workflow"),
        ("POST", "/trigger"),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("POST", "/sync"),
        ("GET", "/status"),
        ("GET", "/executions"),
        ("GET", "/upcoming"),
        ("GET", "/fires"),
    ],
)
def test_a_schedule_that_does_not_exist_is_404(
    client: RestClient, method: str, path: str, key: str
) -> None:
    body = {"name": "x"} if method == "PUT" else None
    answer = client.send_json(method, f"/api/schedules/{quote(key, safe='%')}{path}", body)

    assert answer.status == 404
    assert answer.body["type"].endswith(":not-found")
