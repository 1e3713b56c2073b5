"""Signals: what a server does with its work before it ends, and with what exit code."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from live_client import live_client
from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

Start = Callable[..., ServerProcess]


def _gated_run(server: ServerProcess, log: Path, gate: Path) -> tuple[str, str]:
    """Start a run that waits for the gate; the schedule's and the execution's id."""
    client = server.client()
    schedule_id = client.schedule(
        "gated",
        {"manual": True},
        executionConfig={"params": {"log": str(log), "gate": str(gate)}},
    )
    key = client.post(f"/api/schedules/{schedule_id}/trigger").body["executionId"]
    eventually(lambda: log.exists() and "second" in log.read_text())
    return schedule_id, key


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_ends_with_0(start: Start, number: signal.Signals) -> None:
    server = start()
    server.client()

    assert server.end(number) == 0
    assert server.rest_of_output() == ""


def test_sigterm_lets_running_steps_end_and_takes_no_new_work(
    start: Start, log: Path, gate: Path
) -> None:
    server = start()
    client = server.client()
    params = {"log": str(log), "gate": str(gate)}
    key = client.post("/api/workflows/gated/run", {"params": params}).body["executionId"]
    eventually(lambda: log.exists() and "second" in log.read_text())

    server.send(signal.SIGTERM)
    eventually(lambda: client.get("/readyz").status == 503)
    refused = client.post("/api/workflows/gated/run", {"params": params})
    alive = client.get("/healthz")
    gate.touch()

    assert server.wait() == 0
    assert refused.status == 503
    assert refused.body["type"].endswith(":draining")
    assert refused.headers["retry-after"]
    assert alive.status == 200
    client = start().client()
    eventually(lambda: client.get(f"/api/executions/{key}").body["endedAt"])
    steps = client.get(f"/api/executions/{key}").body["steps"]
    assert [step["status"] for step in steps] == ["succeeded"] * 3
    assert [len(step["attempts"]) for step in steps] == [1, 1, 1]


def test_a_step_that_outlasts_the_grace_runs_again_at_the_next_start(
    start: Start, log: Path, gate: Path
) -> None:
    server = start("--grace", "100ms")
    _, key = _gated_run(server, log, gate)

    assert server.end() == 0
    gate.touch()
    client = start().client()
    eventually(lambda: client.get(f"/api/executions/{key}").body["endedAt"])

    found = client.get(f"/api/executions/{key}").body
    assert found["status"] == "succeeded"
    assert [len(step["attempts"]) for step in found["steps"]] == [1, 2, 1]


def test_a_second_signal_ends_it_at_once(start: Start, log: Path, gate: Path) -> None:
    server = start("--grace", "1h")
    _gated_run(server, log, gate)

    server.send(signal.SIGTERM)
    eventually(lambda: "running steps may end" in server.log)

    assert server.end(signal.SIGTERM) == 128 + signal.SIGTERM


def test_sighup_is_ignored(start: Start) -> None:
    server = start()
    client = server.client()

    server.send(signal.SIGHUP)
    eventually(lambda: "SIGHUP is ignored" in server.log)

    assert client.get("/healthz").status == 200
    assert server.end() == 0


def test_websockets_are_closed_as_going_away(start: Start) -> None:
    server = start()
    client = server.client()

    async def listen() -> int | None:
        async with live_client(client.url) as live:
            await live.subscribe()
            server.send(signal.SIGTERM)
            return await live.closed()

    assert asyncio.run(listen()) == 1001
    assert server.wait() == 0


def test_a_reader_of_its_output_that_goes_away_does_no_harm(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = RestClient(f"http://127.0.0.1:{port}")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "quarterjack.http", "serve", "--port", str(port)],
            cwd=tmp_path,
            stdout=writer,
            stderr=log,
        )
    os.close(writer)
    try:
        eventually(client.is_up)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
