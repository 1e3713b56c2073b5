"""`quarterjack import-crontab`: all jobs of a crontab or none, the same schedules at each import."""

import getpass
import json
from pathlib import Path
from typing import Any

import debian_crontabs as debian
import pytest
from command_line import CommandLine
from rest_client import RestClient
from site_server import Site

from quarterjack.http.cli import import_crontab

USERS = """\
MAILTO=ann@example.org
# Nightly backup
0 3 * * *  make backup%now
@hourly  date
@reboot  start
"""


@pytest.fixture
def crontab(tmp_path: Path) -> Path:
    """A user's crontab."""
    found = tmp_path / "tab"
    found.write_text(USERS, encoding="utf-8")
    return found


def stored(rest: RestClient) -> dict[str, Any]:
    return {each["name"]: each for each in rest.get("/api/schedules?limit=500").body["items"]}


def test_each_job_becomes_a_schedule(cli: CommandLine, rest: RestClient, crontab: Path) -> None:
    done = cli("import-crontab", crontab, "--timezone=Europe/Paris")

    assert done.exit_code == 0
    assert done.stdout == "2 created, 0 changed, 0 deleted, 0 unchanged\n"
    backup = stored(rest)["Nightly backup"]
    assert backup["scheduleConfig"]["cron"] == "0 3 * * *"
    assert backup["scheduleConfig"]["timezone"] == "Europe/Paris"
    assert backup["executionConfig"]["params"] == {
        "timeout": "1d",
        "shell": "make backup",
        "input": "now\n",
    }
    assert backup["metadata"]["crontab"]["mailTo"] == "ann@example.org"
    assert backup["metadata"]["appliedFrom"] == f"crontab:{crontab}"
    assert f"{crontab}:5: left out: Quarterjack starts nothing at boot" in done.stderr
    assert "no mail is sent" in done.stderr
    assert "cron goes on" in done.stderr


def test_importing_again_changes_what_has_changed(
    cli: CommandLine, rest: RestClient, crontab: Path
) -> None:
    cli("import-crontab", crontab)
    keys = {each["id"] for each in stored(rest).values()}
    crontab.write_text(USERS.replace("0 3", "0 4").replace("Nightly", "Early"), encoding="utf-8")

    again = cli("import-crontab", crontab)

    assert again.stdout == "0 created, 1 changed, 0 deleted, 1 unchanged\n"
    assert {each["id"] for each in stored(rest).values()} == keys
    assert stored(rest)["Early backup"]["scheduleConfig"]["cron"] == "0 4 * * *"


def test_a_job_that_is_gone_is_told_and_deleted_with_prune(
    cli: CommandLine, rest: RestClient, crontab: Path
) -> None:
    cli("import-crontab", crontab)
    gone = stored(rest)["date"]["id"]
    crontab.write_text(USERS.replace("@hourly  date\n", ""), encoding="utf-8")

    kept = cli("import-crontab", crontab)
    shown = cli("import-crontab", crontab, "--prune", "--dry-run")
    pruned = cli("import-crontab", crontab, "--prune")

    assert f"(see --prune): {gone}" in kept.stderr
    assert f"- {gone}  date" in shown.stdout
    assert pruned.stdout == "0 created, 0 changed, 1 deleted, 1 unchanged\n"
    assert list(stored(rest)) == ["Nightly backup"]


def test_a_dry_run_shows_what_would_come(cli: CommandLine, rest: RestClient, crontab: Path) -> None:
    done = cli("import-crontab", crontab, "--dry-run", "--timezone=UTC")

    assert done.exit_code == 0
    assert "At 03:00 every day (UTC)" in done.stdout
    assert " 03:00:00 +00:00" in done.stdout
    assert "to create: 2, to change: 0, to delete: 0, unchanged: 0" in done.stdout
    assert stored(rest) == {}


def test_a_dry_run_needs_no_server(crontab: Path, nobody: str) -> None:
    done = CommandLine(nobody)("import-crontab", crontab, "--dry-run")

    assert done.exit_code == 0
    assert "Nightly backup" in done.stdout
    assert "not compared with a server: there is no server" in done.stderr


def test_programs_get_all_of_it_as_json(cli: CommandLine, crontab: Path) -> None:
    cli("import-crontab", crontab)

    found = json.loads(cli("import-crontab", crontab, "--dry-run", "--json").stdout)

    first = found["schedules"][0]
    assert (first["file"], first["line"], first["action"]) == (str(crontab), 3, "unchanged")
    assert first["description"] == "At 03:00 every day"
    assert len(first["next"]) == 2
    assert first["schedule"]["workflowId"] == "quarterjack.command"
    assert found["leftOut"] == [{"file": str(crontab), "line": 5, "text": "@reboot  start"}]
    assert found["plan"]["create"] == []
    assert found["done"] is False


def test_one_bad_line_keeps_all_from_being_imported(
    cli: CommandLine, rest: RestClient, crontab: Path
) -> None:
    bad = crontab.with_name("bad")
    bad.write_bytes(b"0 3 * * * run\n5-1 * * * * run\n\xff\nCRON_TZ=Nowhere\n")

    done = cli("import-crontab", crontab, bad)
    for_programs = cli("import-crontab", bad, "--json", "--dry-run")

    assert (done.exit_code, for_programs.exit_code) == (1, 1)
    told = [line.partition(": ")[2] for line in done.stderr.splitlines()[1:]]
    assert [line.partition(";")[0] for line in told] == [
        "line 2: Bad minute: the range `5-1` is reversed",
        "line 3: it is not UTF-8 text",
        "line 4: 'Nowhere' is no IANA time zone",
    ]
    assert [each["where"] for each in json.loads(for_programs.stdout)["errors"]] == [
        f"{bad}: line {number}" for number in (2, 3, 4)
    ]
    assert stored(rest) == {}


