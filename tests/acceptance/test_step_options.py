"""Each thing that a step can be told, over REST and WebSocket, in steps that run in processes."""

import asyncio
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from live_client import live_client
from rest_client import RestClient
from server_process import Start
from waiting import eventually


@pytest.fixture(scope="module")
def client(start_shared: Start) -> RestClient:
    return start_shared("--app", "choices", "--processes", "3").client()


def _delays(client: RestClient, key: str) -> list[float]:
    """The waits between attempts, as they were told."""
    told = client.events(topic="workflow:step:retrying")
    return [event["data"]["delay"] for event in told if event["executionId"] == key]


def _errors(step: dict[str, Any]) -> list[str | None]:
    """The error types of a step's attempts."""
    return [attempt["error"] and attempt["error"]["type"] for attempt in step["attempts"]]


def _statuses(found: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["status"] for step in found["steps"]}


def _marks(log: Path) -> list[str]:
    """The steps that ran, in order."""
    return [line.split()[1] for line in log.read_text().splitlines()]


# Retries


def test_waits_grow_exponentially_up_to_their_cap(client: RestClient) -> None:
    key = client.run("backoff")
    ended = client.ended(key)

    (step,) = ended["steps"]
    assert ended["status"] == "failed"
    assert _errors(step) == ["Passing"] * 5
    assert _delays(client, key) == [0.04, 0.08, 0.1, 0.1]


def test_jitter_spreads_those_that_fail_together(client: RestClient) -> None:
    keys = [client.run("jitter") for _ in range(5)]
    for key in keys:
        client.ended(key)

    delays = [delay for key in keys for delay in _delays(client, key)]
    assert len(set(delays)) == 5
    assert all(0.1 <= delay <= 0.2 for delay in delays)


@pytest.mark.parametrize(
    ("kind", "attempts"),
    [
        pytest.param("passing", 3, id="retry_on"),
        pytest.param("lasting", 1, id="no_retry_on goes before"),
        pytest.param("other", 1, id="not in retry_on"),
    ],
)
def test_a_step_is_tried_again_after_the_errors_that_it_names(
    client: RestClient, kind: str, attempts: int
) -> None:
    (step,) = client.ended(client.run("choosy", kind=kind))["steps"]

    assert len(step["attempts"]) == attempts


def test_a_schedule_says_how_steps_are_retried_that_do_not_say_so(client: RestClient) -> None:
    policy = {"attempts": 3, "backoff": "30ms", "factor": 3, "maxBackoff": "50ms"}
    more = {"executionConfig": {"retryPolicy": policy}}
    key = client.trigger(client.schedule("plain", {"manual": True}, **more))

    (step,) = client.ended(key)["steps"]
    assert _errors(step) == ["Passing"] * 3
    assert _delays(client, key) == [0.03, 0.05]


# Timeouts


def test_an_attempt_that_takes_too_long_is_ended_and_tried_again(client: RestClient) -> None:
    ended = client.ended(client.run("slow"))

    (step,) = ended["steps"]
    assert ended["result"] == 2
    assert _errors(step) == ["StepTimeout", None]


def test_a_step_whose_last_attempt_takes_too_long_has_timed_out(client: RestClient) -> None:
    ended = client.ended(client.run("slow", attempts=2))

    assert ended["status"] == "failed"
    assert ended["error"]["type"] == "StepTimeout"
    assert _statuses(ended) == {"slow_once": "timedOut"}


def test_a_step_has_a_time_for_all_its_attempts(client: RestClient) -> None:
    ended = client.ended(client.run("given-up"))

    (step,) = ended["steps"]
    assert step["status"] == "timedOut"
    assert 2 <= len(step["attempts"]) <= 8
    assert "0:00:03 with all its attempts" in ended["error"]["message"]
    assert ended["duration"] == pytest.approx(3, abs=1.5)


def test_an_execution_that_takes_too_long_has_timed_out(client: RestClient, log: Path) -> None:
    config = {"params": {"log": str(log)}, "timeout": "500ms"}
    schedule = client.schedule("endless", {"manual": True}, executionConfig=config)
    ended = client.ended(client.trigger(schedule))

    assert ended["status"] == "timedOut"
    assert ended["error"]["type"] == "ExecutionTimeout"
    assert _statuses(ended)["waits"] == "cancelled"
    assert log.read_text().splitlines()[0] == "ended"
    assert log.read_text().splitlines()[1].startswith("handler: ")
    assert client.get(f"/api/schedules/{schedule}/status").body["errorCount"] == 1


# Conditions


def test_a_step_runs_when_its_condition_holds(client: RestClient) -> None:
    large = client.ended(client.run("invoice", sizes=[100, 50]))
    small = client.ended(client.run("invoice", sizes=[5]))

    assert large["result"] == {"thanks": "you save 15", "total": 135}
    assert small["result"] == {"thanks": None, "total": 5}
    assert _statuses(small)["discount"] == _statuses(small)["thanks"] == "skipped"
    assert small["status"] == "succeeded"


