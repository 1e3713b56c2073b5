"""`quarterjack executions`: the list with its filters, and one with its steps and errors."""

import json
import threading

import pytest
from command_line import CommandLine
from gate import Gate
from rest_client import RestClient
from waiting import eventually

MANUAL = {"manual": True}


def ids(shown: str) -> list[str]:
    """Of a printed list."""
    return [word for line in shown.splitlines() for word in line.split() if word.startswith("exe_")]


def ran(client: RestClient, workflow: str, **params: object) -> str:
    key = client.run(workflow, **params)
    client.ended(key)
    return key


def test_the_list_has_the_newest_first_with_how_each_ended(
    cli: CommandLine, client: RestClient
) -> None:
    schedule = client.schedule("echo", MANUAL, name="Every echo")
    first = client.trigger(schedule)
    client.ended(first)
    second = ran(client, "fails")

    heading, failed, succeeded = cli("executions").stdout.splitlines()

    assert heading.split() == [
        *("STATUS", "QUEUED", "TOOK", "SCHEDULE", "WORKFLOW", "TRIGGER", "ID", "ERROR"),
    ]
    assert failed.startswith("✗ failed")
    assert failed.endswith(f"fails     api      {second}  LookupError: nothing there")
    assert "Every echo" in succeeded
    assert succeeded.endswith(first)


def test_the_list_is_of_what_is_asked_for(cli: CommandLine, client: RestClient) -> None:
    schedule = client.schedule("echo", MANUAL, name="Every echo")
    mine, failed = client.trigger(schedule), ran(client, "fails")
    client.ended(mine)

    def listed(*options: object) -> list[str]:
        return ids(cli("executions", *options).stdout)

    assert listed("--status", "FAILED") == listed("--workflow", "fai") == [failed]
    assert listed("--schedule", "every") == listed("--status=succeeded") == [mine]
    assert listed("--since", "1h") == [failed, mine]
    assert listed("--until", "1h") == []
    assert listed("--limit", 1) == [failed]
    assert cli("executions", "--until", "1h").stderr == "no executions\n"


def test_programs_get_the_whole_list_as_the_interface_answers_it(
    cli: CommandLine, client: RestClient
) -> None:
    for _ in range(3):
        ran(client, "echo")

    whole = json.loads(cli("executions", "--json").stdout)
    part = json.loads(cli("executions", "--json", "--limit", 2).stdout)

    assert whole == client.get("/api/executions?limit=500").body
    assert part == client.get("/api/executions?limit=2").body
    assert part["nextCursor"]
    assert json.loads(cli("executions", "--json", "--status=failed").stdout) == {
        "items": [],
        "nextCursor": None,
    }


def test_one_has_its_steps_and_its_result(cli: CommandLine, client: RestClient) -> None:
    key = ran(client, "echo", text="good day")

    shown = cli("executions", key[:12]).stdout

    assert f"execution   {key}\nstatus      ✓ succeeded\nworkflow    echo\n" in shown
    assert 'parameters  {"text":"good day"}\n' in shown
    assert 'result      "GOOD DAY"\n' in shown
    assert [line.split()[:3] for line in shown.splitlines()[-3:]] == [
        ["STEP", "STATE", "TOOK"],
        ["say", "✓", "succeeded"],
        ["shout", "✓", "succeeded"],
    ]


def test_one_that_failed_has_its_traceback(cli: CommandLine, client: RestClient) -> None:
    key = ran(client, "fails")

    shown = cli("executions", "last").stdout

    assert f"execution  {key}\nstatus     ✗ failed\n" in shown
    assert "LookupError: nothing there\n" in shown
    assert "fail, attempt 1:\nTraceback (most recent call last):\n" in shown
    assert 'raise LookupError("nothing there")\nLookupError: nothing there\n' in shown


def test_one_that_waits_says_for_what(cli: CommandLine, client: RestClient) -> None:
    key = client.run("asks", order="o-17")
    eventually(lambda: client.execution(key)["status"] == "waiting")

    shown = cli("executions", key).stdout

    assert "status      ◷ waiting\n" in shown
    assert "approved  ◷ waiting" in shown
    assert "for approved (o-17)" in shown


def test_a_mapped_step_says_how_many_items_are_how_far(
    cli: CommandLine, client: RestClient, gate: Gate
) -> None:
    key = client.run("talks", words=["one", "two", "three"])
    eventually(lambda: client.step(key, "talk")["items"])

    running = cli("executions", key).stdout
    gate.open()
    client.ended(key)

    assert "0%" in running
    assert "talk[0]" in running
    assert "3 items" in cli("executions", key).stdout


def test_one_is_followed_until_it_has_ended(
    cli: CommandLine, client: RestClient, gate: Gate
) -> None:
    key = client.run("gated")
    eventually(lambda: client.step(key, "hold")["status"] == "running")
    timer = threading.Timer(0.3, gate.open)
    timer.start()

    done = cli("executions", key, "--follow")
    timer.join()

    assert done.exit_code == 0
    lines = [line.partition("  ")[2].partition(" in ")[0] for line in done.stdout.splitlines()]
    assert lines[:3] == [f"{key} running", "hold: running", "hold: succeeded"]
    assert done.stdout.splitlines()[-1].startswith(f"{key} succeeded in ")


def test_one_that_is_followed_by_a_program_is_one_document_at_its_end(
    cli: CommandLine, client: RestClient, gate: Gate
) -> None:
    key = client.run("gated")
    timer = threading.Timer(0.2, gate.open)
    timer.start()

    done = cli("executions", key, "--follow", "--json")
    timer.join()

    assert json.loads(done.stdout) == client.execution(key)
    assert json.loads(done.stdout)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("exe_x",), 3, "give last, its id, or at least the first 8 characters"),
        (("last",), 3, "there is no execution yet"),
        (("exe_00000000",), 3, "none of the newest 1,000 begins so"),
        (("--follow",), 2, "--follow is for one execution"),
        (("--status", "done"), 2, "'queued', 'running'"),
        (("--since", "soon"), 2, "write 2h for two hours ago"),
        (("--schedule", "nightly"), 3, "there is no schedule 'nightly'"),
    ],
)
def test_what_can_not_be_shown_is_told(
    cli: CommandLine, arguments: tuple[str, ...], code: int, told: str
) -> None:
    done = cli("executions", *arguments)

    assert done.exit_code == code
    assert told in done.stderr
