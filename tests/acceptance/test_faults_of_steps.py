"""Whatever a step raises, returns or does, in whichever runner: it fails alone, and says why."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from processes import lives
from rest_client import RestClient
from server_process import Start
from waiting import eventually

RUNNERS = ("process", "thread", "async", "inline")
ERRORS = {
    "plain": ("LookupError", "nothing there"),
    "huge": ("ValueError", "characters left out"),
    "unpicklable": ("Unpicklable", "has a function"),
    "silent": ("Silent", "RuntimeError"),
    "system exit": ("SystemExit", "3"),
    "interrupt": ("KeyboardInterrupt", ""),
    "generator exit": ("GeneratorExit", ""),
    "base": ("BaseException", "bare"),
}
RESULTS = {
    "object": "object is not plain data",
    "not a number": ".deep[0]: nan is no number",
    "set": "a set is not plain data",
    "huge number": "[0]:",
    "lone surrogate": "",
    "cyclic": "",
    "deep": "",
}


@pytest.fixture(scope="module")
def client(start_shared: Start) -> RestClient:
    return start_shared("--app", "rude", "--processes", "6").client()


def _errors(client: RestClient, cases: list[tuple[str, str]], kind: str) -> dict[Any, Any]:
    """How each case has failed; all of them run beside each other."""
    keys = {case: client.run(f"bad-{case[0]}", **{kind: case[1]}) for case in cases}
    ended = {case: client.ended(key) for case, key in keys.items()}
    assert {each["status"] for each in ended.values()} == {"failed"}
    return {case: each["error"] for case, each in ended.items()}


def _is_unharmed(client: RestClient) -> bool:
    """Whether no actor was restarted, and steps run as before."""
    actors = client.get("/api/actors?limit=500").body["items"]
    assert [each["path"] for each in actors if each["restarts"]] == []
    return bool(client.ended(client.run("good", number=7))["result"] == 7)


def test_whatever_a_step_raises_is_its_own_failure_in_every_runner(client: RestClient) -> None:
    cases = [(runner, error) for runner in RUNNERS for error in ERRORS]

    for (runner, error), found in _errors(client, cases, "error").items():
        kind, told = ERRORS[error]
        assert found["type"] == kind, (runner, error, found["type"])
        assert told in found["message"], (runner, error)
        assert len(found["message"]) < 16_384 + 100, (runner, error)
    assert _is_unharmed(client)


def test_whatever_a_step_returns_that_is_no_plain_data_is_told_with_its_place(
    client: RestClient,
) -> None:
    cases = [(runner, result) for runner in RUNNERS for result in RESULTS]

    for (runner, result), found in _errors(client, cases, "result").items():
        assert found["type"] == "NotPlainData", (runner, result, found)
        assert RESULTS[result] in found["message"], (runner, result, found["message"][:200])
    assert _is_unharmed(client)


def test_a_step_that_always_takes_its_process_down_is_tried_so_often_and_no_more(
    client: RestClient, log: Path
) -> None:
    told = {"exit": "exit code 0", "abort": "SIGABRT", "segfault": "SIGSEGV", "kill": "SIGKILL"}
    keys = {how: client.run("dies", how=how, log=str(log)) for how in told}
    ended = {how: client.ended(key, within=40) for how, key in keys.items()}

    begun = Counter(line.split()[0] for line in log.read_text().splitlines())
    assert begun == dict.fromkeys(keys.values(), 3)
    for how, found in ended.items():
        assert (found["status"], found["error"]["type"]) == ("failed", "WorkerDied")
        assert told[how] in found["error"]["message"]
    assert _is_unharmed(client)


def test_a_step_that_hangs_in_any_way_is_killed_when_its_time_is_over(
    client: RestClient, log: Path
) -> None:
    ways = ("spins", "sleeps", "deaf", "holds the interpreter", "blocks a loop")
    keys = {how: client.run("hangs", how=how, log=str(log)) for how in ways}
    ended = {how: client.ended(key, within=30) for how, key in keys.items()}

    pids = [int(line.rpartition(":")[2]) for line in log.read_text().splitlines()]
    assert len(pids) == len(ways)
    eventually(lambda: not any(map(lives, pids)))
    assert {each["error"]["type"] for each in ended.values()} == {"StepTimeout"}
    assert _is_unharmed(client)


@pytest.mark.parametrize("workflow", ["stays", "blocks"])
def test_what_nobody_can_kill_has_timed_out_and_keeps_nobody_from_running(
    client: RestClient, workflow: str
) -> None:
    ended = client.ended(client.run(workflow, seconds=3))

    assert ended["error"]["type"] == "StepTimeout"
    assert _is_unharmed(client)
