"""The server is killed and ended again and again under load: who resumes gets each event once."""

import random
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from raw_websocket import CLOSE, RawWebSocket, text
from rest_client import RestClient
from server_process import Start
from waiting import eventually

RESTARTS = 20
ENDS = {signal.SIGKILL: {-9}, signal.SIGTERM: {0}}


class Follower:
    """Reads the events of a topic wherever a server is, each time after the last that it got."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.events: list[dict[str, Any]] = []
        self.goodbyes: list[int] = []
        self.wrong: list[dict[str, Any]] = []

    def follow(self, url: str, until: int | None = None) -> None:
        """Until the server is gone, or an event has come."""
        after = self.events[-1]["seq"] if self.events else 0
        try:
            with RawWebSocket.open(url) as raw:
                raw.send(text({"op": "subscribe", "id": "a", "topic": self.topic, "after": after}))
                while until is None or after < until:
                    frame = raw.receive()
                    if frame.opcode == CLOSE:
                        self.goodbyes.append(frame.code)
                        return
                    after = self._take(frame.json) or after
        except (OSError, EOFError):  # the server is gone
            return

    def _take(self, frame: dict[str, Any]) -> int | None:
        if frame["op"] == "event":
            self.events.append(frame)
            return int(frame["seq"])
        if frame["op"] != "subscribed":
            self.wrong.append(frame)
        return None


def run_workflows(client: RestClient) -> None:
    """One after the other, until the server is gone."""
    try:
        while client.post("/api/workflows/isolated/run").status == 202:
            pass
    except OSError:
        return


def stored(database: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT seq, type FROM events ORDER BY seq").fetchall()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_who_resumes_after_each_restart_gets_every_event_once(start: Start, tmp_path: Path) -> None:
    chance, followers = random.Random(5), [Follower("*"), Follower("*"), Follower("workflow:*")]
    ends = [signal.SIGKILL, signal.SIGTERM] * (RESTARTS // 2)

    for end in ends:
        server = start("--runner", "thread", "--grace", "1s")
        client = server.client()
        threads = [
            threading.Thread(target=follower.follow, args=[client.url]) for follower in followers
        ]
        threads += [threading.Thread(target=run_workflows, args=[client]) for _ in range(3)]
        for thread in threads:
            thread.start()
        threading.Event().wait(chance.uniform(0.1, 0.7))
        assert server.end(end) in ENDS[end]
        for thread in threads:
            thread.join(20)

    client = start("--runner", "thread").client()
    for status in ("queued", "running"):
        open_ones = f"/api/executions?limit=1&status={status}"
        eventually(lambda at=open_ones: not client.get(at).body["items"])  # type: ignore[misc]
    table = stored(tmp_path / "q.db")
    assert len(table) > 20 * RESTARTS
    assert [seq for seq, _ in table] == list(range(1, len(table) + 1))
    for follower in followers:
        family = follower.topic.rstrip("*").replace(":", ".")
        wanted = [row for row in table if row[1].startswith(family)]
        follower.follow(client.url, until=wanted[-1][0])
        assert [(event["seq"], event["type"]) for event in follower.events] == wanted
        assert follower.wrong == []
        assert set(follower.goodbyes) == {1001}
