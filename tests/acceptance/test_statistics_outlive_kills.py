"""Statistics are written with what they count: a kill neither loses nor doubles any of it."""

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from counted import recounted, stored_counts
from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

SERVER_OPTIONS = ("--runner", "thread")
EVERY_SECOND = {"cron": "* * * * * *", "catchUp": "skip"}

Start = Callable[..., ServerProcess]


def _ended(client: RestClient) -> int:
    items = client.get("/api/statistics").body["items"]
    return sum(each["succeeded"] + each["failed"] for each in items)


def test_counts_are_exact_after_kills(start: Start, tmp_path: Path, log: Path, gate: Path) -> None:
    for ended in (6, 14):
        server = start()
        client = server.client()
        client.schedule("broken", EVERY_SECOND)
        traced = {"log": str(log)}
        client.schedule("report", EVERY_SECOND, executionConfig={"params": traced})
        held = {**traced, "gate": str(gate)}
        client.schedule("gated", EVERY_SECOND, executionConfig={"params": held})
        eventually(lambda client=client, ended=ended: _ended(client) >= ended)  # type: ignore[misc]
        server.end(signal.SIGKILL)

    with closing(sqlite3.connect(tmp_path / "q.db")) as connection:
        found = stored_counts(connection)
        assert found == recounted(connection)
    left = {name for hour in found["workflow_hours"].values() for name in hour}
    assert left >= {"succeeded", "failed", "skipped"}
