"""What a server finds when it starts again: work that was lost, interrupted, queued, or changed."""

import signal
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rest_client import RestClient
from server_process import Start
from waiting import eventually


def _runs(log: Path) -> list[tuple[str, str, str]]:
    """Each attempt that began: execution, step, number."""
    if not log.exists():
        return []
    lines = [line.split() for line in log.read_text().splitlines()]
    return [(line[0], line[1], line[2]) for line in lines]


def _steps_begun(log: Path, key: str) -> list[str]:
    return [step for execution, step, _ in _runs(log) if execution == key]


def _labels(log: Path) -> list[str]:
    return log.read_text().split() if log.exists() else []


def _errors(step: dict[str, Any]) -> list[str | None]:
    return [attempt["error"] and attempt["error"]["type"] for attempt in step["attempts"]]


def test_after_sigkill_finished_steps_stay_and_unfinished_attempts_are_lost_and_repeated(
    start: Start, log: Path, gate: Path
) -> None:
    server = start()
    client = server.client()
    key = client.run("gated", log=str(log), gate=str(gate))
    eventually(lambda: _steps_begun(log, key) == ["first", "second"])

    server.end(signal.SIGKILL)
    gate.touch()
    client = start().client()
    ended = client.ended(key)

    assert ended["status"] == "succeeded"
    assert [_errors(step) for step in ended["steps"]] == [[None], ["Interrupted", None], [None]]
    assert "the server ended while the step ran" in str(ended["steps"][1]["attempts"][0])
    assert Counter(_runs(log)) == {
        (key, "first", "1"): 1,
        (key, "second", "1"): 1,
        (key, "second", "2"): 1,
        (key, "third", "1"): 1,
    }


@pytest.mark.slow
def test_a_step_that_takes_the_server_down_waits_longer_each_time_and_can_be_cancelled(
    start: Start,
) -> None:
    options = ("--app", "changing", "--runner", "thread")
    server = start(*options)
    key = server.client().run("murderous")
    for _ in range(4):
        assert server.wait() == -signal.SIGKILL
        server = start(*options)
    client = server.client()
    client.cancel(key)
    ended = client.ended(key)

    (step,) = ended["steps"]
    instants = [datetime.fromisoformat(each["startedAt"]) for each in step["attempts"]]
    over = [datetime.fromisoformat(each["endedAt"]) for each in step["attempts"]]
    waits = [(begun - end).total_seconds() for end, begun in zip(over, instants[1:], strict=False)]
    assert ended["status"] == "cancelled"
    assert _errors(step) == ["Interrupted"] * 4
    assert waits[0] < 0.5 <= waits[1]
    assert waits[2] >= 1


def test_after_sigkill_the_queue_is_rebuilt_in_order(start: Start, log: Path, gate: Path) -> None:
    options = ("--app", "lanes", "--runner", "thread", "--concurrency", "1")
    server = start(*options)
    client = server.client()
    params = {"log": str(log)}
    old = client.run("labelled", **params, label="old", broken=True)
    client.ended(old)
    Path(f"{log}.mended").touch()
    held = client.run("hold", gate=str(gate))
    eventually(lambda: client.execution(held)["status"] == "running")
    given = [(5, "5a"), (9, "9"), (0, "0"), (5, "5b"), (3, "3")]
    keys = [
        client.run_with("labelled", priority=priority, params={**params, "label": label})
        for priority, label in given
    ]
    keys.append(client.post(f"/api/executions/{old}/retry").body["executionId"])

    server.end(signal.SIGKILL)
    client = start(*options).client()
    eventually(lambda: client.execution(held)["status"] == "running")
    before = [client.execution(key)["status"] for key in keys]
    gate.touch()
    for key in keys:
        client.ended(key)

    assert before == ["queued"] * 6
    assert client.ended(held)["status"] == "succeeded"
    assert _labels(log) == ["old", "0", "3", "old", "5a", "5b", "9"]


