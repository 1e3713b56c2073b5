"""A token from the command line, a server that is killed, and no trace of the token's text."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from bearer import Bearer
from server_process import Start


def token(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`quarterjack token …` on the test's database, as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "quarterjack.http", "token", *arguments],
        env={**os.environ, "QUARTERJACK_DATABASE": f"sqlite:///{folder / 'q.db'}"},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_a_token_outlives_a_kill_and_its_text_is_nowhere(start: Start, tmp_path: Path) -> None:
    made = token(tmp_path, "create", "ci", "--role", "admin")
    secret = made.stdout.strip()
    server = start("--runner", "thread")
    client = server.client()
    bearer = Bearer(client.url, secret)

    assert client.get("/api/schedules").status == 401
    key = bearer.schedule("report", {"manual": True}, metadata={"team": "bi"})
    assert bearer.get("/api/nowhere?token=no").status == 404
    assert Bearer(client.url, secret + "x").get("/api/schedules").status == 401
    refused = token(tmp_path, "list")
    assert refused.returncode == 1
    assert f"in use by process {server.process.pid}" in refused.stderr
    server.end(signal.SIGKILL)

    server = start("--runner", "thread")
    bearer = Bearer(server.client().url, secret)
    assert bearer.get(f"/api/schedules/{key}/workflow").status == 200
    (entry,) = bearer.get(f"/api/audit?scheduleId={key}").body["items"]
    assert (entry["action"], entry["tokenName"]) == ("createSchedule", "ci")
    assert server.end() == 0
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or secret[9:].encode() not in file.read_bytes(), file
