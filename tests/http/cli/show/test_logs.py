"""`quarterjack logs`: what steps wrote, of one or all, also while it is written."""

import json
import threading

from command_line import CommandLine
from gate import Gate
from rest_client import RestClient
from waiting import eventually

WORDS = ["one", "two"]


def texts(shown: str) -> list[str]:
    """The lines without their times."""
    return sorted(line[len("2026-01-01 00:00:00 ") :] for line in shown.splitlines())


def talked(client: RestClient, gate: Gate) -> str:
    gate.open()
    key = client.run("talks", words=WORDS)
    client.ended(key)
    return key


def test_the_lines_of_all_steps_say_whose_they_are(
    cli: CommandLine, client: RestClient, gate: Gate
) -> None:
    talked(client, gate)

    done = cli("logs", "last")

    assert done.exit_code == 0
    assert texts(done.stdout) == ["talk[0] one", "talk[1] two"]


def test_one_step_is_all_of_it_and_an_item_is_only_that(
    cli: CommandLine, client: RestClient, gate: Gate
) -> None:
    key = talked(client, gate)

    assert texts(cli("logs", key, "talk").stdout) == ["talk[0] one", "talk[1] two"]
    assert texts(cli("logs", key, "talk[1]").stdout) == ["two"]
    assert len(cli("logs", key, "--tail", 1).stdout.splitlines()) == 1
    assert cli("logs", key, "--tail", 0).stdout == ""


def test_lines_are_followed_until_the_execution_has_ended(
    cli: CommandLine, client: RestClient, gate: Gate
) -> None:
    key = client.run("talks", words=WORDS)
    eventually(lambda: client.lines(key, "talk[0]"))
    timer = threading.Timer(0.3, gate.open)
    timer.start()

    done = cli("logs", key, "--follow")
    timer.join()

    assert done.exit_code == 0
    assert texts(done.stdout) == ["talk[0] one", "talk[1] two"]


def test_programs_get_what_the_interface_answers(
    cli: CommandLine, client: RestClient, gate: Gate
) -> None:
    key = talked(client, gate)
    one = client.get(f"/api/executions/{key}/steps/talk%5B1%5D/logs").body

    assert json.loads(cli("logs", key, "talk[1]", "--json").stdout) == one
    steps = json.loads(cli("logs", key, "--json").stdout)["steps"]
    assert {"step": "talk[1]", **one} in steps


def test_where_nothing_was_written_it_is_said(cli: CommandLine, client: RestClient) -> None:
    client.ended(client.run("echo"))

    done = cli("logs", "last")

    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "nothing was written by its steps\n"


def test_a_step_that_is_not_there_is_told_with_what_is(
    cli: CommandLine, client: RestClient
) -> None:
    key = client.run("echo")
    client.ended(key)

    assert cli("logs", key, "shuot").stderr.endswith("did you mean shout?\n")
    wrong = cli("logs", key, "load")
    assert wrong.exit_code == 3
    assert wrong.stderr.endswith("there are: say, shout\n")
