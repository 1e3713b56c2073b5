"""SIGKILL at random moments, again and again, under load: nothing is lost, nothing finished runs twice."""

import random
import signal
import threading
from pathlib import Path

import pytest
from kill_evidence import Evidence
from rest_client import RestClient
from server_process import ServerProcess, Start
from waiting import eventually

TIMED = {"cron": "* * * * * *", "overlap": "allow", "catchUp": "all", "catchUpWindow": "1h"}
OPEN = ("queued", "running", "waiting")
PAUSE = 0.03


class Load:
    """Triggers a schedule from two threads until the server is gone."""

    def __init__(self, client: RestClient, schedule_id: str, accepted: list[str]) -> None:
        self._client = client
        self._path = f"/api/schedules/{schedule_id}/trigger"
        self._accepted = accepted
        self._gone = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(2)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(20)

    def _work(self) -> None:
        while not self._gone.wait(PAUSE):
            try:
                answer = self._client.post(self._path)
            except Exception:  # the server is gone
                return
            if answer.status == 202:
                self._accepted.append(answer.body["executionId"])


class Killer:
    """Kills servers at moments that a seed decides: under load, or while they start and recover."""

    def __init__(self, start: Start, log: Path, seed: int) -> None:
        self._start = start
        self._chance = random.Random(seed)
        self.accepted: list[str] = []
        client = self._server().client()
        params = {"executionConfig": {"params": {"log": str(log)}}}
        self.timed = [client.schedule("mixed", TIMED, **params) for _ in range(2)]
        self._manual = client.schedule("mixed", {"manual": True}, **params)
        self._running.end(signal.SIGKILL)

    def kill_some(self, count: int) -> None:
        """Start a server and kill it, so many times."""
        for _ in range(count):
            server = self._server()
            if self._chance.random() < 0.4:
                threading.Event().wait(self._chance.uniform(0.3, 1.3))
                server.end(signal.SIGKILL)
                continue
            with Load(server.client(), self._manual, self.accepted):
                threading.Event().wait(self._chance.uniform(0, 0.6))
                server.end(signal.SIGKILL)

    def let_all_end(self) -> None:
        """Have a last server do what is left."""
        server = self._server()
        client = server.client()
        for key in self.timed:
            assert client.post(f"/api/schedules/{key}/pause").status == 200
        _all_end(client)
        assert server.end() == 0

    def _server(self) -> ServerProcess:
        runner = self._chance.choice(["process", "thread", "thread"])
        self._running = self._start("--app", "loads", "--runner", runner)
        return self._running


def _all_end(client: RestClient) -> None:
    addresses = [f"/api/executions?limit=1&status={each}" for each in OPEN]
    eventually(lambda: not any(client.get(at).body["items"] for at in addresses), within=90)


@pytest.mark.parametrize(
    ("kills", "seed"),
    [
        pytest.param(8, 1, id="8 times", marks=pytest.mark.timeout(150)),
        pytest.param(100, 2, id="100 times", marks=[pytest.mark.slow, pytest.mark.timeout(1_200)]),
    ],
)
def test_whatever_is_killed_nothing_is_lost_and_no_finished_step_runs_twice(
    start: Start, tmp_path: Path, log: Path, kills: int, seed: int
) -> None:
    killer = Killer(start, log, seed)

    killer.kill_some(kills)
    killer.let_all_end()

    evidence = Evidence(log, tmp_path / "q.db")
    assert len(killer.accepted) > kills
    evidence.check(killer.accepted, killer.timed)
