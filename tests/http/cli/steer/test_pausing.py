"""`quarterjack pause`, `resume` and `delete`: each of several is done, and harm is asked about."""

import json
from pathlib import Path

import pytest
from command_line import CommandLine
from rest_client import RestClient
from terminal import Terminal


@pytest.fixture(autouse=True)
def schedules(rest: RestClient) -> dict[str, str]:
    """The ids of two schedules by their names."""
    found = {}
    for name in ("Nightly report", "Weekly report"):
        body = {"workflowId": "echo", "name": name, "scheduleConfig": {"cron": "0 3 * * *"}}
        found[name] = rest.post("/api/schedules/workflows", body).body["id"]
    return found


def statuses(rest: RestClient, schedules: dict[str, str]) -> list[str]:
    asked = [rest.get(f"/api/schedules/{key}/status") for key in schedules.values()]
    return [each.body["scheduleStatus"] if each.status == 200 else "gone" for each in asked]


def test_several_are_paused_with_a_note_and_resumed(
    cli: CommandLine, rest: RestClient, schedules: dict[str, str]
) -> None:
    paused = cli("pause", "nightly", "Weekly report", "--note", "moving")

    assert paused.exit_code == 0
    nightly, weekly = schedules.values()
    assert paused.stdout.splitlines() == [
        f"Nightly report ({nightly}) is paused",
        f"Weekly report ({weekly}) is paused",
    ]
    assert statuses(rest, schedules) == ["paused", "paused"]
    assert rest.get(f"/api/schedules/{nightly}/status").body["note"] == "moving"
    resumed = cli("resume", "nightly", weekly)
    assert resumed.exit_code == 0
    assert f"Nightly report ({nightly}) is active, next at " in resumed.stdout
    assert statuses(rest, schedules) == ["active", "active"]


def test_one_that_is_not_there_stops_no_other_and_gives_the_exit_code(
    cli: CommandLine, rest: RestClient, schedules: dict[str, str]
) -> None:
    done = cli("pause", "nothing", "report", "weekly", "weekly")

    assert done.exit_code == 3
    assert "there is no schedule 'nothing'" in done.stderr
    assert "there is no schedule 'report'" in done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert statuses(rest, schedules) == ["active", "paused"]


def test_programs_get_what_became_of_each(cli: CommandLine, schedules: dict[str, str]) -> None:
    done = cli("pause", "nightly", "nothing", "--note", "why", "--json")

    assert done.exit_code == 3
    nightly, nothing = json.loads(done.stdout)
    assert nightly == {
        "name": "nightly",
        "scheduleId": schedules["Nightly report"],
        "scheduleStatus": "paused",
        "note": "why",
        "nextExecution": None,
    }
    assert (nothing["name"], nothing["exitCode"]) == ("nothing", 3)
    assert "there is no schedule" in nothing["error"]


def test_what_is_to_be_deleted_is_told_and_asked_on_a_terminal(
    rest: RestClient, schedules: dict[str, str], tmp_path: Path
) -> None:
    terminal = Terminal(rest.url, tmp_path)

    kept = terminal.answer("n\n", "delete", "nightly", "weekly")

    assert kept.code == 1
    assert "what runs of them is let finish" in kept.stderr
    assert f"Weekly report ({schedules['Weekly report']})" in kept.stderr
    assert "nothing was changed" in kept.stderr
    assert statuses(rest, schedules) == ["active", "active"]
    assert terminal.answer("y\n", "delete", "nightly").code == 0
    assert terminal.answer("", "delete", "weekly", "--yes").code == 0
    assert statuses(rest, schedules) == ["gone", "gone"]


def test_scripts_are_not_asked(
    cli: CommandLine, rest: RestClient, schedules: dict[str, str]
) -> None:
    done = cli("delete", "nothing", "nightly", "--json")

    assert done.exit_code == 3
    assert [each.get("deleted") for each in json.loads(done.stdout)] == [None, True]
    assert statuses(rest, schedules) == ["gone", "active"]
