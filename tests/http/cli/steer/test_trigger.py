"""`quarterjack trigger` and `run`: an execution begins with what was given, and its id is told."""

import json
from pathlib import Path

import pytest
from command_line import CommandLine
from rest_client import RestClient


def nightly(rest: RestClient, workflow: str = "echo", **more: object) -> str:
    """Make a schedule of that name."""
    body = {
        "workflowId": workflow,
        "name": "Nightly report",
        "scheduleConfig": {"manual": True},
        **more,
    }
    made = rest.post("/api/schedules/workflows", body)
    assert made.status == 201, made.raw
    return str(made.body["id"])


def test_a_schedule_is_triggered_by_its_name(cli: CommandLine, rest: RestClient) -> None:
    key = nightly(rest)

    done = cli("trigger", "nightly")

    assert done.exit_code == 0
    assert done.stderr == "Nightly report begins:\n"
    found = rest.get(f"/api/executions/{done.stdout.strip()}").body
    assert (found["scheduleId"], found["trigger"]) == (key, "manual")


def test_parameters_come_whole_and_single_and_from_files(
    cli: CommandLine, rest: RestClient, tmp_path: Path
) -> None:
    nightly(rest, executionConfig={"params": {"text": "night"}})
    file = tmp_path / "params.json"
    file.write_text('{"text": "file", "rows": 3}', encoding="utf-8")
    end = ["--wait", "--json"]

    whole = cli("trigger", "Nightly report", "--params", f"@{file}", *end)
    single = cli("trigger", "nightly", "--params", f"@{file}", "--param", "rows=[4]", *end)
    stored = cli("trigger", "nightly", "--param", 'rows="4"', *end)

    params = [json.loads(each.stdout)["params"] for each in (whole, single, stored)]
    assert params == [
        {"text": "file", "rows": 3},
        {"text": "file", "rows": [4]},
        {"text": "night", "rows": "4"},
    ]


def test_context_and_priority_go_with_it(cli: CommandLine, rest: RestClient) -> None:
    nightly(rest)

    done = cli("trigger", "nightly", "--context", '{"who": "Ada"}', "--priority", 0, "--json")

    found = rest.get(f"/api/executions/{json.loads(done.stdout)['executionId']}").body
    assert (found["context"], found["priority"]) == ({"who": "Ada"}, 0)


def test_a_workflow_runs_without_a_schedule(cli: CommandLine, rest: RestClient) -> None:
    done = cli("run", "echo", "--params", "@-", stdin=b'{"text": "piped"}')

    assert (done.exit_code, done.stderr) == (0, "echo begins:\n")
    found = rest.get(f"/api/executions/{done.stdout.strip()}").body
    assert (found["scheduleId"], found["params"]) == (None, {"text": "piped"})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--params", "{"], "That is not JSON"),
        (["--params", "[1]"], "that is no JSON object"),
        (["--params", "@/no/such"], "/no/such: No such file"),
        (["--params", '{"a": 1, "a": 2}'], "given more than once"),
        (["--param", "rows"], "'rows' is not NAME=VALUE"),
        (["--context", "null"], "that is no JSON object"),
        (["--priority", "10"], "is not in the range"),
        (["--timeout", "5s"], "give both"),
    ],
)
def test_what_is_wrong_on_the_command_line_begins_nothing(
    cli: CommandLine, rest: RestClient, given: list[str], told: str
) -> None:
    done = cli("run", "echo", *given)

    assert done.exit_code == 2
    assert told in done.stderr
    assert rest.get("/api/executions").body["items"] == []


def test_the_overlap_policy_is_gone_by_when_that_is_wanted(
    cli: CommandLine, rest: RestClient
) -> None:
    nightly(rest, "counts")
    cli("trigger", "nightly")

    refused = cli("trigger", "nightly", "--respect-overlap")
    passed_by = cli("trigger", "nightly")

    assert (refused.exit_code, passed_by.exit_code) == (1, 0)
    assert refused.stdout == ""


def test_a_name_that_is_not_there_is_told_with_what_looks_like_it(
    cli: CommandLine, rest: RestClient
) -> None:
    nightly(rest)

    done = cli("trigger", "nighlty")

    assert done.exit_code == 3
    assert "did you mean 'Nightly report'" in done.stderr


def test_without_a_server_the_exit_code_says_so(nobody: str) -> None:
    assert CommandLine(nobody)("run", "echo").exit_code == 4
