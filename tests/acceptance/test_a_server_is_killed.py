"""SIGKILL in the middle of work: nothing is lost, nothing runs twice."""

import signal
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

SERVER_OPTIONS = ("--runner", "thread")

Start = Callable[..., ServerProcess]


def _lines(log: Path) -> list[tuple[str, str]]:
    """Each attempt that began, as (execution, step)."""
    if not log.exists():
        return []
    found = [line.split() for line in log.read_text().splitlines()]
    return [(line[0], line[1]) for line in found]


def _second_steps(log: Path) -> int:
    return sum(step == "second" for _, step in _lines(log))


def _all_ended(client: RestClient, schedule_id: str) -> bool:
    return all(each["endedAt"] for each in client.executions(schedule_id))


def test_after_a_kill_each_due_instant_has_exactly_one_execution(
    start: Start, log: Path, gate: Path
) -> None:
    server = start("--processes", "8")
    client = server.client()
    schedule_id = client.schedule(
        "gated",
        {"cron": "* * * * * *", "overlap": "allow", "catchUp": "all", "catchUpWindow": "1h"},
        executionConfig={"params": {"log": str(log), "gate": str(gate)}},
    )
    eventually(lambda: _second_steps(log) >= 3)

    server.end(signal.SIGKILL)
    before = _lines(log)
    gate.touch()
    client = start().client()
    eventually(lambda: len(client.executions(schedule_id)) > len(before))
    client.post(f"/api/schedules/{schedule_id}/pause")
    eventually(lambda: _all_ended(client, schedule_id))

    history = client.executions(schedule_id)
    due = sorted(datetime.fromisoformat(each["scheduledTime"]) for each in history)
    steps = Counter(_lines(log))
    assert {each["status"] for each in history} == {"succeeded"}
    assert due == [due[0] + timedelta(seconds=number) for number in range(len(due))]
    assert {steps[each["id"], "first"] for each in history} == {1}
    assert {steps[each["id"], "third"] for each in history} == {1}
    again = [key for (key, step), count in steps.items() if step == "second" and count == 2]
    assert sorted(again) == sorted(key for key, step in before if step == "second")


def test_events_go_on_after_a_kill_without_a_hole(start: Start, log: Path) -> None:
    server = start()
    client = server.client()
    schedule_id = client.schedule(
        "report", {"manual": True}, executionConfig={"params": {"log": str(log)}}
    )
    first = client.post(f"/api/schedules/{schedule_id}/trigger").body["executionId"]
    eventually(lambda: client.get(f"/api/executions/{first}").body["endedAt"])

    server.end(signal.SIGKILL)
    client = start().client()
    second = client.post(f"/api/schedules/{schedule_id}/trigger").body["executionId"]
    eventually(lambda: client.get(f"/api/executions/{second}").body["endedAt"])

    seqs = [event["seq"] for event in client.get("/api/events?limit=500").body["items"]]
    assert seqs == list(range(1, len(seqs) + 1))
    assert client.get(f"/api/executions/{first}").body["status"] == "succeeded"
