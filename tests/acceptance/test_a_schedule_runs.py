"""From a schedule created over REST to its events and its history, in a real server."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from live_client import live_client
from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

Start = Callable[..., ServerProcess]
ONE_RUN = [
    "schedule:triggered",
    "workflow:started",
    "workflow:step:started",
    "workflow:step:completed",
    "workflow:step:started",
    "workflow:step:progress",
    "workflow:step:completed",
    "workflow:step:started",
    "workflow:step:completed",
    "workflow:completed",
    "schedule:completed",
]


async def _events_of_first_run(client: RestClient, log: Path) -> list[dict[str, Any]]:
    """Subscribe, create a schedule that is due every second, and listen for one whole run."""
    async with live_client(client.url) as live:
        await live.subscribe()
        config = {"cron": "* * * * * *", "timezone": "Europe/Paris"}
        params = {"params": {"log": str(log)}}
        schedule_id = await asyncio.to_thread(
            client.schedule, "report", config, executionConfig=params
        )
        frames = await live.until(
            lambda seen: bool(seen) and seen[-1]["event"] == "schedule:completed"
        )
        await asyncio.to_thread(client.post, f"/api/schedules/{schedule_id}/pause")
    return frames


def test_a_schedule_fires_on_its_own_and_tells_of_it_in_order(start: Start, log: Path) -> None:
    client = start().client()

    created, *run = asyncio.run(_events_of_first_run(client, log))

    assert created["event"] == "schedule:created"
    assert [frame["event"] for frame in run] == ONE_RUN
    seqs = [frame["seq"] for frame in (created, *run)]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert {frame["scheduleId"] for frame in run} == {created["scheduleId"]}
    assert len({frame["executionId"] for frame in run}) == 1
    completed = [frame["data"]["step"] for frame in run if frame["event"].endswith("p:completed")]
    assert completed == ["extract", "load", "notify"]


def test_history_and_status_agree_with_the_events(start: Start, log: Path) -> None:
    client = start().client()
    _, *run = asyncio.run(_events_of_first_run(client, log))
    schedule_id, execution_id = run[0]["scheduleId"], run[0]["executionId"]

    execution = client.get(f"/api/executions/{execution_id}").body
    status = eventually(
        lambda: next(
            (
                found
                for found in [client.get(f"/api/schedules/{schedule_id}/status").body]
                if not found["running"] and not found["queued"]
            ),
            None,
        )
    )
    history = client.executions(schedule_id)

    assert execution["status"] == "succeeded"
    assert execution["result"] == "3 rows"
    assert [step["name"] for step in execution["steps"]] == ["extract", "load", "notify"]
    assert {step["status"] for step in execution["steps"]} == {"succeeded"}
    assert execution["scheduledTime"] == run[0]["data"]["scheduledTime"]
    assert status["scheduleStatus"] == "paused"
    assert status["executionCount"] == len(history)
    assert status["errorCount"] == 0
    assert execution_id in [each["id"] for each in history]
    assert [each["id"] for each in status["executionHistory"]] == [each["id"] for each in history]
    assert len(log.read_text().splitlines()) == 3 * len(history)


def test_a_failing_step_fails_its_execution_and_nobody_else(start: Start, log: Path) -> None:
    client = start().client()
    broken = client.schedule("broken", {"manual": True})
    healthy = client.schedule(
        "report", {"manual": True}, executionConfig={"params": {"log": str(log)}}
    )

    failed = client.post(f"/api/schedules/{broken}/trigger").body["executionId"]
    good = client.post(f"/api/schedules/{healthy}/trigger").body["executionId"]
    eventually(lambda: client.get(f"/api/executions/{failed}").body["endedAt"])
    eventually(lambda: client.get(f"/api/executions/{good}").body["endedAt"])

    found = client.get(f"/api/executions/{failed}").body
    assert found["status"] == "failed"
    assert found["error"]["type"] == "ValueError"
    assert found["error"]["message"] == "no way with 1"
    assert "jobs.py" in found["error"]["traceback"]
    assert [len(step["attempts"]) for step in found["steps"]] == [1, 2]
    assert client.get(f"/api/executions/{good}").body["status"] == "succeeded"
    assert client.get(f"/api/schedules/{broken}/status").body["lastError"]["type"] == "ValueError"
