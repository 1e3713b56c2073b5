"""A cancel reaches an execution wherever it is; it is cancelled when it has stopped, not before."""

import time
from pathlib import Path
from typing import Any

import pytest
from rest_client import RestClient
from server_process import Start
from waiting import eventually


@pytest.fixture(scope="module")
def client(start_shared: Start) -> RestClient:
    options = ("--app", "stubborn", "--app", "waits", "--processes", "2")
    return start_shared(*options).client()


def _begun(log: Path) -> bool:
    return log.exists() and "begun" in log.read_text()


def _told(client: RestClient, key: str) -> list[str]:
    return [each["type"] for each in client.events() if each["executionId"] == key]


def _is_waiting(client: RestClient, key: str) -> bool:
    return bool(client.execution(key)["status"] == "waiting")


@pytest.mark.parametrize("workflow", ["coroutine", "process", "listening"])
def test_a_running_step_can_tidy_up_and_is_gone_within_two_seconds(
    client: RestClient, log: Path, workflow: str
) -> None:
    key = client.run(workflow, log=str(log))
    eventually(lambda: _begun(log))

    client.cancel(key)
    ended = client.ended(key, within=2)

    assert ended["status"] == "cancelled"
    assert [step["status"] for step in ended["steps"]] == ["cancelled", "skipped", "skipped"]
    assert log.read_text().split() == ["begun", "tidied"]
    assert _told(client, key)[-1] == "workflow.cancelled"


def test_a_thread_that_does_not_listen_is_reported_as_it_is(
    client: RestClient, log: Path, gate: Path
) -> None:
    key = client.run("deaf-thread", log=str(log), gate=str(gate))
    eventually(lambda: _begun(log))

    client.cancel(key)
    client.cancel(key)
    time.sleep(1)
    meanwhile = client.execution(key)
    gate.touch()
    ended = client.ended(key)

    assert meanwhile["status"] == "running"
    assert meanwhile["steps"][0]["status"] == "running"
    assert ended["status"] == "cancelled"
    assert ended["steps"][0]["status"] == "cancelled"
    assert ended["steps"][0]["result"] is None
    assert log.read_text().split() == ["begun", "done"]


@pytest.mark.slow
def test_a_thread_that_never_listens_is_given_up_after_30_seconds_and_that_is_said(
    client: RestClient, log: Path, gate: Path
) -> None:
    key = client.run("deaf-thread", log=str(log), gate=str(gate))
    eventually(lambda: _begun(log))
    client.cancel(key)
    ended = client.ended(key, within=40)
    still_there = "done" not in log.read_text()
    gate.touch()

    (attempt,) = ended["steps"][0]["attempts"]
    assert ended["status"] == "cancelled"
    assert attempt["error"]["type"] == "StepDeaf"
    assert "did not end within" in attempt["error"]["message"]
    assert still_there


def test_what_waits_in_the_queue_never_begins(client: RestClient, log: Path, gate: Path) -> None:
    first = client.run("alone", log=str(log), gate=str(gate))
    eventually(lambda: _begun(log))
    second = client.run("alone", log=str(log), gate=str(gate))
    assert client.execution(second)["status"] == "queued"

    client.cancel(second)
    ended = client.execution(second)
    gate.touch()

    assert client.ended(first)["status"] == "succeeded"
    assert ended["status"] == "cancelled"
    assert ended["startedAt"] is None
    assert log.read_text().split() == ["begun"]
    assert _told(client, second) == ["workflow.cancelled"]


@pytest.mark.parametrize(
    ("workflow", "params", "step"),
    [
        pytest.param("nap", {}, "rest", id="asleep"),
        pytest.param("order", {"number": 3}, "approved", id="for an event"),
    ],
)
def test_what_waits_is_cancelled_at_once(
    client: RestClient, log: Path, workflow: str, params: dict[str, Any], step: str
) -> None:
    key = client.run(workflow, log=str(log), **params)
    eventually(lambda: _is_waiting(client, key))

    client.cancel(key)
    ended = client.ended(key, within=2)

    assert ended["status"] == "cancelled"
    assert client.step(key, step)["status"] == "cancelled"
    assert client.post("/api/events/approved", {"key": "order-3"}).body == {"executionIds": []}
    assert len(log.read_text().splitlines()) == 1


def test_what_waits_for_its_next_attempt_is_cancelled_at_once(
    client: RestClient, log: Path
) -> None:
    key = client.run("patient", log=str(log))
    eventually(lambda: client.step(key, "fails")["status"] == "retrying")

    client.cancel(key)
    ended = client.ended(key, within=2)

    assert ended["status"] == "cancelled"
    assert log.read_text().split() == ["begun"]


def test_a_cancel_reaches_what_its_steps_have_begun(client: RestClient, log: Path) -> None:
    key = client.run("guardian", log=str(log))
    eventually(lambda: _begun(log))
    child = client.step(key, "coroutine")["awaits"]["executionId"]

    client.cancel(key)
    ended = client.ended(key, within=3)

    assert ended["status"] == client.ended(child)["status"] == "cancelled"
    assert log.read_text().split() == ["begun", "tidied"]


def test_what_has_ended_can_not_be_cancelled(client: RestClient, log: Path) -> None:
    key = client.run("report", log=str(log))
    client.ended(key)
    answer = client.post(f"/api/executions/{key}/cancel")
    unknown = client.post("/api/executions/exe_unknown/cancel")

    assert answer.status == 409
    assert answer.body["type"].endswith(":illegal-transition")
    assert unknown.status == 404
    assert client.execution(key)["status"] == "succeeded"


def test_a_cancelled_execution_is_neither_a_success_nor_a_failure(
    client: RestClient, log: Path
) -> None:
    config = {"params": {"log": str(log)}}
    schedule = client.schedule("coroutine", {"manual": True}, executionConfig=config)
    key = client.trigger(schedule)
    eventually(lambda: _begun(log))
    client.cancel(key)
    client.ended(key)

    metrics = client.get(f"/api/schedules/{schedule}/status").body["metrics"]
    assert metrics["totalExecutions"] == 1
    assert metrics["successfulExecutions"] == metrics["failedExecutions"] == 0


def test_a_cancelled_execution_goes_on_where_it_was_when_it_is_retried(
    client: RestClient, log: Path, gate: Path
) -> None:
    key = client.run("gated", log=str(log), gate=str(gate))
    eventually(lambda: log.exists() and " second " in log.read_text())
    client.cancel(key)
    client.ended(key)
    gate.touch()
    again = client.post(f"/api/executions/{key}/retry").body["executionId"]
    ended = client.ended(again)

    assert ended["result"] == 3
    steps = [line.split()[1] for line in log.read_text().splitlines()]
    assert steps == ["first", "second", "second", "third"]
