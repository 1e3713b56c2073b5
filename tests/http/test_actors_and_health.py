"""`/api/actors`, `/api/nodes`, `/healthz`, `/readyz`."""

import importlib.metadata
import os
import sqlite3
from pathlib import Path
from typing import Any

from gate import Gate
from rest_client import RestClient
from site_server import Site
from waiting import eventually

from quarterjack.runtime import Workflow

CAST = [
    "state",
    "broadcaster",
    "ticker",
    "run-queue",
    "schedules",
    "executions",
    "deliveries",
    "webhooks",
    "janitor",
]


def _actors(client: RestClient) -> dict[str, dict[str, Any]]:
    items = client.get("/api/actors?limit=500").body["items"]
    return {item["path"]: item for item in items}


def test_the_supervision_tree_is_told_live(client: RestClient, gate: Gate) -> None:
    run = client.post("/api/workflows/gated/run").body["executionId"]
    path = f"quarterjack/executions/{run}"
    eventually(lambda: path in _actors(client))

    actors = _actors(client)
    gate.open()

    assert next(iter(actors)) == "quarterjack"
    assert {f"quarterjack/{name}" for name in CAST} <= actors.keys()
    execution = actors[path]
    assert execution == {
        "name": run,
        "path": path,
        "parent": "quarterjack/executions",
        "kind": "execution",
        "state": "running",
        "mailboxDepth": 0,
        "handled": execution["handled"],
        "restarts": 0,
        "lastError": None,
    }
    assert execution["handled"] > 0
    eventually(lambda: path not in _actors(client))


def test_a_crashed_actor_is_shown_restarted_with_its_error(site: Site) -> None:
    async def crash() -> None:
        assembly = site.runtime._assembly
        assert assembly is not None
        ticker = assembly.system.find("quarterjack/ticker")
        assert ticker is not None
        ticker.cell.fail(RuntimeError("for a test"))

    site.run(crash())

    ticker = eventually(
        lambda: (found := _actors(site.client)["quarterjack/ticker"])["restarts"] and found
    )
    assert "for a test" in ticker["lastError"]
    eventually(lambda: _actors(site.client)["quarterjack/ticker"]["state"] == "running")


def test_health_and_readiness(client: RestClient) -> None:
    health, ready = client.get("/healthz"), client.get("/readyz")

    assert (health.status, ready.status) == (200, 200)
    assert health.body["status"] == "ok"
    assert health.body["loopLag"] >= 0
    assert ready.body["status"] == "ready"
    assert ready.body["reasons"] == []
    assert ready.body["sqliteVersion"] == sqlite3.sqlite_version
    assert ready.body["tzdataVersion"]


def test_a_database_that_takes_no_writes_is_told_and_recovers(tmp_path: Path) -> None:
    workflow = Workflow("once")

    @workflow.step
    def only() -> int:
        return 1

    path = tmp_path / "q.db"
    with Site([workflow], f"sqlite:///{path}") as site:
        client = site.client
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        started = site.runtime.run("once")
        not_ready = eventually(lambda: (a := client.get("/readyz")).status == 503 and a, within=30)
        alive, listed = client.get("/healthz"), client.get("/api/executions")
        other.execute("ROLLBACK")
        other.close()
        key = started.get(timeout=30)
        eventually(lambda: client.get("/readyz").status == 200)
        eventually(lambda: client.get(f"/api/executions/{key}").body["endedAt"])

        assert not_ready.body["status"] == "unavailable"
        assert "storage" in not_ready.body["reasons"][0]
        assert alive.status == 200
        assert listed.body["items"] == []


def test_the_one_node_says_who_it_is(client: RestClient) -> None:
    [node] = client.get("/api/nodes").body["items"]

    assert node["processId"] == os.getpid()
    assert node["id"].startswith("boot_")
    assert node["version"] == importlib.metadata.version("quarterjack")
    assert client.get("/api/nodes").body["items"] == [node]
