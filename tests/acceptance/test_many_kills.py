"""SIGKILL at random moments, again and again, under load. Takes a minute: `pytest -m slow`."""

import random
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

Start = Callable[..., ServerProcess]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
KILLS = 25
SECOND = 1_000_000


class Load:
    """Triggers a schedule from some threads until the server is gone."""

    def __init__(self, client: RestClient, schedule_id: str, accepted: list[str]) -> None:
        self._client = client
        self._path = f"/api/schedules/{schedule_id}/trigger"
        self._accepted = accepted
        self._threads = [threading.Thread(target=self._work) for _ in range(3)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(20)

    def _work(self) -> None:
        while True:
            try:
                answer = self._client.post(self._path)
            except Exception:  # the server is gone
                return
            if answer.status == 202:
                self._accepted.append(answer.body["executionId"])


def test_whatever_is_killed_when_everything_runs_exactly_once(
    start: Start, tmp_path: Path, log: Path
) -> None:
    chance, accepted = random.Random(1), list[str]()
    config = {"cron": "* * * * * *", "overlap": "allow", "catchUp": "all", "catchUpWindow": "1h"}
    params = {"executionConfig": {"params": {"log": str(log)}}}
    server = start()
    client = server.client()
    timed = [client.schedule("report", config, **params) for _ in range(3)]
    manual = client.schedule("report", {"manual": True}, **params)

    for _ in range(KILLS):
        pause = threading.Event()
        with Load(client, manual, accepted):
            pause.wait(chance.uniform(0, 1.2))
            server.end(signal.SIGKILL)
        server = start()
        client = server.client()
    for key in timed:
        client.post(f"/api/schedules/{key}/pause")
    for status in ("queued", "running"):
        address = f"/api/executions?limit=1&status={status}"
        eventually(lambda at=address: not client.get(at).body["items"], within=60)  # type: ignore[misc]
    assert server.end() == 0

    with closing(sqlite3.connect(tmp_path / "q.db")) as database:

        def column(query: str, *values: str) -> list[object]:
            return [row[0] for row in database.execute(query, values)]

        assert column("PRAGMA integrity_check") == ["ok"]
        assert column("PRAGMA foreign_key_check") == []
        assert set(column("SELECT status FROM executions")) == {"succeeded"}
        assert set(accepted) <= set(column("SELECT id FROM executions"))
        seqs = column("SELECT seq FROM events ORDER BY seq")
        assert seqs == list(range(1, len(seqs) + 1))
        for key in timed:
            due = column("SELECT due FROM executions WHERE schedule_id = ? ORDER BY due", key)
            first = due[0]
            assert isinstance(first, int)
            assert due == [first + number * SECOND for number in range(len(due))]
