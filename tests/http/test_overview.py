"""`/api/overview`: how everything stands, and what needs somebody."""

from pathlib import Path
from typing import Any

import pytest
from bearer import Bearer
from gate import Gate
from rest_client import RestClient
from sample import NOW, a_schedule
from site_server import Site
from waiting import eventually

from quarterjack.runtime import Workflow
from quarterjack.storage import CatchUp, Schedule, ScheduleConfig, WorkflowId
from quarterjack.storage.database import Address, Writer
from quarterjack.storage.journal import Journal
from quarterjack.storage.migrate import migrate
from quarterjack.storage.schedule_changes import CreateSchedule

MANUAL = {"manual": True}


def _token(client: RestClient, **body: Any) -> Bearer:
    made = client.post("/api/tokens", {"name": "n", "role": "admin", **body})
    assert made.status == 201, made.raw
    return Bearer(client.url, made.body["token"])


def _fail(client: RestClient, key: str, times: int) -> None:
    for _ in range(times):
        client.ended(client.trigger(key))


def test_an_overview_counts_schedules_and_what_is_under_way(client: RestClient, gate: Gate) -> None:
    held = client.schedule("gated", MANUAL)
    paused = client.schedule("echo", MANUAL)
    client.post(f"/api/schedules/{paused}/pause")
    client.schedule("echo", MANUAL, enabled=False)
    client.trigger(held)
    waits = client.run("asks", order="17")
    eventually(lambda: client.execution(waits)["status"] == "waiting")
    eventually(lambda: client.get("/api/overview").body["running"] == 1)

    found = client.get("/api/overview").body

    counts = {name: count for name, count in found["schedules"].items() if count}
    assert counts == {"total": 3, "active": 1, "paused": 1, "disabled": 1}
    assert (found["running"], found["waiting"], found["queued"]) == (1, 1, 0)
    assert (found["attention"], found["attentionTotal"]) == ([], 0)
    assert found["seq"] == client.events()[-1]["seq"]
    assert found["startedAt"] < found["now"]
    gate.open()


def test_a_schedule_that_fails_twice_in_a_row_needs_somebody(client: RestClient) -> None:
    key = client.schedule("fails", MANUAL, name="flaky")
    _fail(client, key, 1)
    assert client.get("/api/overview").body["attentionTotal"] == 0
    _fail(client, key, 2)

    found = client.get("/api/overview").body

    (item,) = found["attention"]
    newest, _, first = client.executions(key)
    assert found["schedules"]["failing"] == found["attentionTotal"] == 1
    assert item == {
        "kind": "failing",
        "scheduleId": key,
        "workflowId": "fails",
        "name": "flaky",
        "status": "active",
        "since": first["endedAt"],
        "count": 3,
        "error": {"type": "LookupError", "message": "nothing there"},
        "nextExecution": None,
        "lastExecution": {"id": newest["id"], "status": "failed"},
    }


def test_a_disabled_schedule_needs_nobody(client: RestClient) -> None:
    key = client.schedule("fails", MANUAL)
    _fail(client, key, 2)
    client.put(f"/api/schedules/{key}/workflow", {"enabled": False})

    found = client.get("/api/overview").body

    assert (found["schedules"]["failing"], found["attentionTotal"]) == (0, 0)


@pytest.fixture
def down(tmp_path: Path) -> Path:
    """A database whose schedules were due while no server ran."""
    path = tmp_path / "q.db"
    hourly = ScheduleConfig.model_validate({"cron": "0 * * * *", "catchUp": CatchUp.SKIP})

    def due(key: str, **changes: Any) -> Schedule:
        return a_schedule(key, workflow_id=WorkflowId("echo"), **changes)

    writer = Writer(Address(f"sqlite:///{path}"))
    migrate(writer.connection)
    Journal(writer).commit(
        [
            CreateSchedule(
                due("lost", name="lost", schedule_config=hourly, next_due=NOW, next_fire=NOW), []
            ),
            CreateSchedule(due("paused", schedule_config=hourly, next_due=NOW, next_fire=None), []),
        ]
    )
    writer.close()
    return path


@pytest.fixture
def echo() -> Workflow:
    found = Workflow("echo")

    @found.step
    def say() -> None:
        return None

    return found


def test_a_schedule_that_has_missed_instants_is_losing(down: Path, echo: Workflow) -> None:
    with Site([echo], f"sqlite:///{down}") as site:
        client = site.client
        eventually(lambda: client.get("/api/overview").body["schedules"]["losing"] == 1)
        (item,) = client.get("/api/overview").body["attention"]
        fires = client.get("/api/schedules/lost/fires").body["items"]

    missed = [each for each in fires if each["outcome"] == "missed"]
    assert (item["kind"], item["scheduleId"], item["error"]) == ("losing", "lost", None)
    assert item["count"] == sum(each["instants"] for each in missed) > 24
    assert item["since"] == min(each["scheduledTime"] for each in missed)


def test_a_limited_token_sees_how_its_own_workflows_stand(client: RestClient) -> None:
    root = _token(client)
    limited = _token(root, workflows=["echo"])
    root.schedule("echo", MANUAL)
    _fail(root, root.schedule("fails", MANUAL), 2)

    mine, all_ = limited.get("/api/overview"), root.get("/api/overview")

    assert (mine.body["schedules"]["total"], mine.body["attention"]) == (1, [])
    assert (all_.body["schedules"]["total"], all_.body["attentionTotal"]) == (2, 1)
    assert "fails" not in mine.raw.decode()
