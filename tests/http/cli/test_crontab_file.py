"""Whole crontabs: what the lines above a job say of it, and every wrong line by its number."""

import os
import random

import debian_crontabs as debian
import pytest

from quarterjack.http.cli import crontab_file
from quarterjack.http.cli.crontab_file import Crontab, CrontabJob, read_crontab, short_name


def read(text: str, *, system: bool = False) -> Crontab:
    return read_crontab(text.encode(), system=system)


def only(text: str, *, system: bool = False) -> CrontabJob:
    found = read(text, system=system)
    assert found.problems == []
    (job,) = found.jobs
    return job


def test_a_job_has_what_the_lines_above_it_say() -> None:
    found = read(
        "A=1\nCRON_TZ=Europe/Paris\nMAILTO=ann\n# Nightly\n0 3 * * * one\nA=2\nB=3\n@daily two%in\n"
    )

    one, two = found.jobs
    assert (one.line, one.time, one.shell, one.input) == (5, "0 3 * * *", "one", None)
    assert (one.timezone, one.comment) == ("Europe/Paris", "Nightly")
    assert one.environment == {"A": "1", "MAILTO": "ann"}
    assert two.environment == {"A": "2", "MAILTO": "ann", "B": "3"}
    assert (two.line, two.input, two.comment) == (8, "in\n", "")


@pytest.mark.parametrize("name", debian.ALL)
def test_the_crontabs_of_debian_s_packages_are_read(name: str) -> None:
    text, count = debian.ALL[name]

    found = read(text, system=True)

    assert found.problems == []
    assert len(found.jobs) == count
    assert {job.user for job in found.jobs} == {"root"}


def test_a_percent_sign_that_is_meant_reaches_the_shell() -> None:
    assert "$(date +%d) -le 7" in only(debian.ARRAYS, system=True).shell


@pytest.mark.parametrize(
    ("comments", "name"),
    [
        ("# Clean up", "Clean up"),
        ("#\n# Clean up\n#", "Clean up"),
        ("# Clean up\n# at night", "Clean up at night"),
        (f"# Clean up\n# {'long ' * 30}", "Clean up"),
        ("# Clean up\n", "run it"),
        ("# Clean up\nA=1", "run it"),
        ("# m h  dom mon dow   command", "run it"),
        ("# *  *  * user command", "run it"),
        ("# .---- minute\n# |  .-- hour", "run it"),
        ("#0 3 * * * old", "run it"),
        ("#@daily old", "run it"),
        ("# ------------", "run it"),
        ("", "run it"),
    ],
)
def test_a_comment_just_above_a_job_is_its_name(comments: str, name: str) -> None:
    gap = "\n" if comments.endswith("\n") else ""
    assert short_name(only(f"{comments}\n{gap}0 3 * * * run it\n")) == name


def test_a_long_command_is_a_short_name() -> None:
    name = short_name(only(f"@daily echo {'x' * 500}"))

    assert len(name) == 120
    assert name.endswith("x…")


def test_what_runs_at_boot_stands_by_itself() -> None:
    found = read("@reboot start\n@daily run\n")

    assert [(job.line, job.shell) for job in found.at_boot] == [(1, "start")]
    assert len(found.jobs) == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("61 * * * * run", "minute"),
        ("* 5-1 * * * run", "hour"),
        ("* * 0 * * run", "day-of-month"),
        ("* * 30 2 * run", "never comes"),
        ("5/10 * * * * run", "minute"),
        ("1,2,,3 * * * * run", "minute"),
        ("@sometimes run", "@sometimes"),
        ("CRON_TZ=Nowhere", "'Nowhere' is no IANA time zone"),
        ("CRON_TZ=../etc/passwd", "no IANA time zone"),
        ("0 3 * * * %in", "no command"),
        ("0 3 * * * run \0", "NUL"),
        ("nonsense", "no command"),
    ],
)
def test_a_wrong_line_is_named_by_its_number(line: str, told: str) -> None:
    found = read(f"# one\n@daily run\n{line}\n@hourly run\n")

    ((number, message),) = found.problems
    assert number == 3
    assert told in message
    assert len(found.jobs) == 2


def test_windows_line_ends_are_left_out() -> None:
    found = read("A=1\r\n\r\n# Nightly\r\n0 3 * * * run\r\n")

    (job,) = found.jobs
    assert found.has_windows_lines
    assert (job.shell, job.comment, dict(job.environment)) == ("run", "Nightly", {"A": "1"})


def test_bytes_that_are_no_text_are_wrong_lines() -> None:
    noise = random.Random(7).randbytes(50_000)

    found = read_crontab(noise, system=False)

    assert found.jobs == []
    assert len(found.problems) > 100
    assert found.problems == sorted(found.problems)
    assert read_crontab(b"0 3 * * * caf\xe9\n", system=False).problems[0].line == 1


def test_too_many_lines_are_refused_without_reading_them() -> None:
    many = read_crontab(b"* * * * * x\n" * 600_000, system=False)
    large = read_crontab(b"#" * (crontab_file.LARGEST + 1), system=False)

    assert [problem.line for problem in many.problems] == [crontab_file.MOST_LINES + 1]
    assert "split it" in large.problems[0].message
    assert many.jobs == large.jobs == []


def test_a_file_with_as_many_lines_as_may_be_is_read() -> None:
    found = read_crontab(b"* * * * * x\n" * crontab_file.MOST_LINES, system=False)

    assert len(found.jobs) == crontab_file.MOST_LINES


def test_an_empty_file_has_no_jobs() -> None:
    assert read_crontab(b"", system=True) == Crontab()
    assert read_crontab(os.linesep.encode(), system=True).problems == []