def test_tidying_up_and_telling_come_after_a_failure_that_stays_one(
    client: RestClient, log: Path
) -> None:
    ended = client.ended(client.run("nightly", log=str(log), broken=True))

    assert ended["status"] == "failed"
    assert ended["error"]["message"] == "other"
    assert _statuses(ended) == {
        "download": "succeeded",
        "load": "failed",
        "remove": "succeeded",
        "roll_back": "succeeded",
        "alert": "succeeded",
    }
    ran = _marks(log)
    assert ran[:2] == ["download", "load"]
    assert ran[-1] == "alert"
    assert ended["steps"][-1]["result"] == {"load": "other"}


def test_tidying_up_comes_after_success_too_and_nobody_is_told(
    client: RestClient, log: Path
) -> None:
    ended = client.ended(client.run("nightly", log=str(log)))

    assert ended["status"] == "succeeded"
    assert _marks(log) == ["download", "load", "remove"]


# Fan-out


def test_a_thousand_items_run_at_most_eight_at_once_with_results_in_order(
    client: RestClient, log: Path
) -> None:
    ended = client.ended(client.run("fan", count=1_000, log=str(log)), within=40)

    at_once = most = 0
    for sign in log.read_text().split():
        at_once += 1 if sign == "+" else -1
        most = max(most, at_once)
    assert ended["result"] == [number * number for number in range(1_000)]
    assert at_once == 0
    assert most == 8
    assert Counter(log.read_text().split()) == {"+": 1_000, "-": 1_000}
    items = next(step for step in ended["steps"] if step["name"] == "square")["items"]
    assert [item["name"] for item in items] == [f"square[{number}]" for number in range(1_000)]


def test_a_retry_does_only_the_items_that_failed(client: RestClient, log: Path) -> None:
    params = {"numbers": list(range(9)), "log": str(log)}
    key = client.run("patchy", **params)
    failed = client.ended(key)
    first = Counter(_marks(log))
    Path(f"{log}.mended").touch()
    again = client.post(f"/api/executions/{key}/retry")
    ended = client.ended(again.body["executionId"])

    assert failed["status"] == "failed"
    assert "3 of 9 items failed; the first, third[0]: other" in failed["error"]["message"]
    assert ended["result"] == list(range(9))
    assert ended["retryOf"] == key
    twice = {name for name, count in Counter(_marks(log)).items() if count == 2}
    assert set(first.values()) == {1}
    assert twice == {"third[0]", "third[3]", "third[6]"}


def test_two_hundred_steps_run_one_after_the_other(client: RestClient, log: Path) -> None:
    ended = client.ended(client.run("chain", log=str(log)), within=40)

    assert ended["result"] == "s199"
    assert _marks(log) == [f"s{number}" for number in range(200)]
    assert set(_statuses(ended).values()) == {"succeeded"}


# Sub-workflows


def test_a_workflow_as_a_step_is_an_execution_of_its_own(client: RestClient) -> None:
    key = client.run("weekly", tables=["a", "b", "c"])
    ended = client.ended(key)

    recent = client.get("/api/executions?workflowId=table&limit=500").body["items"]
    children = [each for each in recent if each["parent"]["executionId"] == key]
    assert ended["result"] == "A+B+C"
    assert [each["params"]["name"] for each in reversed(children)] == ["a", "b", "c"]
    begun = sorted(children, key=lambda each: str(each["startedAt"]))
    for before, after in pairwise(begun):
        assert before["endedAt"] <= after["startedAt"]


def test_a_workflow_that_fails_as_a_step_fails_that(client: RestClient) -> None:
    ended = client.ended(client.run("weekly", tables=["a", "bad"]))

    assert ended["status"] == "failed"
    assert ended["error"]["type"] == "ValueError"
    assert _statuses(ended)["summary"] == "skipped"


# What a step tells


def test_progress_comes_over_the_websocket_while_the_step_runs(
    client: RestClient, gate: Path
) -> None:
    async def listen() -> list[dict[str, Any]]:
        async with live_client(client.url) as live:
            await live.subscribe(topic="workflow:step:progress")
            key = await asyncio.to_thread(client.run, "busy", gate=str(gate))
            frames = await live.until(lambda seen: len(seen) == 1)
            assert (await asyncio.to_thread(client.step, key, "work"))["progress"]["done"] == 1
            await asyncio.to_thread(gate.touch)
            return frames + await live.until(lambda seen: len(seen) == 1)

    told = [frame["data"] for frame in asyncio.run(listen())]

    assert told == [
        {"step": "work", "attempt": 1, "done": 1, "total": 3, "note": "begun"},
        {"step": "work", "attempt": 1, "done": 3, "total": 3, "note": "done"},
    ]


@pytest.mark.parametrize("step", ["returns", "beside"], ids=["in a process", "on a thread"])
def test_a_result_over_1_mb_says_where_to_put_it(client: RestClient, step: str) -> None:
    key = client.run("wide", size=1_000_000)
    client.ended(key)
    (error,) = [attempt["error"] for attempt in client.step(key, step)["attempts"]]
    fits = client.ended(client.run("wide", size=999_000))

    assert error["type"] == "NotPlainData"
    assert "over the limit of 1,000,000; keep it in a file or an object store" in error["message"]
    assert fits["status"] == "succeeded"
    assert eventually(lambda: len(fits["result"][step]) == 999_000)
