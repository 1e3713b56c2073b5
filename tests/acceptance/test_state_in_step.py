"""What a schedule says of itself is what its executions say, also after a kill and after tampering."""

import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rest_client import Answer, RestClient
from server_process import ServerProcess, Start
from waiting import eventually

OPTIONS = ("--app", "choices", "--runner", "thread")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def server(start_shared: Start) -> ServerProcess:
    return start_shared(*OPTIONS)


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> RestClient:
    return server.client()


def _varied(client: RestClient, timeout: str = "20s") -> str:
    rule = {"manual": True, "overlap": "allow"}
    return client.schedule("varied", rule, executionConfig={"timeout": timeout})


def _trigger(client: RestClient, schedule: str, *kinds: str) -> list[str]:
    return [client.trigger(schedule, params={"kind": kind}) for kind in kinds]


def _status(client: RestClient, schedule: str) -> Json:
    found: Json = client.get(f"/api/schedules/{schedule}/status").body
    return found


def _recount(client: RestClient, schedule: str) -> Json:
    """The metrics, worked out from the list of executions."""
    history = client.executions(schedule)
    ended = sorted((each for each in history if each["endedAt"]), key=lambda each: each["endedAt"])
    good = sum(each["status"] == "succeeded" for each in ended)
    spent = [_seconds(each) for each in ended]
    return {
        "totalExecutions": len(ended),
        "successfulExecutions": good,
        "failedExecutions": sum(each["status"] in ("failed", "timedOut") for each in ended),
        "averageExecutionTime": pytest.approx(sum(spent) / len(spent), abs=2e-6),
        "lastExecutionDuration": spent[-1],
        "uptime": pytest.approx(good / len(ended)),
    }


def _seconds(execution: Json) -> float:
    """From its start to its end; 0 for one that never began."""
    if execution["startedAt"] is None:
        return 0.0
    began, ended = (datetime.fromisoformat(execution[name]) for name in ("startedAt", "endedAt"))
    return (ended - began).total_seconds()


def _tamper(folder: Path, schedule: str) -> None:
    """Change what is stored of a schedule, behind the server's back."""
    with closing(sqlite3.connect(folder / "q.db")) as database, database:
        database.execute(
            "UPDATE schedules SET executions = 999, succeeded = 0, failed = 7, duration_sum = 1, "
            "last_duration = NULL, last_error = NULL, last_execution_at = 0 WHERE id = ?",
            (schedule,),
        )