def test_after_sigterm_nothing_new_begins_and_running_steps_have_their_grace(
    start: Start, tmp_path: Path, log: Path, gate: Path
) -> None:
    server = start("--runner", "thread", "--concurrency", "1", "--grace", "20s")
    client = server.client()
    running = client.run("gated", log=str(log), gate=str(gate))
    eventually(lambda: _steps_begun(log, running) == ["first", "second"])
    queued = client.run("report", log=str(log))

    server.send(signal.SIGTERM)
    eventually(lambda: client.get("/readyz").status == 503)
    gate.touch()
    assert server.wait() == 0
    with closing(sqlite3.connect(tmp_path / "q.db")) as database:
        found = database.execute("SELECT id, status FROM executions").fetchall()
    begun = _runs(log)
    client = start().client()
    ended = client.ended(running)

    assert dict(found)[queued] == "queued"
    assert begun == [(running, "first", "1"), (running, "second", "1")]
    assert [_errors(step) for step in ended["steps"]] == [[None], [None], [None]]
    assert client.ended(queued)["status"] == "succeeded"


def test_what_outlasts_the_grace_is_recorded_as_interrupted_and_resumed(
    start: Start, tmp_path: Path, log: Path, gate: Path
) -> None:
    server = start("--grace", "200ms")
    client = server.client()
    key = client.run("gated", log=str(log), gate=str(gate))
    eventually(lambda: _steps_begun(log, key) == ["first", "second"])

    assert server.end() == 0
    with closing(sqlite3.connect(tmp_path / "q.db")) as database:
        query = "SELECT step, number FROM attempts WHERE ended_at IS NULL"
        open_ones = database.execute(query).fetchall()
    gate.touch()
    ended = start().client().ended(key)

    assert open_ones == []
    assert [_errors(step) for step in ended["steps"]] == [[None], ["ServerStopped", None], [None]]
    assert _steps_begun(log, key) == ["first", "second", "second", "third"]


def test_a_retry_is_a_new_execution_that_keeps_the_finished_results(
    start: Start, log: Path, gate: Path
) -> None:
    client = start("--app", "choices", "--runner", "thread").client()
    params = {"log": str(log), "numbers": [1, 2, 3]}
    key = client.run("patchy", **params)
    failed = client.ended(key)
    Path(f"{log}.mended").touch()
    answer = client.post(f"/api/executions/{key}/retry")
    again = client.ended(answer.body["executionId"])
    refused = client.post(f"/api/executions/{again['id']}/retry")

    assert answer.status == 202
    assert failed["status"] == "failed"
    assert again["id"] != key
    assert (again["retryOf"], again["trigger"], again["result"]) == (key, "retry", [1, 2, 3])
    assert again["scheduledTime"] == failed["scheduledTime"]
    assert Counter(_labels(log)) == {"-": 4, "third[0]": 1, "third[1]": 1, "third[2]": 2}
    assert client.execution(key) == failed
    assert refused.status == 409
    assert "succeeded and can't become retried" in refused.body["detail"]


@pytest.fixture(scope="module")
def changed(start_shared: Start) -> tuple[dict[str, Any], RestClient, str]:
    """An execution that ended with more code, and a server with less where another one waits."""
    options = ("--app", "changing", "--runner", "thread")
    server = start_shared(*options, env={"SHAPE": "first"})
    client = server.client()
    one, two = client.run("delivery", number=1), client.run("delivery", number=2)
    for key in (one, two):
        eventually(lambda key=key: client.execution(key)["status"] == "waiting")  # type: ignore[misc]
    server.end(signal.SIGKILL)
    server = start_shared(*options, env={"SHAPE": "more"})
    client = server.client()
    client.post("/api/events/approved", {"key": "1"})
    ended = client.ended(one)
    server.end(signal.SIGKILL)
    client = start_shared(*options, env={"SHAPE": "less"}).client()
    client.post("/api/events/approved", {"key": "2"})
    return ended, client, two


def test_an_execution_goes_on_with_new_code_that_has_its_remaining_steps(
    changed: tuple[dict[str, Any], RestClient, str],
) -> None:
    ended, *_ = changed

    assert ended["result"] == "thank 1"
    assert [step["status"] for step in ended["steps"]] == ["succeeded"] * 4


def test_an_execution_whose_remaining_steps_are_gone_fails_and_names_them(
    changed: tuple[dict[str, Any], RestClient, str],
) -> None:
    _, client, key = changed
    ended = client.ended(key)
    again = client.ended(client.post(f"/api/executions/{key}/retry").body["executionId"])

    assert ended["status"] == "failed"
    assert ended["error"]["type"] == "WorkflowChanged"
    assert "it has no step ship any more as it was" in ended["error"]["message"]
    assert client.step(key, "pay")["attempts"] == []
    assert again["result"] == "send 2"
