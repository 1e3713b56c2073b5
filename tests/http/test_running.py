"""`/api/running`: what is under way, with its step of the moment."""

from collections.abc import Iterator
from typing import Any

import pytest
from bearer import Bearer
from gate import Gate
from rest_client import RestClient
from site_server import Site
from waiting import eventually

from quarterjack.http import Client
from quarterjack.runtime import StepContext, Workflow
from quarterjack.storage.queries import PageRequest

MANUAL = {"manual": True}


@pytest.fixture
def site(gate: Gate) -> Iterator[Site]:
    """Of a workflow that halts in its second step, and of one that waits for an event."""
    loads, asks = Workflow("loads"), Workflow("asks")

    @loads.step
    def fetch() -> int:
        return 4

    @loads.step
    def load(fetch: int, ctx: StepContext, quick: bool = False) -> None:
        ctx.progress(1, fetch, "rows")
        if not quick:
            gate.wait()

    @loads.step
    def tell(load: None) -> None:
        return None

    asks.wait_for_event("approved")

    with Site([loads, asks]) as served:
        yield served
        gate.open()


def _running(client: RestClient, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/api/running{query}")
    assert answer.status == 200, answer.raw
    found: list[dict[str, Any]] = answer.body["items"]
    return found


def _with_progress(client: RestClient, execution_id: str) -> None:
    eventually(lambda: client.step(execution_id, "load")["progress"])


def test_what_runs_says_how_far_it_is(client: RestClient) -> None:
    key = client.schedule("loads", MANUAL, name="Nightly load")
    execution_id = client.trigger(key)
    _with_progress(client, execution_id)

    (found,) = _running(client)

    execution = client.execution(execution_id)
    attempt = client.step(execution_id, "load")["attempts"][0]
    assert found.pop("elapsed") > 0
    assert found == {
        "id": execution_id,
        "workflowId": "loads",
        "scheduleId": key,
        "scheduleName": "Nightly load",
        "status": "running",
        "trigger": "manual",
        "startedAt": execution["startedAt"],
        "usualDuration": None,
        "stepsDone": 1,
        "stepsTotal": 3,
        "current": [
            {
                "name": "load",
                "status": "running",
                "attempt": 1,
                "startedAt": attempt["startedAt"],
                "progress": {"done": 1.0, "total": 4.0, "note": "rows"},
            }
        ],
    }


def test_what_runs_knows_how_long_it_mostly_takes(client: RestClient) -> None:
    key = client.schedule("loads", MANUAL)
    quick = {"params": {"quick": True}}
    durations = sorted(client.ended(client.trigger(key, **quick))["duration"] for _ in range(3))
    _with_progress(client, client.trigger(key))

    (found,) = _running(client)

    assert found["usualDuration"] == pytest.approx(durations[1], abs=2e-6)


def test_what_waits_is_under_way_and_what_has_ended_is_not(client: RestClient) -> None:
    waits = client.run("asks")
    eventually(lambda: client.execution(waits)["status"] == "waiting")

    (found,) = _running(client)
    client.post("/api/events/approved", {"payload": 1})
    client.ended(waits)

    assert (found["id"], found["status"], found["scheduleId"]) == (waits, "waiting", None)
    assert [(step["name"], step["status"]) for step in found["current"]] == [
        ("approved", "waiting")
    ]
    assert _running(client) == []


def test_the_oldest_start_comes_first_page_by_page(client: RestClient) -> None:
    made = []
    for _ in range(3):
        made.append(client.run("loads"))
        _with_progress(client, made[-1])

    with Client(client.url) as program:
        found = [each.id for each in program.list_running(PageRequest(2)).all()]

    assert found == made
    assert len(_running(client, "?limit=2")) == 2


def test_a_limited_token_sees_what_runs_of_its_own(client: RestClient) -> None:
    root = Bearer(
        client.url, client.post("/api/tokens", {"name": "r", "role": "admin"}).body["token"]
    )
    limits = {"name": "limited", "role": "viewer", "workflows": ["asks"]}
    limited = Bearer(client.url, root.post("/api/tokens", limits).body["token"])
    _with_progress(root, root.run("loads"))
    waits = root.run("asks")
    eventually(lambda: root.execution(waits)["status"] == "waiting")

    assert [each["id"] for each in _running(limited)] == [waits]
    assert len(_running(root)) == 2