def test_of_very_many_jobs_a_dry_run_shows_some(cli: CommandLine, crontab: Path) -> None:
    crontab.write_text("".join(f"@daily run {number}\n" for number in range(250)), encoding="utf-8")

    shown = cli("import-crontab", crontab, "--dry-run").stdout

    assert "run 199" in shown
    assert "run 200" not in shown
    assert "… and 50 more; --json has all of them" in shown


def test_windows_line_ends_are_told(cli: CommandLine, crontab: Path) -> None:
    crontab.write_bytes(USERS.replace("\n", "\r\n").encode())

    done = cli("import-crontab", crontab)

    assert done.stdout.startswith("2 created")
    assert f"{crontab}: has Windows line ends" in done.stderr


def test_a_list_of_many_bad_lines_is_cut(cli: CommandLine, crontab: Path) -> None:
    crontab.write_text("bad\n" * 500, encoding="utf-8")

    done = cli("import-crontab", crontab)

    assert done.exit_code == 1
    assert done.stderr.splitlines()[0] == "quarterjack: 500 wrong; nothing was changed:"
    assert done.stderr.splitlines()[-1] == "… and 450 more"


@pytest.mark.parametrize("name", debian.ALL)
def test_the_crontabs_of_debian_s_packages_are_imported(
    cli: CommandLine, rest: RestClient, tmp_path: Path, name: str
) -> None:
    text, count = debian.ALL[name]
    (tmp_path / name).write_text(text, encoding="utf-8")

    done = cli("import-crontab", tmp_path / name, "--system")

    assert done.exit_code == 0
    assert done.stdout.startswith(f"{count} created")
    assert "jobs of root: all run as the server's own user" in done.stderr
    assert {each["metadata"]["crontab"]["user"] for each in stored(rest).values()} == {"root"}


def test_a_system_crontab_is_known_by_its_place(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_crontab, "_SYSTEM_FILE", tmp_path / "crontab")
    monkeypatch.setattr(import_crontab, "_SYSTEM_FOLDER", tmp_path / "cron.d")
    (tmp_path / "cron.d").mkdir()
    (tmp_path / "crontab").write_text(debian.SYSTEM, encoding="utf-8")
    (tmp_path / "cron.d" / "plain").write_text(debian.PLAIN, encoding="utf-8")

    done = cli("import-crontab", tmp_path / "crontab", tmp_path / "cron.d" / "plain")

    assert done.stdout.startswith("6 created")


def test_a_system_crontab_elsewhere_is_not_taken_for_a_user_s(
    cli: CommandLine, rest: RestClient, tmp_path: Path
) -> None:
    (tmp_path / "tab").write_text(debian.PLAIN, encoding="utf-8")

    guessed = cli("import-crontab", tmp_path / "tab")
    insisted = cli("import-crontab", tmp_path / "tab", "--user")

    assert guessed.exit_code == 1
    assert "say --system" in guessed.stderr
    assert insisted.exit_code == 0


def test_standard_input_is_the_crontab_of_who_pipes_it(cli: CommandLine, rest: RestClient) -> None:
    done = cli("import-crontab", "-", stdin=b"@daily run\n")

    assert done.exit_code == 0
    origin = f"crontab of {getpass.getuser()}"
    assert stored(rest)["run"]["metadata"]["crontab"]["file"] == origin


def test_an_origin_makes_files_the_same(cli: CommandLine, crontab: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.write_text(USERS, encoding="utf-8")
    cli("import-crontab", crontab, "--origin=ann")

    assert "2 unchanged" in cli("import-crontab", copy, "--origin=ann").stdout
    assert cli("import-crontab", copy, crontab, "--origin=ann").exit_code == 2


def test_options_hold_for_every_job(cli: CommandLine, rest: RestClient, crontab: Path) -> None:
    cli("import-crontab", crontab, "--overlap=allow", "--timeout=90m", "--cwd=/")

    backup = stored(rest)["Nightly backup"]
    assert backup["scheduleConfig"]["overlap"] == "allow"
    assert backup["executionConfig"]["params"]["timeout"] == "1h 30m"
    assert backup["executionConfig"]["params"]["cwd"] == "/"


def test_a_crontab_without_jobs_is_no_error(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "tab").write_text("# nothing\n", encoding="utf-8")

    assert cli("import-crontab", tmp_path / "tab").stdout.startswith("0 created")
    assert "no jobs" in cli("import-crontab", tmp_path / "tab", "--dry-run").stdout


def test_a_server_without_the_command_workflow_is_told_how_to_have_it(crontab: Path) -> None:
    with Site([]) as served:
        client = CommandLine(served.client.url)
        done = client("import-crontab", crontab)
        rehearsed = client("import-crontab", crontab, "--dry-run")

    assert done.exit_code == 1
    assert "start it with `quarterjack serve --builtin command`" in done.stderr
    assert rehearsed.exit_code == 0
    assert "switched off" in rehearsed.stderr


def test_what_can_not_be_read_is_a_wrong_argument(cli: CommandLine, tmp_path: Path) -> None:
    assert cli("import-crontab", tmp_path / "gone").exit_code == 2
    assert cli("import-crontab", tmp_path).exit_code == 2
    assert cli("import-crontab").exit_code == 2
