"""`POST /api/events/{name}`: what it fires, and how often."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from rest_client import Answer, RestClient
from site_server import Site
from waiting import eventually

from quarterjack.runtime import StepContext, Workflow


@pytest.fixture
def site() -> Iterator[Site]:
    hears, fails = Workflow("hears"), Workflow("fails")

    @hears.step
    def hear(ctx: StepContext) -> Any:
        return ctx.context["event"]

    @fails.step
    def fail() -> None:
        raise LookupError("nothing there")

    with Site([hears, fails]) as served:
        yield served


def send(client: RestClient, name: str, body: object = None, key: str | None = None) -> Answer:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(f"/api/events/{name}", body, headers)


def ended(client: RestClient, key: str) -> dict[str, Any]:
    """The execution when it has ended."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/api/executions/{key}").body
        return found if found["endedAt"] else None

    return eventually(look)


def test_an_event_fires_the_schedules_that_wait_for_it(client: RestClient) -> None:
    config = {"event": "uploaded", "eventFilter": {"file.kind": ["csv", "json"]}}
    schedule_id = client.schedule("hears", config)
    other = client.schedule("hears", {"event": "uploaded", "eventFilter": {"file.kind": "png"}})

    answer = send(client, "uploaded", {"payload": {"file": {"kind": "csv"}}, "key": "k"})

    assert answer.status == 202
    (key,) = answer.body["executionIds"]
    run = ended(client, key)
    assert (run["scheduleId"], run["trigger"]) == (schedule_id, "event")
    assert run["result"] == {"name": "uploaded", "key": "k", "payload": {"file": {"kind": "csv"}}}
    assert run["context"] == {"event": run["result"]}
    (fire,) = client.get(f"/api/schedules/{schedule_id}/fires").body["items"]
    assert (fire["executionId"], fire["scheduledTime"]) == (key, run["scheduledTime"])
    assert client.executions(other) == []


def test_a_schedule_shows_what_it_waits_for(client: RestClient) -> None:
    wanted = {"a.b": [1, "x", None], "c": True}
    schedule_id = client.schedule("hears", {"event": "uploaded", "eventFilter": wanted})
    clock = client.schedule("hears", {"cron": "@daily"}, enabled=False)

    address = f"/api/schedules/{schedule_id}/workflow"
    shown = client.get(address).body["scheduleConfig"]
    assert (shown["event"], shown["eventFilter"]) == ("uploaded", wanted)
    assert (
        "eventFilter" not in client.get(f"/api/schedules/{clock}/workflow").body["scheduleConfig"]
    )
    changed = client.put(address, {"scheduleConfig": {"eventFilter": None}}).body
    assert "eventFilter" not in changed["scheduleConfig"]
    assert client.get(f"/api/schedules/{schedule_id}/upcoming").body == {"items": []}


def test_the_end_of_a_workflow_fires_a_schedule(client: RestClient) -> None:
    schedule_id = client.schedule("hears", {"event": "workflow.failed:fails"})

    failed = client.post("/api/workflows/fails/run").body["executionId"]

    (run,) = eventually(lambda: client.executions(schedule_id))
    event = ended(client, run["id"])["result"]
    assert event["name"] == "workflow.failed:fails"
    assert event["payload"]["executionId"] == failed
    assert event["payload"]["error"] == {"type": "LookupError", "message": "nothing there"}


def test_a_loop_is_stopped_and_said_so(client: RestClient) -> None:
    schedule_id = client.schedule("hears", {"event": "workflow.succeeded:hears"})
    client.schedule("hears", {"event": "start"})

    (first,) = send(client, "start").body["executionIds"]

    def rows() -> Any:
        found = client.get(f"/api/schedules/{schedule_id}/fires").body["items"]
        return len(found) == 2 and found

    stopped, started = eventually(rows)
    assert (started["outcome"], started["executionId"] != first) == ("started", True)
    assert (stopped["outcome"], stopped["reason"]) == ("skipped", "loop")
    assert stopped["blockedBy"] == started["executionId"]
    (told,) = client.get("/api/events?topic=schedule:skipped").body["items"]
    assert "it would never end" in told["data"]["detail"]


def test_the_same_key_gives_the_same_answer_and_one_execution(client: RestClient) -> None:
    schedule_id = client.schedule("hears", {"event": "uploaded"})

    def repeat(_: int) -> Answer:
        return send(client, "uploaded", {"payload": 1}, "key-1")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(repeat, range(100)))

    (run,) = client.executions(schedule_id)
    assert {answer.status for answer in answers} == {202}
    assert [answer.body for answer in answers] == [{"executionIds": [run["id"]]}] * 100


@pytest.mark.parametrize("body", [{"payload": 2}, {"payload": 1, "key": "x"}, None])
def test_another_event_under_the_same_key_is_refused(client: RestClient, body: object) -> None:
    schedule_id = client.schedule("hears", {"event": "uploaded"})
    send(client, "uploaded", {"payload": 1}, "key-1")

    answer = send(client, "uploaded", body, "key-1")

    assert answer.status == 422
    assert answer.body["type"] == "urn:quarterjack:problem:idempotency-conflict"
    assert "'key-1'" in answer.body["detail"]
    assert len(client.executions(schedule_id)) == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "caf\xe9", "tab\there"])
def test_a_key_of_another_form_is_refused(client: RestClient, key: str) -> None:
    answer = send(client, "uploaded", None, key)

    assert answer.status == 422
    assert answer.fields == [["header", "Idempotency-Key"]]


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("workflow.succeeded:hears", None, "event"),
        ("x" * 201, None, "event"),
        ("x", {"key": ""}, "key"),
        ("x", {"colour": 1}, "colour"),
    ],
)
def test_a_wrong_event_is_refused(client: RestClient, name: str, body: object, field: str) -> None:
    answer = send(client, name, body)

    assert answer.status == 422
    assert answer.fields == [[field]]


def test_a_large_event_is_taken_and_one_too_large_is_not(client: RestClient) -> None:
    client.schedule("hears", {"event": "uploaded"})

    large = send(client, "uploaded", {"payload": ["x"] * 200_000})
    too_large = send(client, "uploaded", {"payload": "x" * 1_000_000})

    assert large.status == 202
    assert (
        len(ended(client, large.body["executionIds"][0])["context"]["event"]["payload"]) == 200_000
    )
    assert (too_large.status, too_large.fields) == (422, [["payload"]])
