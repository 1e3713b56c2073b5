"""Many WebSocket clients at once: all are served, nobody waits for them, and nothing is left of them."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from crowd_process import crowd
from event_source import tell
from memory import resident
from raw_websocket import RawWebSocket, text
from rest_client import RestClient
from server_process import ServerProcess, Start
from site_server import Site
from waiting import eventually

RUNS = 10
PACE = 10_000
"""Frames a second, of all clients together."""
SLOW = (pytest.mark.slow, pytest.mark.timeout(600))


def files(server: ServerProcess) -> int:
    return sum(1 for _ in Path(f"/proc/{server.process.pid}/fd").iterdir())


def run_and_wait(client: RestClient, raw: RawWebSocket) -> float:
    """Seconds from the request to the event."""
    begun = time.perf_counter()
    answer = client.post("/api/workflows/isolated/run")
    while raw.event()["executionId"] != answer.body["executionId"]:
        pass
    return time.perf_counter() - begun


def now_and_then(client: RestClient, seconds: float) -> None:
    """Some events, with so much time between them."""
    key = client.schedule("isolated", {"manual": True})
    for number in range(RUNS):
        threading.Event().wait(seconds)
        call = "resume" if number % 2 else "pause"
        assert client.post(f"/api/schedules/{key}/{call}").status == 200


@pytest.mark.parametrize(
    ("count", "late"), [(300, 1.0), pytest.param(10_000, 5.0, marks=SLOW)], ids=["300", "10000"]
)
def test_each_of_many_clients_gets_each_event_and_leaves_nothing(
    start: Start,
    many_files: Callable[[int], None],
    record_property: Callable[[str, object], None],
    count: int,
    late: float,
) -> None:
    many_files(count)
    server = start("--runner", "thread")
    client = server.client()
    client.ended(client.post("/api/workflows/isolated/run").body["executionId"])
    files_before, resident_before = files(server), resident(server.process.pid)

    with crowd(client.url, count) as many:
        for _ in range(RUNS):
            key = client.post("/api/workflows/isolated/run").body["executionId"]
            client.ended(key)
        each_has = resident(server.process.pid) - resident_before
        since = client.events()[-1]["seq"]
        now_and_then(client, count / PACE)
        newest = client.events()[-1]["seq"]
        result = many.result(newest, since)

    assert result["clients"] == count
    assert len(result["seen"]) >= RUNS * 4
    assert set(result["seen"].values()) == {count}
    assert max(map(int, result["seen"])) == newest
    record_property("summary", f"{count} clients: 99 % within {result['p99']:.3f} s")
    assert result["p99"] < late
    assert each_has / count < 60_000
    eventually(lambda: files(server) <= files_before + 2, within=60)


@pytest.mark.slow
@pytest.mark.parametrize("count", [200, pytest.param(2_000, marks=SLOW)])
def test_when_many_resume_at_once_live_events_are_not_held_up(
    start: Start, tmp_path: Path, count: int
) -> None:
    with Site([], f"sqlite:///{tmp_path / 'q.db'}") as site:
        tell(site, 2_000)
    client = start("--runner", "thread").client()

    with RawWebSocket.open(client.url) as live:
        live.send(text({"op": "subscribe", "id": "a", "topic": "workflow:started"}))
        live.receive()
        alone = max(run_and_wait(client, live) for _ in range(RUNS))
        with crowd(client.url, count, 1_500) as many:
            beside = []
            while many.process.poll() is None:
                beside.append(run_and_wait(client, live))
            result = many.result()

    assert result == {"clients": count, "right": count}
    assert max(beside) < max(1.0, 20 * alone)
