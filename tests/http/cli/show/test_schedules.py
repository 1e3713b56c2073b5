"""`quarterjack schedules`: the list with its filters, and one with its rule, times, runs and error."""

import json

import pytest
from command_line import CommandLine
from rest_client import RestClient

MANUAL = {"manual": True}
NIGHTLY = {"cron": "0 3 * * *", "timezone": "Europe/Paris"}


def names(shown: str) -> list[str]:
    """Of a printed list whose names are one word each."""
    return [line.split()[2] for line in shown.splitlines()[1:]]


@pytest.fixture
def three(client: RestClient) -> dict[str, str]:
    """Their ids by their names: one is fine, one fails, one is paused."""
    ids = {
        "Nightly": client.schedule("echo", NIGHTLY, name="Nightly", description="a report"),
        "Hourly": client.schedule("fails", {"interval": "1h"}, name="Hourly"),
        "Paused": client.schedule("gated", MANUAL, name="Paused"),
    }
    client.ended(client.trigger(ids["Nightly"]))
    for _ in range(2):
        client.ended(client.trigger(ids["Hourly"]))
    client.post(f"/api/schedules/{ids['Paused']}/pause", {"note": "until Monday"})
    return ids


def test_the_list_says_how_each_is(cli: CommandLine, three: dict[str, str]) -> None:
    done = cli("schedules")

    assert done.exit_code == 0
    heading, nightly, hourly, paused = done.stdout.splitlines()
    assert heading.split() == [
        *("STATUS", "NAME", "NEXT", "TROUBLE", "LAST", "TOOK", "RUNS", "RULE", "WORKFLOW", "ID"),
    ]
    assert nightly.startswith("● active  Nightly  20")
    assert "✓     At 03:00 every day" in nightly
    assert "failed 2×" in hourly
    assert "✗✗    Every" in hourly
    assert paused.startswith("‖ paused  Paused")
    assert "until Monday" in paused
    assert paused.endswith(three["Paused"])


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        (["--status", "paused"], ["Paused"]),
        (["--workflow", "echo"], ["Nightly"]),
        (["--search", "REPORT"], ["Nightly"]),
        (["--attention", "failing"], ["Hourly"]),
        (["--late"], []),
        (["--sort", "name"], ["Hourly", "Nightly", "Paused"]),
        (["--limit", "2"], ["Nightly", "Hourly"]),
        (["--limit", "2", "--sort", "next", "--status", "active"], ["Hourly", "Nightly"]),
    ],
)
def test_the_list_is_of_what_is_asked_for(
    cli: CommandLine, three: dict[str, str], options: list[str], listed: list[str]
) -> None:
    done = cli("schedules", *options)

    assert done.exit_code == 0
    assert names(done.stdout) == listed
    if not listed:
        assert done.stderr == "no schedules\n"


def test_programs_get_the_list_as_the_interface_answers_it(
    cli: CommandLine, client: RestClient, three: dict[str, str]
) -> None:
    answer = client.get("/api/schedules/summaries?sort=name").body
    del answer["total"]

    assert json.loads(cli("schedules", "--sort=name", "--json").stdout) == answer
    key = three["Nightly"]
    one = client.get(f"/api/schedules/{key}/status").body
    assert json.loads(cli("schedules", "nightly", "--json").stdout) == one


def test_one_has_its_rule_its_next_times_and_its_runs(
    cli: CommandLine, client: RestClient, three: dict[str, str]
) -> None:
    shown = cli("schedules", "Nightly").stdout
    facts = {line[:13].strip(): line[13:] for line in shown.splitlines() if line[:1].isalpha()}

    assert facts["id"] == three["Nightly"]
    assert facts["status"] == "● active"
    assert facts["rule"] == "At 03:00 every day (Europe/Paris)"
    assert facts["last runs"] == "✓"
    assert facts["figures"].startswith("1 executions, 0 failed, 100.0% of 30 days succeeded")
    run = client.executions(three["Nightly"])[0]["id"]
    assert f"{run}\n" in shown
    following = shown.splitlines()[shown.splitlines().index(f"rule         {facts['rule']}") + 1 :]
    assert sum(", in " in line for line in following[:5]) == 5


def test_one_that_fails_has_its_last_error_with_the_traceback(
    cli: CommandLine, three: dict[str, str]
) -> None:
    shown = cli("schedules", "hour").stdout

    assert "trouble    failed 2×\n" in shown
    assert "last error:\nTraceback (most recent call last):\n" in shown
    assert shown.endswith("LookupError: nothing there\n")


def test_one_that_is_paused_has_its_note(cli: CommandLine, three: dict[str, str]) -> None:
    assert "note      until Monday\n" in cli("schedules", three["Paused"]).stdout


def test_filters_that_exclude_each_other_are_a_wrong_line(cli: CommandLine) -> None:
    assert cli("schedules", "--late", "--attention", "failing").exit_code == 2
    assert cli("schedules", "--late", "--attention", "late").exit_code == 0


def test_a_schedule_that_is_not_there_is_told_with_what_looks_like_it(
    cli: CommandLine, three: dict[str, str]
) -> None:
    done = cli("schedules", "nighlty")

    assert done.exit_code == 3
    told = f"there is no schedule 'nighlty'; did you mean 'Nightly' ({three['Nightly']})?"
    assert done.stderr == f"quarterjack: {told}\n"
