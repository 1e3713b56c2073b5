"""Jobs of a crontab as schedules: what they run, and that they are the same ones the next time."""

from typing import Any

from quarterjack.http.cli.crontab_drafts import CrontabTerms, drafted
from quarterjack.http.cli.crontab_file import read_crontab
from quarterjack.runtime.builtin.command_params import CommandParams
from quarterjack.storage.ids import is_id

TERMS = CrontabTerms("/etc/cron.d/backup.old", "Europe/Paris", "1d")


def forms(text: str, terms: CrontabTerms = TERMS, *, system: bool = False) -> list[dict[str, Any]]:
    crontab = read_crontab(text.encode(), system=system)
    assert crontab.problems == []
    return [each.form for each in drafted("backup", crontab, terms).schedules]


def params(text: str, terms: CrontabTerms = TERMS) -> dict[str, Any]:
    (form,) = forms(text, terms)
    found: dict[str, Any] = form["executionConfig"]["params"]
    assert CommandParams.wrong_in(found) == []
    return found


def ids(text: str) -> list[str]:
    return [form["id"] for form in forms(text)]


def test_a_job_is_a_schedule_of_the_command_workflow() -> None:
    (form,) = forms("MAILTO=ann\n# Nightly\n0 3 * * *\troot\tmake backup%now\n", system=True)

    assert form == {
        "id": form["id"],
        "workflowId": "quarterjack.command",
        "name": "Nightly",
        "description": "",
        "scheduleConfig": {"cron": "0 3 * * *", "timezone": "Europe/Paris"},
        "executionConfig": {"params": {"timeout": "1d", "shell": "make backup", "input": "now\n"}},
        "metadata": {
            "crontab": {
                "file": "/etc/cron.d/backup.old",
                "entry": "0 3 * * *\troot\tmake backup%now",
                "user": "root",
                "mailTo": "ann",
            }
        },
    }
    assert is_id(form["id"])
    assert form["id"].startswith("cron-backup-old-")


def test_the_lines_above_decide_how_it_runs() -> None:
    assert params("SHELL=/bin/bash\nHOME=/srv\nA=1\n@daily run")["argv"] == [
        "/bin/bash",
        "-c",
        "run",
    ]
    found = params("SHELL=/bin/sh\nHOME=/srv\nA=1\nMAILTO=x\n@daily run")
    assert found["shell"] == "run"
    assert found["cwd"] == "/srv"
    assert found["env"] == {"SHELL": "/bin/sh", "HOME": "/srv", "A": "1"}


def test_a_time_zone_of_its_own_goes_before_the_file_s() -> None:
    (form,) = forms("CRON_TZ=Asia/Tokyo\nTZ=America/Lima\n@daily run")

    assert form["scheduleConfig"]["timezone"] == "Asia/Tokyo"
    assert form["executionConfig"]["params"]["env"] == {"TZ": "America/Lima"}


def test_terms_hold_for_every_job() -> None:
    terms = CrontabTerms("x", "UTC", "2h", overlap="allow", cwd="/var/tmp")
    (form,) = forms("@daily run", terms)

    assert form["scheduleConfig"] == {"cron": "@daily", "timezone": "UTC", "overlap": "allow"}
    assert form["executionConfig"]["params"] == {"timeout": "2h", "shell": "run", "cwd": "/var/tmp"}
    assert form["metadata"]["crontab"] == {"file": "x", "entry": "@daily run"}


def test_another_time_comment_or_place_is_the_same_schedule() -> None:
    once = ids("0 3 * * * one\n0 4 * * * two\n")

    again = ids("A=1\n# New\n0 5 * * * two\n\n# Other\n30 3 * * * one\n")

    assert again == once[::-1]


def test_another_command_user_input_or_file_is_another_schedule() -> None:
    other_file = CrontabTerms("/etc/cron.d/other", "UTC", "1d")
    found = [
        *ids("@daily run\n@daily run it\n@daily run%in\n"),
        *(form["id"] for form in forms("@daily run", other_file)),
        *(form["id"] for form in forms("@daily ann run", system=True)),
    ]

    assert len(set(found)) == 5


def test_the_same_command_twice_is_two_schedules() -> None:
    twice = ids("0 3 * * * run\n0 15 * * * run\n")

    assert len(set(twice)) == 2
    assert ids("0 3 * * * run\n0 16 * * * run\n") == twice


def test_a_long_comment_is_the_description() -> None:
    (form,) = forms(f"# Short\n# {'long ' * 40}\n@daily run")

    assert form["name"] == "Short"
    assert form["description"].startswith("Short\nlong")


def test_a_name_of_nothing_but_signs_still_has_an_id() -> None:
    (form,) = forms("@daily run", CrontabTerms("/tmp/…", "UTC", "1d"))

    assert form["id"].startswith("cron-tab-")
    assert is_id(form["id"])
