"""A bug in one actor costs what that actor does, for a moment; and if it is a lasting one, a restart."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from rest_client import RestClient
from server_process import Start
from waiting import eventually

SERVER_OPTIONS = ("--app", "faults", "--runner", "thread")
EACH_SECOND = {"cron": "* * * * * *", "overlap": "allow"}
CAST = ("state", "broadcaster", "ticker", "run-queue", "deliveries", "webhooks")
REFUSALS = {409, 429, 500, 503}


class Triggers:
    """Runs a workflow again and again, from a thread: what came of it."""

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._enough = threading.Event()
        self.accepted: list[str] = []
        self.refused: list[int] = []

    @contextmanager
    def going(self) -> Iterator[None]:
        """Until the end of the block."""
        thread = threading.Thread(target=self._work)
        thread.start()
        try:
            yield
        finally:
            self._enough.set()
            thread.join(30)

    def _work(self) -> None:
        while not self._enough.is_set():
            try:
                answer = self._client.post("/api/workflows/tick/run")
            except OSError:  # the server is gone
                return
            if answer.status == 202:
                self.accepted.append(answer.body["executionId"])
            else:
                self.refused.append(answer.status)


def _actors(client: RestClient) -> dict[str, dict[str, Any]]:
    items = client.get("/api/actors?limit=500").body["items"]
    return {item["path"].removeprefix("quarterjack/"): item for item in items}


def _all_ended(client: RestClient) -> bool:
    states = ("queued", "running", "waiting")
    answers = [client.get(f"/api/executions?limit=1&status={each}") for each in states]
    assert [each.status for each in answers] == [200] * 3, [each.raw for each in answers]
    return not any(each.body["items"] for each in answers)


def _found(database: Path) -> tuple[dict[str, str], list[int]]:
    """The status of each execution, and the numbers of the events."""
    with closing(sqlite3.connect(database)) as connection:
        statuses = dict(connection.execute("SELECT id, status FROM executions"))
        seqs = [seq for (seq,) in connection.execute("SELECT seq FROM events ORDER BY seq")]
    return statuses, seqs


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("state", "broadcaster", "ticker", "run-queue"), id="the first four"),
        pytest.param(("schedules", "executions", "deliveries", "webhooks"), id="the others"),
    ],
)
def test_who_crashes_once_is_restarted_and_nobody_waits_for_an_answer_in_vain(
    start: Start, tmp_path: Path, names: tuple[str, ...]
) -> None:
    server = start()
    client = server.client()
    key = client.schedule("tick", EACH_SECOND)
    triggers = Triggers(client)

    with triggers.going():
        for name in names:
            client.ended(client.run("crash", actor=name))
            eventually(lambda name=name: _actors(client)[name]["restarts"] == 1)  # type: ignore[misc]
            before = len(triggers.accepted)
            eventually(lambda before=before: len(triggers.accepted) > before + 2)  # type: ignore[misc]
    client.post(f"/api/schedules/{key}/pause")
    eventually(lambda: _all_ended(client))
    fires = client.get(f"/api/schedules/{key}/fires?limit=500").body["items"]

    assert server.end() == 0
    statuses, seqs = _found(tmp_path / "q.db")
    assert set(triggers.accepted) - statuses.keys() == set()
    assert set(statuses.values()) == {"succeeded"}
    assert set(triggers.refused) <= REFUSALS
    assert seqs == list(range(1, len(seqs) + 1))
    dues = [fire["scheduledTime"] for fire in fires]
    assert len(set(dues)) == len(dues)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["state", *(pytest.param(each, marks=pytest.mark.slow) for each in CAST[1:])]
)
def test_who_crashes_again_and_again_ends_the_server_with_70_and_nothing_accepted_is_lost(
    start: Start, tmp_path: Path, name: str
) -> None:
    server = start()
    client = server.client()
    triggers = Triggers(client)

    with triggers.going():
        eventually(lambda: len(triggers.accepted) > 5)
        client.run("crash", actor=name, times=20)
        code = server.wait()
    statuses, _ = _found(tmp_path / "q.db")
    client = start().client()
    eventually(lambda: _all_ended(client))

    assert code == 70
    assert "the root supervisor gave up" in server.log
    assert set(triggers.accepted) - statuses.keys() == set()
    ended = {client.execution(key)["status"] for key in triggers.accepted}
    assert ended == {"succeeded"}


def _lateness(client: RestClient, keys: list[str], since: dict[str, int]) -> list[float]:
    """Of what was decided after so many rows of each schedule."""
    found = []
    for key in keys:
        rows = client.get(f"/api/schedules/{key}/fires?limit=500").body["items"]
        found += [row["lateness"] for row in rows[: len(rows) - since[key]]]
    return found


def _decided(client: RestClient, keys: list[str]) -> dict[str, int]:
    return {
        key: len(client.get(f"/api/schedules/{key}/fires?limit=500").body["items"]) for key in keys
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "count",
    [
        pytest.param(300, id="300 times"),
        pytest.param(10_000, id="10,000", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
def test_a_schedule_that_crashes_without_end_is_in_error_and_its_neighbours_are_on_time(
    start: Start, tmp_path: Path, count: int
) -> None:
    listed = tmp_path / "crashing"
    client = start(env={"CRASHING": str(listed)}).client()
    keys = [client.schedule("tick", EACH_SECOND) for _ in range(10)]
    bad = client.schedule("tick", {"manual": True})
    eventually(lambda: min(_decided(client, keys).values()) >= 3)
    calm = _lateness(client, keys, dict.fromkeys(keys, 0))

    listed.write_text(bad, encoding="utf-8")
    client.run("crash", actor=f"schedules/{bad}")
    since = _decided(client, keys)
    eventually(lambda: client.ended(client.run("counts"))["result"] >= count, within=800)
    stormy = _lateness(client, keys, since)
    status = client.get(f"/api/schedules/{bad}/status").body
    errors = client.events(topic="schedule:error")

    assert status["scheduleStatus"] == "error"
    assert "a bug" in str(status["lastError"])
    assert [event["scheduleId"] for event in errors] == [bad]
    assert median(stormy) < 3 * median(calm) + 0.05
    listed.unlink()
    assert client.post(f"/api/schedules/{bad}/resume").status == 200
    assert client.ended(client.trigger(bad))["status"] == "succeeded"


@pytest.mark.slow
@pytest.mark.parametrize(
    "seconds", [1.5, pytest.param(10, marks=pytest.mark.slow)], ids=["1.5 s", "10 s"]
)
def test_an_actor_that_holds_up_the_loop_is_named_and_the_health_says_so(
    start: Start, seconds: float
) -> None:
    server = start()
    client = server.client()
    assert client.get("/healthz").body["status"] == "ok"

    client.run("block", actor="ticker", seconds=seconds)
    eventually(lambda: "quarterjack/ticker held the loop for " in server.log)

    health = eventually(lambda: (found := client.get("/healthz").body)["loopLag"] > 1 and found)
    assert health["status"] == "degraded"
    assert client.ended(client.run("tick"))["status"] == "succeeded"
