"""SIGKILL at random moments, again and again, under load: nothing is lost, nothing finished runs twice."""

import random
import signal
import threading
from pathlib import Path

import pytest
from kill_evidence import Evidence, all_end, check_counters
from load import Load
from server_process import ServerProcess, Start

TIMED = {"cron": "* * * * * *", "overlap": "allow", "catchUp": "all", "catchUpWindow": "1h"}


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
        all_end(client)
        check_counters(client, [*self.timed, self._manual])
        assert server.end() == 0

    def _server(self) -> ServerProcess:
        runner = self._chance.choice(["process", "thread", "thread"])
        self._running = self._start("--app", "loads", "--runner", runner)
        return self._running


@pytest.mark.parametrize(
    ("kills", "seed"),
    [
        pytest.param(4, 1, id="4 times", marks=pytest.mark.timeout(150)),
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
    assert (
        len(killer.accepted) > kills // 3
    )  # 40 of 100 servers are killed as they start; others may be slow
    evidence.check(killer.accepted, killer.timed)
