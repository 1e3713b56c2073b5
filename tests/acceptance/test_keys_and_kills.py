"""Requests with keys, sent until they are answered, while the server is killed: each is done once."""

import json
import random
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from rest_client import RestClient
from server_process import ServerProcess, Start


class Sender:
    """Sends requests one after the other, each again and again with its key until it is answered."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._number = 0
        self.answers: dict[str, list[bytes]] = {}

    def send_until(self, client: RestClient, gone: threading.Event, schedule: str) -> None:
        """Until the server is gone; what was not answered is sent again the next time."""
        paths = [f"/api/schedules/{schedule}/trigger", "/api/workflows/quick/run"]
        while not gone.is_set():
            key = f"{self._name}-{self._number}"
            try:
                answer = client.post(paths[self._number % 2], None, {"Idempotency-Key": key})
            except Exception:  # the server is gone
                return
            if answer.status == 202:
                self.answers.setdefault(key, []).append(answer.raw)
                if len(self.answers[key]) > self._number % 3 % 2:  # some are sent twice
                    self._number += 1
            else:
                assert answer.status == 503, answer.raw


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_each_request_is_done_once_however_often_the_server_is_killed(
    start: Start, tmp_path: Path
) -> None:
    chance = random.Random(5)
    senders = [Sender(f"s{number}") for number in range(4)]

    def server() -> ServerProcess:
        return start("--app", "keyed", "--runner", "thread")

    running = server()
    client = running.client()
    schedule = client.schedule("quick", {"manual": True})
    for _ in range(6):
        _load(client, senders, schedule, running, chance.uniform(0.05, 0.6))
        running = server()
        client = running.client()
    _load(client, senders, schedule, running, 0.3)

    for sender in senders:
        for key, answers in sender.answers.items():
            assert len(set(answers)) == 1, key
    answered = {
        json.loads(answers[0])["executionId"]
        for sender in senders
        for answers in sender.answers.values()
    }
    with closing(sqlite3.connect(tmp_path / "q.db")) as database:
        made = {key for (key,) in database.execute("SELECT id FROM executions")}
        planned = {key for (key,) in database.execute("SELECT planned_id FROM idempotent_requests")}
    assert len(answered) > 50
    assert answered <= made <= planned, "none was lost, none was made but under its planned id"
    assert len(made - answered) <= len(senders), "all but those that nobody asked for again"


def _load(
    client: RestClient,
    senders: list[Sender],
    schedule: str,
    running: ServerProcess,
    seconds: float,
) -> None:
    gone = threading.Event()
    threads = [
        threading.Thread(target=sender.send_until, args=(client, gone, schedule))
        for sender in senders
    ]
    for thread in threads:
        thread.start()
    gone.wait(seconds)
    running.end(signal.SIGKILL)
    gone.set()
    for thread in threads:
        thread.join(20)
