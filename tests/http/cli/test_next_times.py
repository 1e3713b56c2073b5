"""`quarterjack next`: due instants without a server."""

import json

import pytest
from click.testing import CliRunner, Result

from quarterjack.http.cli.main import main


def run(*arguments: str, **env: str) -> Result:
    return CliRunner().invoke(main, ["next", *arguments], env=env)


def test_the_next_times_are_shown_as_the_clock_on_the_wall_shows_them() -> None:
    done = run("30 2 * * *", "--timezone=Europe/Paris", "--after=2026-03-28", "--count=3")

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "At 02:30 every day (Europe/Paris)",
        "Sat 2026-03-28 02:30:00 +01:00",
        "Sun 2026-03-29 03:00:00 +02:00",
        "Mon 2026-03-30 02:30:00 +02:00",
    ]


def test_programs_get_the_form_of_the_rest_call() -> None:
    done = run("@daily", "--json", "--after=2026-01-01T00:00:00+01:00", "--count=2")

    assert json.loads(done.stdout) == {
        "description": "At 00:00 every day",
        "items": ["2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"],
    }


def test_it_begins_now_unless_told_otherwise() -> None:
    first, second = (json.loads(run("* * * * *", "--json").stdout)["items"][:2] for _ in "ab")

    assert first[0] < first[1]
    assert second[0] >= first[0]


def test_options_come_from_the_environment_too() -> None:
    done = run("@daily", QUARTERJACK_COUNT="1", QUARTERJACK_TIMEZONE="Asia/Tokyo")

    assert done.stdout.splitlines()[0] == "At 00:00 every day (Asia/Tokyo)"
    assert len(done.stdout.splitlines()) == 2


def test_an_h_is_for_the_schedule_of_an_id() -> None:
    one, same, other = (
        json.loads(run("H H * * *", "--json", f"--seed={seed}", "--after=2026-01-01").stdout)
        for seed in ("sch_1", "sch_1", "sch_2")
    )

    assert one == same != other


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["61 * * * *"], "minute"),
        (["0 0 30 2 *"], "never comes"),
        (["* * * * *", "--timezone=Nowhere"], "no IANA time zone"),
        (["* * * * *", "--after=yesterday"], "no instant"),
        (["* * * * *", "--after=0001-01-01T00:00+14:00"], "out of range"),
        (["* * * * *", "--count=0"], "--count"),
        ([], "EXPR"),
    ],
)
def test_what_is_wrong_is_told_with_exit_code_2(arguments: list[str], told: str) -> None:
    done = run(*arguments)

    assert done.exit_code == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_there_may_be_no_next_time() -> None:
    done = run("0 0 1 1 *", "--after=9999-06-01")

    assert done.exit_code == 1
    assert done.stderr == "never\n"


def test_policies_are_played_through_with_their_reasons() -> None:
    done = run(
        "0 */12 * * *",
        "--after=2026-12-24",
        "--count=4",
        "--policy=exclude=2026-12-25",
        "--policy=overlap=skip",
        "--policy=assumedDuration=13h",
    )

    assert done.stdout.splitlines() == [
        "At 00:00 and 12:00 every day (UTC)",
        "Thu 2026-12-24 00:00:00 +00:00  started",
        "Thu 2026-12-24 12:00:00 +00:00  skipped: overlap",
        "Fri 2026-12-25 00:00:00 +00:00  skipped: excluded",
        "Fri 2026-12-25 12:00:00 +00:00  skipped: excluded",
    ]


def test_a_change_of_the_clock_and_jitter_are_told() -> None:
    zone = "--timezone=Europe/Paris"
    done = run("30 2 * * *", zone, "--after=2026-03-29", "--count=1", "--policy=jitter=10m")

    (line,) = done.stdout.splitlines()[1:]
    assert line.startswith("Sun 2026-03-29 03:00:00 +02:00  started  +")
    assert line.endswith("(in the gap of the clock change, runs at its end)")


def test_programs_get_a_preview_in_the_form_of_the_rest_call() -> None:
    done = run("@daily", "--json", "--after=2026-01-01", "--policy=maxRuns=2")

    found = json.loads(done.stdout)
    assert [each["outcome"] for each in found["items"]] == ["started", "started"]
    assert found["next"] is None


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("overlap", "'overlap' has no value"),
        ("colour=red", "scheduleConfig.colour: is no field here"),
        ("maxRuns=many", "scheduleConfig.maxRuns"),
        ("exclude=xmas", "scheduleConfig.exclude.0"),
        ("exclude=calendar:bank", "is a calendar of a server"),
    ],
)
def test_a_wrong_policy_is_named(policy: str, told: str) -> None:
    done = run("@daily", f"--policy={policy}")

    assert done.exit_code == 2
    assert told in done.stderr


def test_a_draft_that_never_fires_within_the_time_ends_with_1() -> None:
    done = run("@daily", "--after=2026-01-01", "--policy=startAt=2027-01-01T00:00:00Z")

    assert (done.exit_code, done.stderr) == (1, "nothing within 90 days\n")
