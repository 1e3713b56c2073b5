"""`quarterjack cancel` and `retry`: what runs is ended, and what failed is tried again."""

import json
from pathlib import Path

from command_line import CommandLine
from gate import Gate
from rest_client import RestClient
from terminal import Terminal
from waiting import eventually


def status(rest: RestClient, key: str) -> str:
    return str(rest.get(f"/api/executions/{key}").body["status"])


def begun(cli: CommandLine, workflow: str = "counts") -> str:
    """The id of an execution that has begun."""
    return cli("run", workflow).stdout.strip()


def test_executions_are_cancelled_by_id_by_its_beginning_and_as_the_last(
    cli: CommandLine, rest: RestClient
) -> None:
    first, second, third = begun(cli), begun(cli), begun(cli)

    done = cli("cancel", first, second[:14], "last")

    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [first, second, third]
    for key in (first, second, third):
        assert eventually(lambda key=key: status(rest, key) == "cancelled")  # type: ignore[misc]


def test_one_that_has_ended_stops_no_other_and_gives_the_exit_code(
    cli: CommandLine, rest: RestClient
) -> None:
    cli("run", "echo", "--wait")
    ended = rest.get("/api/executions").body["items"][0]["id"]
    runs = begun(cli)

    done = cli("cancel", ended, "exe_nothing", runs, "--json")

    assert done.exit_code == 1
    refused, nothing, cancelled = json.loads(done.stdout)
    assert (refused["name"], refused["exitCode"]) == (ended, 1)
    assert (nothing["name"], nothing["exitCode"]) == ("exe_nothing", 3)
    assert cancelled == {"name": runs, "executionId": runs, "cancelled": True}
    assert eventually(lambda: status(rest, runs) == "cancelled")


def test_what_is_to_be_ended_is_told_and_asked_on_a_terminal(
    cli: CommandLine, rest: RestClient, tmp_path: Path
) -> None:
    key = begun(cli)
    terminal = Terminal(rest.url, tmp_path)

    kept = terminal.answer("n\n", "cancel", "last")

    assert kept.code == 1
    assert f"{key} (counts, running)" in kept.stderr
    assert status(rest, key) == "running"
    assert terminal.answer("y\n", "cancel", "last").code == 0
    assert eventually(lambda: status(rest, key) == "cancelled")


def test_a_retry_is_a_new_execution_that_can_be_waited_for(
    cli: CommandLine, rest: RestClient, gate: Gate
) -> None:
    first = begun(cli)
    cli("cancel", first)
    assert cli("wait", first).exit_code == 10
    gate.open()

    done = cli("retry", first, "--wait", "--json")

    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert (found["retryOf"], found["status"]) == (first, "succeeded")
    assert status(rest, first) == "cancelled"


def test_what_succeeded_is_not_tried_again(cli: CommandLine) -> None:
    cli("run", "echo", "--wait")

    done = cli("retry", "last")

    assert done.exit_code == 1
    assert "can't become retried" in done.stderr