def _together(*calls: Callable[[], Answer]) -> list[Answer]:
    """What each answers when all are made at once."""
    barrier, answers = threading.Barrier(len(calls)), list[Answer]()

    def make(call: Callable[[], Answer]) -> None:
        barrier.wait(10)
        answers.append(call())

    threads = [threading.Thread(target=make, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return answers


# Metrics and counters


def test_metrics_are_exact_after_a_kill_and_sync_repairs_what_was_changed(
    start: Start, tmp_path: Path
) -> None:
    server = start(*OPTIONS)
    client = server.client()
    schedule = _varied(client, timeout="4s")
    short = _varied(client, timeout="300ms")
    keys = _trigger(client, schedule, "good", "good", "bad", "good")
    late = _trigger(client, short, "long", "good")
    cancelled, *cut_off = _trigger(client, schedule, "long", "long", "good", "bad")
    eventually(lambda: client.execution(cancelled)["status"] == "running")
    client.cancel(cancelled)
    for key in (*keys, *late, cancelled):
        client.ended(key)

    server.end(signal.SIGKILL)
    server = start(*OPTIONS)
    client = server.client()
    for key in cut_off:
        client.ended(key)
    exact, recount = _status(client, schedule), _recount(client, schedule)
    timed_out = _status(client, short)["metrics"]
    synced = client.post(f"/api/schedules/{schedule}/sync").body
    server.end(signal.SIGKILL)
    _tamper(tmp_path, schedule)
    client = start(*OPTIONS).client()
    wrong = _status(client, schedule)
    repaired = client.post(f"/api/schedules/{schedule}/sync")

    assert exact["metrics"] == recount
    assert (recount["totalExecutions"], recount["failedExecutions"]) == (8, 3)
    assert (exact["executionCount"], exact["errorCount"]) == (8, 3)
    assert (timed_out["successfulExecutions"], timed_out["failedExecutions"]) == (1, 1)
    assert synced == exact
    assert wrong["metrics"]["totalExecutions"] == 999
    assert wrong["lastError"] is None
    assert repaired.status == 200
    assert repaired.body == _status(client, schedule) == exact


def test_the_end_of_a_workflow_and_its_schedule_s_counters_change_together(
    client: RestClient,
) -> None:
    schedule = _varied(client)
    (key,) = _trigger(client, schedule, "bad")
    client.ended(key)

    status = _status(client, schedule)
    told = [each for each in client.events() if each["executionId"] == key]
    assert [each["type"] for each in told[-2:]] == ["workflow.failed", "schedule.failed"]
    assert told[-1]["seq"] == told[-2]["seq"] + 1
    assert status["metrics"]["failedExecutions"] == 1
    assert status["running"] == status["queued"] == []
    assert status["lastError"]["type"] == "ValueError"
    assert status["executionHistory"][0]["id"] == key


# Two changes at once


def test_of_two_changes_to_the_version_that_both_have_seen_one_wins(client: RestClient) -> None:
    schedule = _varied(client)
    address = f"/api/schedules/{schedule}/workflow"

    for number in range(20):
        seen = {"If-Match": client.get(address).headers["etag"]}
        answers = _together(
            lambda seen=seen, name=f"a{number}": client.put(address, {"name": name}, seen),  # type: ignore[misc]
            lambda seen=seen, name=f"b{number}": client.put(address, {"name": name}, seen),  # type: ignore[misc]
        )

        assert sorted(answer.status for answer in answers) == [200, 412]
        (winner,) = [answer for answer in answers if answer.status == 200]
        (loser,) = [answer for answer in answers if answer.status == 412]
        assert loser.body["type"].endswith(":version-conflict")
        assert client.get(address).body["name"] == winner.body["name"]

    assert client.get(address).body["version"] == 21


def test_changes_that_name_no_version_are_applied_one_on_top_of_the_other(
    client: RestClient,
) -> None:
    schedule = _varied(client)
    address = f"/api/schedules/{schedule}/workflow"

    answers = _together(
        lambda: client.put(address, {"name": "new name"}),
        lambda: client.put(address, {"description": "new description"}),
        lambda: client.put(address, {"metadata": {"team": "bi"}}),
        lambda: client.put(address, {"executionConfig": {"priority": 2}}),
        lambda: client.post(f"/api/schedules/{schedule}/pause", {"note": "for now"}),
    )

    found = client.get(address).body
    assert {answer.status for answer in answers} == {200}
    assert (found["name"], found["description"]) == ("new name", "new description")
    assert (found["metadata"], found["executionConfig"]["priority"]) == ({"team": "bi"}, 2)
    assert found["version"] == 6
    assert _status(client, schedule)["scheduleStatus"] == "paused"


# Transitions


def _ended(client: RestClient, kind: str) -> str:
    key = client.run("varied", kind=kind)
    client.ended(key)
    return key


def _disabled(client: RestClient) -> str:
    schedule = _varied(client)
    client.put(f"/api/schedules/{schedule}/workflow", {"enabled": False})
    return schedule


@pytest.mark.parametrize(
    ("prepare", "address", "told"),
    [
        pytest.param(
            lambda client: _ended(client, "good"),
            "/api/executions/{key}/cancel",
            "execution {key} is succeeded and can't become cancelled",
            id="cancel what has succeeded",
        ),
        pytest.param(
            lambda client: _ended(client, "bad"),
            "/api/executions/{key}/cancel",
            "execution {key} is failed and can't become cancelled",
            id="cancel what has failed",
        ),
        pytest.param(
            lambda client: _ended(client, "good"),
            "/api/executions/{key}/retry",
            "execution {key} is succeeded and can't become retried",
            id="retry what has succeeded",
        ),
        pytest.param(
            _disabled,
            "/api/schedules/{key}/pause",
            "schedule {key} is disabled and can't become paused",
            id="pause what is disabled",
        ),
    ],
)
def test_a_change_that_the_state_does_not_allow_is_refused_and_logged(
    server: ServerProcess,
    client: RestClient,
    prepare: Callable[[RestClient], str],
    address: str,
    told: str,
) -> None:
    key = prepare(client)
    before = client.events()

    answer = client.post(address.format(key=key))

    assert answer.status == 409
    assert answer.body["type"] == "urn:quarterjack:problem:illegal-transition"
    assert f"WARNING quarterjack.state: refused: {told.format(key=key)}" in server.log
    assert client.events() == before
