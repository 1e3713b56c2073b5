"""`quarterjack workflows`: the list, and one with its steps and schedules."""

import json

from command_line import CommandLine
from rest_client import RestClient

MANUAL = {"manual": True}


def test_the_list_has_each_workflow_with_its_steps_and_parameters(cli: CommandLine) -> None:
    done = cli("workflows")

    assert done.exit_code == 0
    heading, *rows = done.stdout.splitlines()
    assert heading.split() == ["WORKFLOW", "STEPS", "PARAMETERS", "DESCRIPTION"]
    assert [row.split()[0] for row in rows] == ["asks", "echo", "fails", "gated", "talks"]
    assert rows[1].split() == ["echo", "2", "text?", "Gives", "back", "what", "it", "gets."]


def test_one_has_its_steps_and_what_each_comes_after(cli: CommandLine) -> None:
    shown = cli("workflows", "asks").stdout

    assert "parameters  order\n" in shown
    assert [line.split() for line in shown.splitlines()[-6:-2]] == [
        ["STEP", "AFTER", "DOES"],
        ["prepare"],
        ["approved", "prepare", "waits", "for", "approved", "with", "prepare"],
        ["ship", "approved"],
    ]
    assert shown.endswith("no schedules\n")


def test_one_has_its_limits_and_its_schedules(cli: CommandLine, client: RestClient) -> None:
    key = client.schedule("gated", MANUAL, name="Every gate")

    shown = cli("workflows", "GATED").stdout

    assert "limits    50 at once, 1000/s\n" in shown
    assert f"Every gate  {key}\n" in shown


def test_programs_get_what_the_interface_answers(cli: CommandLine, client: RestClient) -> None:
    assert json.loads(cli("workflows", "--json").stdout) == client.get("/api/workflows").body
    one = client.get("/api/workflows/echo").body
    assert json.loads(cli("workflows", "echo", "--json").stdout) == one


def test_a_part_of_the_list_says_how_it_goes_on(cli: CommandLine, client: RestClient) -> None:
    few = cli("workflows", "--limit", 2)
    document = json.loads(cli("workflows", "--limit", 2, "--json").stdout)

    assert len(few.stdout.splitlines()) == 3
    assert few.stderr == "the first 2 only; --all lists all\n"
    assert document == client.get("/api/workflows?limit=2").body
    assert cli("workflows", "--limit", 2, "--all").exit_code == 2


def test_a_workflow_that_is_not_there_is_told_with_what_looks_like_it(cli: CommandLine) -> None:
    done = cli("workflows", "ecko")

    assert done.exit_code == 3
    assert done.stderr == "quarterjack: there is no workflow 'ecko'; did you mean echo?\n"
