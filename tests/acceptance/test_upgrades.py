"""A server that finds an older database copies it first, or does not start; a prune may be killed."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from released import RELEASED, restored
from server_process import Start
from waiting import eventually

from quarterjack.storage.migrate import NEWEST
from quarterjack.storage.plain_data import pack

SERVER_OPTIONS = ("--runner", "thread")
ROWS = 6_000
OLD_ROWS = """
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
    INSERT INTO executions (id, workflow_id, status, trigger, scheduled_time, queued_at, started_at,
        ended_at, priority, params, context, options)
    SELECT printf('exe_%08d', i), 'w' || (i % 3), 'succeeded', 'api', i, i, i, i, 5,
        :empty, :empty, :empty FROM n
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "q.db"


def quarterjack(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "quarterjack.http", *map(str, arguments)]


def kept(file: Path) -> list[str]:
    """All that is in it."""
    with closing(sqlite3.connect(file)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()
        return [str(version), *connection.iterdump()]


def test_a_server_copies_an_older_database_and_serves_it(start: Start, file: Path) -> None:
    restored(file, RELEASED[4])
    before = kept(file)
    server = start("--keep", "90d", "--keep-executions", "5", "--max-executions", "100")
    client = server.client()
    assert client.get("/readyz").status == 200
    actors = {each["name"]: each["state"] for each in client.get("/api/actors").body["items"]}
    assert actors["janitor"] == "running"
    names = {each["name"] for each in client.get("/api/schedules").body["items"]}
    assert {"Nightly", "On order"} <= names
    succeeded = client.get("/api/executions?status=succeeded").body["items"]
    assert len(succeeded) >= 7
    copy = file.with_name(f"q.db.v5-before-v{NEWEST}")
    assert f"a copy of it as it was is {copy}" in server.log
    assert kept(copy) == before
    assert server.end() == 0


@pytest.mark.slow
def test_a_server_without_room_for_the_copy_says_so_and_leaves_the_database(file: Path) -> None:
    restored(file, RELEASED[4])
    before = kept(file)
    asked = quarterjack(
        "serve", "--port", 0, "--runner", "thread", "--database", f"sqlite:///{file}"
    )
    refused = subprocess.run(
        ["prlimit", "--fsize=65536", *asked],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert refused.returncode == 1
    assert refused.stdout == ""
    (line,) = refused.stderr.strip().splitlines()
    assert "has schema version 5" in line
    assert "no copy can be made first" in line
    assert kept(file) == before
    assert {each.name for each in file.parent.iterdir()} == {"q.db", "q.db.lock"}


@pytest.mark.slow
def test_a_prune_that_is_killed_has_done_whole_steps_and_can_be_called_again(file: Path) -> None:
    address = f"sqlite:///{file}"
    made = subprocess.run(
        quarterjack("token", "create", "one", "--role", "viewer", "--database", address),
        capture_output=True,
        timeout=50,
    )
    assert made.returncode == 0, made.stderr
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute(OLD_ROWS, {"count": ROWS, "empty": pack({})})
        connection.execute("COMMIT")

    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as reading:

        def left() -> int:
            return int(reading.execute("SELECT count(*) FROM executions").fetchone()[0])

        pruning = subprocess.Popen(
            quarterjack("prune", "--older-than", "30d", "--database", address)
        )
        eventually(lambda: left() < ROWS, within=40)
        pruning.send_signal(signal.SIGKILL)
        pruning.wait(timeout=10)
        assert (ROWS - left()) % 1_000 == 0

    checked = subprocess.run(
        quarterjack("check", "--database", address), capture_output=True, text=True, timeout=50
    )
    assert "The database is whole" in checked.stdout
    again = subprocess.run(
        quarterjack("prune", "--older-than", "30d", "--json", "--database", address),
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert again.returncode == 0, again.stderr
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM executions").fetchone() == (0,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
