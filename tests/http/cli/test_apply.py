"""`quarterjack apply`: files are made so, the difference shown first; exit codes for scripts."""

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine
from rest_client import RestClient

NIGHTLY = """
[schedules.nightly]
workflowId = "echo"
name = "Nightly"

[schedules.nightly.scheduleConfig]
cron = "0 3 * * *"
timezone = "Europe/Paris"

[schedules.nightly.executionConfig.params]
text = "night"
"""
WEEKLY = {"workflowId": "echo", "name": "Weekly", "scheduleConfig": {"cron": "@weekly"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With two schedules."""
    found = tmp_path / "schedules"
    found.mkdir()
    (found / "nightly.toml").write_text(NIGHTLY, encoding="utf-8")
    (found / "weekly.json").write_text(json.dumps(WEEKLY), encoding="utf-8")
    return found


def stored(rest: RestClient) -> dict[str, Any]:
    return {each["id"]: each for each in rest.get("/api/schedules").body["items"]}


def test_schedules_of_files_are_made_and_then_there_is_nothing_to_do(
    cli: CommandLine, rest: RestClient, folder: Path
) -> None:
    done, again = cli("apply", folder), cli("apply", folder)

    assert (done.exit_code, again.exit_code) == (0, 0)
    assert done.stdout.splitlines() == [
        '+ nightly  Nightly: echo, cron "0 3 * * *"',
        '+ weekly  Weekly: echo, cron "@weekly"',
        "2 created, 0 changed, 0 deleted, 0 unchanged",
    ]
    assert again.stdout.splitlines() == ["0 created, 0 changed, 0 deleted, 2 unchanged"]
    nightly = stored(rest)["nightly"]
    assert nightly["executionConfig"]["params"] == {"text": "night"}
    assert nightly["metadata"]["appliedFrom"].endswith(f":{folder}")


def test_what_the_files_say_now_is_changed_to(
    cli: CommandLine, rest: RestClient, folder: Path
) -> None:
    cli("apply", folder)
    text = NIGHTLY.replace("0 3 * * *", "0 4 * * *").replace('text = "night"', "")
    (folder / "nightly.toml").write_text(text, encoding="utf-8")

    done = cli("apply", folder)

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "~ nightly  Nightly",
        '    executionConfig.params.text: "night" → none',
        '    scheduleConfig.cron: "0 3 * * *" → "0 4 * * *"',
        "0 created, 1 changed, 0 deleted, 1 unchanged",
    ]
    assert stored(rest)["nightly"]["version"] == 2


def test_a_dry_run_changes_nothing_and_says_by_its_exit_code_what_there_is_to_do(
    cli: CommandLine, rest: RestClient, folder: Path
) -> None:
    before = cli("apply", folder, "--dry-run")
    assert stored(rest) == {}
    cli("apply", folder)
    after = cli("apply", folder, "--dry-run")

    assert (before.exit_code, after.exit_code) == (3, 0)
    assert before.stdout.splitlines()[-1] == (
        "to create: 2, to change: 0, to delete: 0, unchanged: 0"
    )


def test_what_no_file_has_any_more_goes_only_with_prune(
    cli: CommandLine, rest: RestClient, folder: Path
) -> None:
    cli("apply", folder)
    rest.schedule("echo", {"manual": True})
    (folder / "weekly.json").unlink()

    kept = cli("apply", folder)
    pruned = cli("apply", folder, "--prune")

    assert "see --prune): weekly" in kept.stderr
    assert pruned.stdout.splitlines() == [
        "- weekly  Weekly",
        "0 created, 0 changed, 1 deleted, 1 unchanged",
    ]
    assert len(stored(rest)) == 2
    assert "weekly" not in stored(rest)


def test_origins_do_not_prune_each_other(cli: CommandLine, rest: RestClient, folder: Path) -> None:
    cli("apply", folder, "--origin=one")
    other = folder.parent / "other.json"
    other.write_text(json.dumps({**WEEKLY, "id": "monthly"}), encoding="utf-8")

    done = cli("apply", other, "--origin=two", "--prune")

    assert done.exit_code == 0
    assert sorted(stored(rest)) == ["monthly", "nightly", "weekly"]
    refused = cli("apply", folder / "weekly.json", "--origin=two")
    assert refused.exit_code == 1
    assert "was made from 'one'" in refused.stderr
    taken = cli("apply", folder / "weekly.json", "--origin=two", "--take-over")
    assert taken.exit_code == 0
    assert stored(rest)["weekly"]["metadata"] == {"appliedFrom": "two"}


def test_programs_get_the_plan_as_json(cli: CommandLine, folder: Path) -> None:
    done = cli("apply", folder, "--json")

    assert json.loads(done.stdout) == {
        "create": ["nightly", "weekly"],
        "change": [],
        "delete": [],
        "unchanged": [],
        "left": [],
        "done": True,
    }


def test_what_is_wrong_in_any_file_keeps_all_from_being_applied(
    cli: CommandLine, rest: RestClient, folder: Path
) -> None:
    (folder / "bad.toml").write_text("x =", encoding="utf-8")
    (folder / "worse.json").write_text("[{}]", encoding="utf-8")

    done = cli("apply", folder)

    assert done.exit_code == 1
    assert done.stderr.splitlines()[0] == "quarterjack: 2 wrong; nothing was changed:"
    assert f"{folder}/bad.toml: it is not TOML" in done.stderr
    assert f"{folder}/worse.json: schedules[1]: id: is required" in done.stderr
    assert stored(rest) == {}


def test_what_the_server_refuses_is_told_of_the_file_before_anything_is_changed(
    cli: CommandLine, rest: RestClient, folder: Path
) -> None:
    (folder / "bad.json").write_text(json.dumps({**WEEKLY, "workflowId": "no"}), encoding="utf-8")
    text = NIGHTLY.replace("0 3 * * *", "0 25 * * *")
    (folder / "nightly.toml").write_text(text, encoding="utf-8")

    done = cli("apply", folder)

    assert done.exit_code == 1
    assert f"{folder}/bad.json: workflowId: there is no workflow 'no'" in done.stderr
    assert f"{folder}/nightly.toml: schedules.nightly: scheduleConfig.cron: Bad hour" in done.stderr
    assert stored(rest) == {}


def test_a_folder_without_files_is_no_wish_for_nothing(cli: CommandLine, tmp_path: Path) -> None:
    done = cli("apply", tmp_path, "--prune")

    assert done.exit_code == 1
    assert "has no .json or .toml files" in done.stderr


def test_a_path_that_is_not_there_is_a_wrong_argument(cli: CommandLine, tmp_path: Path) -> None:
    assert cli("apply", tmp_path / "gone").exit_code == 2


def test_what_was_deleted_meanwhile_needs_no_deleting(
    cli: CommandLine, rest: RestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quarterjack.http.cli import planned_import

    cli("apply", folder)
    (folder / "weekly.json").unlink()
    look = planned_import.stored_schedules

    def look_and_delete(connection: Any) -> Any:
        found = look(connection)
        rest.delete("/api/schedules/weekly/workflow")
        return found

    monkeypatch.setattr(planned_import, "stored_schedules", look_and_delete)

    done = cli("apply", folder, "--prune")

    assert done.exit_code == 0
    assert "0 deleted" in done.stdout


def test_what_was_changed_meanwhile_is_not_deleted(
    cli: CommandLine, rest: RestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quarterjack.http.cli import planned_import

    cli("apply", folder)
    (folder / "weekly.json").unlink()
    look = planned_import.stored_schedules

    def look_and_change(connection: Any) -> Any:
        found = look(connection)
        rest.put("/api/schedules/weekly/workflow", {"name": "mine"})
        return found

    monkeypatch.setattr(planned_import, "stored_schedules", look_and_change)

    done = cli("apply", folder, "--prune")

    assert done.exit_code == 1
    assert "changed it first" in done.stderr
    assert stored(rest)["weekly"]["name"] == "mine"


def test_without_a_server_it_is_said_how_to_start_one(folder: Path, nobody: str) -> None:
    done = CommandLine(nobody)("apply", folder)

    assert done.exit_code == 4
    assert "start one with `quarterjack serve`" in done.stderr
