"""`backup`, `check` and `prune` with a server that works, and on the file when there is none."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rest_client import RestClient
from server_process import Start
from waiting import eventually

SERVER_OPTIONS = ("--runner", "thread")
Run = Callable[..., "subprocess.CompletedProcess[str]"]
DAYS_100 = 100 * 86_400 * 1_000_000


@pytest.fixture
def command(tmp_path: Path) -> Run:
    """`quarterjack …` as a process of its own, on the test's database."""

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "quarterjack.http", *map(str, arguments)],
            env={**os.environ, "QUARTERJACK_DATABASE": f"sqlite:///{tmp_path / 'q.db'}"},
            capture_output=True,
            text=True,
            timeout=40,
        )

    return run


def some_history(client: RestClient, count: int = 5) -> None:
    """So many executions that have ended."""
    key = client.schedule("isolated", {"manual": True})
    for execution in [client.trigger(key) for _ in range(count)]:
        client.ended(execution)


def executions_in(file: Path) -> int:
    """How many a database file has."""
    connection = sqlite3.connect(file)
    try:
        return int(connection.execute("SELECT count(*) FROM executions").fetchone()[0])
    finally:
        connection.close()


def make_old(file: Path) -> None:
    """Let all that is stored be of a hundred days ago."""
    with sqlite3.connect(file) as connection:
        connection.execute(
            "UPDATE executions SET queued_at = queued_at - :age, ended_at = ended_at - :age",
            {"age": DAYS_100},
        )
        connection.execute("UPDATE events SET timestamp = timestamp - ?", [DAYS_100])
    connection.close()


def test_a_running_server_is_backed_up_and_the_copy_serves(
    start: Start, command: Run, tmp_path: Path
) -> None:
    server = start()
    client = server.client()
    some_history(client)
    copy = tmp_path / "copy" / "q.db"
    copy.parent.mkdir()

    made = command("backup", copy, "--url", client.url)
    assert made.returncode == 0, made.stderr
    assert "bytes written to" in made.stderr
    assert executions_in(copy) == 5
    again = command("backup", copy, "--url", client.url)
    assert again.returncode == 2
    assert "--force replaces it" in again.stderr
    assert command("backup", copy, "--force", "--url", client.url).returncode == 0
    assert [each.name for each in copy.parent.iterdir()] == ["q.db"]
    server.end(signal.SIGKILL)

    (tmp_path / "q.db").unlink()
    copy.rename(tmp_path / "q.db")
    for left in ("q.db-wal", "q.db-shm"):
        (tmp_path / left).unlink(missing_ok=True)
    restored = start().client()
    assert len(restored.get("/api/executions").body["items"]) == 5
    some_history(restored, 1)


def test_the_file_is_not_touched_while_a_server_has_it(start: Start, command: Run) -> None:
    client = start().client()
    for asked in (("backup", "copy.db"), ("check",), ("prune", "--older-than", "1d")):
        refused = command(*asked)
        assert refused.returncode == 1
        assert "in use by process" in refused.stderr
        assert "--url" in refused.stderr
    assert not Path("copy.db").exists()
    assert client.is_up()


def test_a_database_is_checked_with_and_without_a_server(
    start: Start, command: Run, tmp_path: Path
) -> None:
    server = start()
    client = server.client()
    some_history(client, 2)
    live = command("check", "--url", client.url)
    assert (live.returncode, live.stderr) == (0, "")
    assert "The database is whole" in live.stdout
    assert "2 executions" in live.stdout
    assert server.end() == 0
    assert '"ok":true' in command("check", "--json").stdout

    file = tmp_path / "q.db"
    raw = bytearray(file.read_bytes())
    middle = len(raw) // 4096 // 2 * 4096
    raw[middle : middle + 4096] = os.urandom(4096)
    file.write_bytes(raw)
    damaged = command("check")
    assert damaged.returncode == 1
    assert "DAMAGED" in damaged.stdout or "malformed" in damaged.stderr


def test_old_history_goes_while_a_server_works_and_the_file_shrinks_without(
    start: Start, command: Run, tmp_path: Path
) -> None:
    server = start()
    some_history(server.client(), 12)
    assert server.end() == 0
    make_old(tmp_path / "q.db")
    server = start()
    client = server.client()
    some_history(client, 1)

    kept = command("prune", "--older-than", "30d", "--keep", "5", "--url", client.url)
    assert kept.returncode == 0, kept.stderr
    assert "deleted: 8 executions" in kept.stdout
    assert len(client.get("/api/executions").body["items"]) == 5
    gone = command("prune", "--older-than", "30d", "--json", "--url", client.url)
    assert '"executions":4' in gone.stdout
    eventually(lambda: len(client.get("/api/executions").body["items"]) == 1)
    refused = client.post("/api/prune", {"olderThan": "1m"})
    assert (refused.status, refused.fields) == (422, [["olderThan"]])
    assert server.end() == 0

    size = (tmp_path / "q.db").stat().st_size
    make_old(tmp_path / "q.db")
    assert "deleted: 1 executions" in command("prune", "--older-than", "30d").stdout
    assert (tmp_path / "q.db").stat().st_size < size
    some_history(start().client(), 1)
