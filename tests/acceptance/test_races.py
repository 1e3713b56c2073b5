"""Who comes at the same moment as something else is either before it or after it, and is told which."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_client import RestClient
from server_process import Start
from waiting import eventually

SERVER_OPTIONS = ("--app", "faults", "--runner", "thread")
SECOND = timedelta(seconds=1)
AT_ONCE = 10
EACH_SECOND = {"cron": "* * * * * *", "overlap": "allow", "catchUp": "all", "catchUpWindow": "1h"}


@pytest.fixture(scope="module")
def client(start_shared: Start) -> RestClient:
    return start_shared().client()


def _cancelled_soon(client: RestClient, chance: random.Random) -> tuple[int, str, str]:
    """The answer to a cancel at any moment of a run, and how that ended; its id."""
    wait = chance.choice([0, 0.001, 0.005, 0.02, 0.05]) * chance.random() * 2
    key = client.run(chance.choice(["tick", "three"]))
    time.sleep(wait)
    answer = client.post(f"/api/executions/{key}/cancel")
    asked = time.monotonic()
    ended = client.ended(key)
    assert time.monotonic() - asked < 10
    return answer.status, ended["status"], key


@pytest.mark.slow
@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(100, id="100"),
        pytest.param(2_000, id="2,000", marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
    ],
)
def test_a_cancel_at_any_moment_ends_the_run_or_comes_too_late(
    client: RestClient, rounds: int
) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        chances = [random.Random(number) for number in range(rounds)]
        found = list(threads.map(lambda chance: _cancelled_soon(client, chance), chances))

    answers = Counter((status, ended) for status, ended, _ in found)
    assert answers.keys() <= {(202, "cancelled"), (409, "succeeded")}
    assert answers[202, "cancelled"] > 0
    ends = Counter[str]()
    for event in client.events(topic="workflow:*"):
        if event["type"] in ("workflow.completed", "workflow.cancelled", "workflow.failed"):
            ends[event["executionId"]] += 1
    assert {ends[key] for *_, key in found} == {1}


def _edit(client: RestClient, key: str, number: int) -> int:
    """One edit at the very beginning of a second; the status of the answer."""
    time.sleep(1 - time.time() % 1)
    if number % 3 == 0:
        return client.post(f"/api/schedules/{key}/pause").status
    if number % 3 == 1:
        return client.post(f"/api/schedules/{key}/resume").status
    address, name = f"/api/schedules/{key}/workflow", {"name": f"round {number}"}
    tag = client.get(address).headers["etag"]
    statuses = sorted(client.put(address, name, {"If-Match": tag}).status for _ in range(2))
    assert statuses == [200, 412]
    return statuses[0]


def _covered(rows: list[dict[str, Any]]) -> list[datetime]:
    """Each instant that has a row of its own, or is in the stretch of one."""
    found = []
    for row in rows:
        first = datetime.fromisoformat(row["scheduledTime"])
        instants = row.get("instants") or 1
        found += [first + number * SECOND for number in range(instants)]
    return sorted(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(3, id="30"),
        pytest.param(100, id="1,000", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
def test_an_edit_when_it_is_due_loses_and_doubles_no_instant(
    client: RestClient, rounds: int
) -> None:
    keys = [client.schedule("tick", EACH_SECOND) for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for number in range(rounds):
            statuses = set(threads.map(lambda key: _edit(client, key, number), keys))  # noqa: B023
            assert statuses == {200}
    for key in keys:
        client.post(f"/api/schedules/{key}/resume")
    time.sleep(2)
    for key in keys:
        client.post(f"/api/schedules/{key}/pause")

    for key in keys:
        rows = client.get(f"/api/schedules/{key}/fires?limit=500").body["items"]
        covered = _covered(rows)
        assert covered == [covered[0] + each * SECOND for each in range(len(covered))]
        made = [row["executionId"] for row in rows if row["executionId"]]
        assert len(client.executions(key)) == len(set(made)) == len(made)
    eventually(lambda: not client.get("/api/executions?status=queued").body["items"])
