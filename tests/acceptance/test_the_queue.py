"""Which execution is next, and how many run: priorities, limits, rates, and that nothing starves."""

import signal
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rest_client import RestClient
from server_process import Start
from waiting import eventually


@pytest.fixture(scope="module")
def single(start_shared: Start, shared_folder: Path) -> RestClient:
    """Of a server that runs one execution at a time."""
    return _client(start_shared, shared_folder, "single", "--concurrency", "1")


@pytest.fixture(scope="module")
def broad(start_shared: Start, shared_folder: Path) -> RestClient:
    """Of one with places for all."""
    return _client(start_shared, shared_folder, "broad")


def _client(start: Start, folder: Path, name: str, *options: str) -> RestClient:
    database = f"sqlite:///{folder / name}.db"
    always = ("--app", "lanes", "--runner", "thread", "--database", database)
    return start(*always, *options).client()


def _hold(client: RestClient, gate: Path) -> None:
    """Take a place until the gate is open."""
    key = client.run("hold", gate=str(gate))
    eventually(lambda: client.execution(key)["status"] == "running")


def _labelled(client: RestClient, log: Path, priority: int, label: str) -> str:
    params = {"log": str(log), "label": label}
    return client.run_with("labelled", params=params, priority=priority)


def _ended(client: RestClient, keys: list[str]) -> list[dict[str, Any]]:
    return [client.ended(key) for key in keys]


def _most_at_once(log: Path) -> int:
    at_once = most = 0
    for sign in log.read_text().split():
        at_once += 1 if sign == "+" else -1
        most = max(most, at_once)
    return most


def _starts(found: list[dict[str, Any]]) -> list[datetime]:
    return sorted(datetime.fromisoformat(each["startedAt"]) for each in found)


def _assert_rate(starts: list[datetime], count: int, window: timedelta) -> None:
    """No more than so many in any stretch of that length."""
    for first, one_more in zip(starts, starts[count:], strict=False):
        assert one_more - first >= window - timedelta(milliseconds=5)


# Order


def test_lower_priorities_go_first_then_who_came_first(
    single: RestClient, log: Path, gate: Path
) -> None:
    _hold(single, gate)
    given = [(5, "5a"), (9, "9a"), (0, "0a"), (3, "3a"), (0, "0b"), (5, "5b")]
    keys = [_labelled(single, log, priority, label) for priority, label in given]
    keys.append(single.run("labelled", log=str(log), label="5c"))
    gate.touch()
    _ended(single, keys)

    assert log.read_text().split() == ["0a", "0b", "3a", "5a", "5b", "5c", "9a"]


def test_among_equals_the_earlier_due_time_goes_first(
    single: RestClient, log: Path, gate: Path
) -> None:
    old = single.run("labelled", log=str(log), label="old", broken=True)
    assert single.ended(old)["status"] == "failed"
    Path(f"{log}.mended").touch()
    _hold(single, gate)
    young = single.run("labelled", log=str(log), label="young")
    again = single.post(f"/api/executions/{old}/retry").body["executionId"]
    gate.touch()
    _ended(single, [young, again])

    assert single.execution(again)["scheduledTime"] < single.execution(young)["scheduledTime"]
    assert log.read_text().split() == ["old", "old", "young"]


def test_a_flood_of_priority_0_leaves_old_priority_9_one_start_in_ten(
    single: RestClient, log: Path, gate: Path
) -> None:
    _hold(single, gate)
    old = [_labelled(single, log, 9, f"old{number}") for number in range(3)]
    flood = [_labelled(single, log, 0, f"new{number}") for number in range(60)]
    gate.touch()
    _ended(single, [*old, *flood])

    started = log.read_text().split()
    for number in range(3):
        assert started.index(f"old{number}") < 10 * (number + 1)
    assert [name for name in started if name.startswith("new")] == [f"new{n}" for n in range(60)]
    assert [name for name in started[:9] if name.startswith("old")] == []


# Limits


def test_no_more_run_at_once_than_the_server_may(single: RestClient, log: Path) -> None:
    keys = [single.run("free", log=str(log)) for _ in range(6)]
    _ended(single, keys)

    assert _most_at_once(log) == 1


def test_a_workflow_s_limit_holds_and_lets_others_pass(
    broad: RestClient, log: Path, gate: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    params = {"log": str(log), "gate": str(gate)}
    schedule = broad.schedule("narrow", {"manual": True}, executionConfig={"params": params})
    keys = [broad.run("narrow", **params) for _ in range(4)]
    keys += [broad.trigger(schedule) for _ in range(4)]
    _ended(broad, [broad.run("free", log=str(other)) for _ in range(8)])
    statuses = [broad.execution(key)["status"] for key in keys]
    gate.touch()
    _ended(broad, keys)

    assert statuses == ["running"] * 2 + ["queued"] * 6
    assert _most_at_once(log) == 2
    assert broad.get("/api/workflows/narrow").body["maxConcurrency"] == 2


@pytest.mark.parametrize(("limit", "most"), [(None, 1), (3, 3)], ids=["by default", "of three"])
def test_a_schedule_s_limit_holds_for_its_executions(
    broad: RestClient, log: Path, gate: Path, limit: int | None, most: int
) -> None:
    config: dict[str, Any] = {"params": {"log": str(log), "gate": str(gate)}}
    if limit is not None:
        config["maxConcurrency"] = limit
    rule = {"manual": True, "overlap": "queueAll"}
    schedule = broad.schedule("wide", rule, executionConfig=config)
    keys = [broad.trigger(schedule, respectOverlap=True) for _ in range(7)]
    eventually(lambda: log.exists() and log.read_text().count("+") >= most)
    gate.touch()
    ended = _ended(broad, keys)

    assert {each["status"] for each in ended} == {"succeeded"}
    assert _most_at_once(log) == most


# Rates


def test_a_workflow_s_rate_holds_and_lets_others_pass(broad: RestClient, log: Path) -> None:
    keys = [broad.run("rationed") for _ in range(5)]
    beside = broad.ended(broad.run("free", log=str(log)))
    starts = _starts(_ended(broad, keys))

    _assert_rate(starts, 2, timedelta(seconds=1))
    assert starts[-1] - starts[0] < timedelta(seconds=4)
    assert _starts([beside])[0] < starts[-1]
    assert broad.get("/api/workflows/rationed").body["rateLimit"] == "2/s"


def test_the_server_s_rate_holds_across_a_kill(start: Start, log: Path) -> None:
    options = ("--app", "lanes", "--runner", "thread", "--rate-limit", "3/2s")
    server = start(*options)
    client = server.client()
    keys = [client.run("free", log=str(log)) for _ in range(6)]
    _ended(client, keys[:3])

    server.end(signal.SIGKILL)
    client = start(*options).client()
    starts = _starts(_ended(client, keys))

    _assert_rate(starts, 3, timedelta(seconds=2))
    assert starts[-1] - starts[0] < timedelta(seconds=12)
