"""`quarterjack backup`, `check` and `prune`, on a file and at a server that has it open."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from command_line import CommandLine
from rest_client import RestClient
from waiting import eventually

from quarterjack.http.cli.main import main
from quarterjack.storage.database import Address
from quarterjack.storage.plain_data import pack
from quarterjack.storage.upgrade import open_upgraded

OLD = """
    INSERT INTO executions (id, workflow_id, status, trigger, scheduled_time, queued_at, started_at,
        ended_at, priority, params, context, options)
    VALUES (?, 'w', 'succeeded', 'api', ?, ?, ?, ?, 5, ?, ?, ?)
"""
COUNTS = ["executions", "fires", "events", "audit", "webhookDeliveries", "backfills"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with ten executions of 1970, that nobody has open."""
    found = tmp_path / "q.db"
    writer = open_upgraded(Address(f"sqlite:///{found}"))
    try:
        rows = [(f"exe_{at}", at, at, at, at, *[pack({})] * 3) for at in range(10)]
        writer.connection.executemany(OLD, rows)
    finally:
        writer.close()
    return found


def keeper(*arguments: object, file: Path) -> Result:
    """The command on that file."""
    env = {"QUARTERJACK_DATABASE": f"sqlite:///{file}"}
    return CliRunner().invoke(main, [*map(str, arguments)], env=env)


def test_a_file_is_pruned_by_number_and_by_age(file: Path) -> None:
    by_number = keeper("prune", "--max-per-workflow", 6, "--json", file=file)
    assert json.loads(by_number.stdout) == {**dict.fromkeys(COUNTS, 0), "executions": 4}
    by_age = keeper("prune", "--older-than", "1d", "--keep", 2, file=file)
    assert by_age.stdout.startswith("deleted: 4 executions, 0 fires, 0 events, 0 audit entries")
    assert "webhook deliveries" in by_age.stdout


def test_a_prune_without_bounds_asks_for_one(file: Path) -> None:
    asked = keeper("prune", file=file)
    assert asked.exit_code == 2
    assert "--older-than AGE, --max-per-workflow N" in asked.stderr
    contradiction = keeper("prune", "--max-per-workflow", 2, "--keep", 3, file=file)
    assert contradiction.exit_code == 1
    assert "not below keep" in contradiction.stderr


def test_a_file_is_written_anew_on_request(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")
        connection.execute("INSERT INTO facts VALUES ('large', zeroblob(1000000))")
        connection.execute("DELETE FROM facts")
    size = file.stat().st_size
    done = keeper("prune", "--compact", file=file)
    assert (done.exit_code, done.stdout[:21]) == (0, "deleted: 0 executions")
    assert file.stat().st_size < size - 900_000
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_a_file_is_copied_and_checked(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert keeper("backup", copy, file=file).exit_code == 0
    assert "10 executions" in keeper("check", file=copy).stdout


def test_a_server_prunes_and_keeps_its_file(cli: CommandLine, rest: RestClient) -> None:
    for _ in range(3):
        rest.post("/api/workflows/echo/run")
    eventually(lambda: len(rest.get("/api/executions?status=succeeded").body["items"]) == 3)
    young = cli("prune", "--max-per-workflow", 1, "--older-than", "1h", "--json", "--url", rest.url)
    assert json.loads(young.stdout)["executions"] == 0
    refused = cli("prune", "--older-than", "1h", "--compact", "--url", rest.url)
    assert refused.exit_code == 1
    assert "stop it first" in refused.stderr
    nothing = rest.post("/api/prune", {})
    assert (nothing.status, nothing.fields) == (422, [["olderThan"]])
