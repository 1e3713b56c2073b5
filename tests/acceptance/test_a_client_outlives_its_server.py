"""A client whose server is killed again and again goes on: each event comes once, each run is made once."""

import random
import signal
import threading
from pathlib import Path

import pytest
from server_process import ServerProcess, Start
from waiting import eventually

from quarterjack.actors.engine import Reply
from quarterjack.http import Client
from quarterjack.http.shapes.executions import ExecutionDetail
from quarterjack.storage import ExecutionId

KILLS = 3
SECONDS = 60
pytestmark = pytest.mark.timeout(120)


class Follower(threading.Thread):
    """Takes all events that there are, in a thread."""

    def __init__(self, client: Client, topic: str) -> None:
        super().__init__()
        self.seqs: list[int] = []
        self.stream = client.events(topic, after=0)

    def run(self) -> None:
        for event in self.stream:
            self.seqs.append(event.seq)


class Load(threading.Thread):
    """Starts runs and waits for their ends, until it is told to stop."""

    def __init__(self, client: Client, log: Path) -> None:
        super().__init__()
        self._client = client
        self._log = log
        self._stopped = threading.Event()
        self.started: list[ExecutionId] = []
        self.ends: list[Reply[ExecutionDetail]] = []

    def run(self) -> None:
        while not self._stopped.is_set():
            key = self._client.run("report", params={"log": str(self._log)}).get(timeout=SECONDS)
            self.started.append(key)
            self.ends.append(self._client.wait_for(key))
            self._stopped.wait(0.01)

    def wait_for_more(self, count: int) -> None:
        """Until so many more have been started."""
        before = len(self.started)
        eventually(lambda: len(self.started) >= before + count)

    def stop(self) -> None:
        self._stopped.set()
        self.join(SECONDS)


@pytest.mark.slow
def test_events_and_ends_come_through_kills_and_restarts(start: Start, log: Path) -> None:
    chance = random.Random(5)
    options = ("--runner", "thread")
    server = start(*options)
    url = server.client().url
    port = url.rpartition(":")[2]
    with (
        Client(url, retries=12) as client,
        Client(url, encoding="msgpack") as other,
    ):
        followers = [Follower(client, "*"), Follower(client, "workflow:*"), Follower(other, "*")]
        for follower in followers:
            follower.start()
        load = Load(client, log)
        load.start()
        for _ in range(KILLS):
            load.wait_for_more(chance.randint(3, 20))
            server.end(signal.SIGKILL)
            server = _again(start, port, *options)
        load.stop()
        ended = [reply.get(timeout=SECONDS) for reply in load.ends]
        ran = [execution.id for execution in client.list_executions().all()]
        stored = [event.seq for event in client.list_events().all()]
        told = [event.seq for event in client.list_events(topic="workflow:*").all()]
        eventually(lambda: all(each.seqs[-1:] == stored[-1:] for each in followers[::2]))
        eventually(lambda: followers[1].seqs[-1:] == told[-1:])
        for follower in followers:
            follower.stream.close()
            follower.join(SECONDS)

    assert {each.status for each in ended} == {"succeeded"}
    assert [each.id for each in ended] == load.started
    assert sorted(ran) == sorted(load.started)
    assert len(load.started) >= 3 * KILLS
    assert stored == list(range(1, len(stored) + 1))
    assert followers[0].seqs == followers[2].seqs == stored
    assert followers[1].seqs == told


def _again(start: Start, port: str, *options: str) -> ServerProcess:
    server = start("--port", port, *options)
    server.client()
    return server
