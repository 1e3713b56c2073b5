"""Secrets over REST and WebSocket: never in an answer, an event or an error, in JSON and msgpack."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import secret_steps
from live_client import JSON, MSGPACK, live_client
from rest_client import RestClient
from secret_steps import PLAIN, VARIABLE
from site_server import Site

from quarterjack.runtime.vault.keyring import make_key_file

MANUAL = {"manual": True}
HOURLY = {"cron": "0 * * * *"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Site]:
    make_key_file(tmp_path / "key")
    with Site(secret_steps.ALL, secret_key_file=str(tmp_path / "key")) as found:
        yield found


@pytest.fixture
def rest(served: Site) -> RestClient:
    return served.client


def params(**given: Any) -> dict[str, Any]:
    return {"executionConfig": {"params": given}}


def addresses(schedule: str, execution: str, backfill: str) -> list[str]:
    """Everything that can be read of them."""
    one, run = f"/api/schedules/{schedule}", f"/api/executions/{execution}"
    return [
        "/api/schedules",
        "/api/schedules/export",
        f"{one}/workflow",
        f"{one}/status",
        f"{one}/executions",
        f"{one}/fires",
        f"{one}/backfills",
        f"{one}/audit",
        f"/api/backfills/{backfill}",
        "/api/workflows",
        "/api/workflows/leaky/schedules",
        "/api/executions",
        run,
        f"{run}/steps/leak/logs",
        f"{run}/steps/fail/logs",
        "/api/events?after=0",
        "/api/actors",
        "/api/overview",
        "/api/schedules/summaries",
        "/api/timeline",
        "/api/running",
    ]


def test_no_answer_has_a_secret(rest: RestClient) -> None:
    schedule = rest.schedule("leaky", HOURLY, **params(password=PLAIN))
    execution = rest.trigger(schedule, params={"password": "another " + PLAIN})
    assert rest.ended(execution)["error"]["message"] == "no access with ***"
    asked = {
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-01-01T01:00:00Z",
        "params": {"password": PLAIN},
    }
    started = rest.post(f"/api/schedules/{schedule}/backfill", asked).body
    rest.ended(started["executionIds"][0])

    for address in addresses(schedule, execution, started["backfillId"]):
        answer = rest.get(address)
        assert answer.status == 200, address
        assert b"horse" not in answer.raw, address
        assert b"$secret" not in answer.raw, address
    shown = rest.get(f"/api/schedules/{schedule}/workflow").body
    assert shown["executionConfig"]["params"] == {"password": "***"}
    assert rest.execution(execution)["params"] == {"password": "***"}


@pytest.mark.parametrize("protocol", [JSON, MSGPACK])
def test_no_event_has_a_secret(served: Site, protocol: str) -> None:
    async def heard() -> list[dict[str, Any]]:
        async with live_client(served.client.url, protocol) as live:
            await live.subscribe()
            rest = served.client
            await asyncio.to_thread(rest.run, "leaky", password=PLAIN)
            return await live.until(lambda got: bool(got) and got[-1]["event"] == "workflow:failed")

    frames = asyncio.run(heard())

    assert "horse" not in repr(frames)
    notes = [frame["data"].get("note") for frame in frames]
    assert "at ***" in notes


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"password": {"text": PLAIN}}, id="map"),
        pytest.param({"password": [PLAIN]}, id="list"),
        pytest.param({"password": {"env": PLAIN, "x": PLAIN}}, id="two"),
        pytest.param({"password": {"$secret": PLAIN}}, id="sealed"),
        pytest.param({"password": PLAIN * 5_000}, id="long"),
        pytest.param({"password": PLAIN, "other": PLAIN}, id="unknown-parameter"),
        pytest.param({"region": {"$secret": PLAIN}}, id="sealed-elsewhere"),
    ],
)
def test_no_refusal_repeats_a_secret(rest: RestClient, body: dict[str, Any]) -> None:
    schedule = rest.schedule("careful", MANUAL, **params(password=PLAIN))
    draft = {"workflowId": "careful", "name": "x", "scheduleConfig": MANUAL, **params(**body)}
    answers = [
        rest.post("/api/workflows/careful/run", {"params": body}),
        rest.post(f"/api/schedules/{schedule}/trigger", {"params": body}),
        rest.post("/api/schedules/workflows", draft),
        rest.put(f"/api/schedules/{schedule}/workflow", params(**body)),
    ]
    line = json.dumps({"id": schedule, **draft}).encode()
    imported = rest.send(
        "POST", "/api/schedules/import", line, {"Content-Type": "application/x-ndjson"}
    )

    assert [answer.status for answer in answers] == [422] * 4
    assert imported.body["errors"][0]["line"] == 1
    for answer in (*answers, imported):
        assert b"horse" not in answer.raw


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'{"params": {"password": "%s}', id="broken"),
        pytest.param(b'{"params": {"password": "%s\\ud800"}}', id="surrogate"),
        pytest.param(b'{"params": {"password": "a", "password": "%s"}}', id="doubled"),
        pytest.param(b'{"params": "%s"}', id="no-map"),
        pytest.param(b'{"params": {"password": "%s"}, "priority": "%s"}', id="elsewhere-too"),
        pytest.param(b'{"params": {"password": "%s"}, "priority": 99}', id="other-field"),
    ],
)
def test_no_refusal_of_a_body_repeats_it(rest: RestClient, raw: bytes) -> None:
    given = {"Content-Type": "application/json"}
    raw = raw.replace(b"%s", PLAIN.encode())

    answer = rest.send("POST", "/api/workflows/careful/run", raw, given)

    assert answer.status in (400, 422)
    assert b"horse" not in answer.raw


def test_without_a_key_the_refusal_names_the_field_and_both_ways_out() -> None:
    with Site(secret_steps.ALL) as served:
        answer = served.client.post("/api/workflows/careful/run", {"params": {"password": PLAIN}})
        referring = {"params": {"password": {"env": VARIABLE}}}
        taken = served.client.post("/api/workflows/careful/run", referring)

    assert answer.status == 422
    assert answer.fields == [["params", "password"]]
    assert "--secret-key-file" in answer.body["detail"]
    assert '{"env": NAME}' in answer.body["detail"]
    assert taken.status == 202


def test_a_reference_can_not_read_what_is_not_allowed(rest: RestClient) -> None:
    for reference in ({"env": "HOME"}, {"file": "/etc/passwd"}):
        answer = rest.post("/api/workflows/careful/run", {"params": {"password": reference}})
        assert answer.status == 422
        assert "root" not in answer.body["detail"]


def test_an_export_is_imported_again_without_a_change(rest: RestClient) -> None:
    rest.schedule("careful", MANUAL, **params(password=PLAIN))
    exported = rest.get("/api/schedules/export").raw
    given = {"Content-Type": "application/x-ndjson"}

    answer = rest.send("POST", "/api/schedules/import", exported, given)

    assert answer.body == {"created": 0, "updated": 0, "unchanged": 1, "errors": []}


def test_a_workflow_tells_which_parameters_are_secret(rest: RestClient) -> None:
    found = rest.get("/api/workflows/leaky").body["params"]

    assert found == [
        {"name": "password", "required": True, "secret": True},
        {"name": "region", "required": False, "secret": False},
    ]
