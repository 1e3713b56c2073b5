"""`quarterjack backfill`: what was due and has no execution runs, with a bar, and once."""

import json
import re

import pytest
from command_line import CommandLine
from gate import Gate
from live_terminal import CTRL_C, LiveTerminal
from rest_client import RestClient
from waiting import eventually


def nightly(rest: RestClient, workflow: str, timezone: str = "UTC") -> str:
    """Make a schedule that is due each day at three."""
    body = {
        "workflowId": workflow,
        "name": "Nightly report",
        "scheduleConfig": {"cron": "0 3 * * *", "timezone": timezone},
    }
    return str(rest.post("/api/schedules/workflows", body).body["id"])


def test_each_due_instant_runs_once(cli: CommandLine, rest: RestClient) -> None:
    key = nightly(rest, "echo")

    done = cli("backfill", "nightly", "2026-03-01", "2026-03-04", "--param", "text=again")
    again = cli("backfill", "nightly", "2026-03-01", "2026-03-04", "--wait")

    assert (done.exit_code, again.exit_code) == (0, 0)
    assert done.stderr == "Nightly report: 3 executions are waiting to run, as\n"
    assert "nothing to run" in again.stderr
    backfill = rest.get(f"/api/backfills/{done.stdout.strip()}").body
    assert (backfill["scheduleId"], backfill["total"]) == (key, 3)
    assert backfill["params"] == {"text": "again"}


def test_days_are_those_of_the_schedule_s_time_zone(cli: CommandLine, rest: RestClient) -> None:
    nightly(rest, "echo", "Europe/Paris")

    made = cli("backfill", "nightly", "2026-03-01", "2026-03-02T00:00+01:00", "--json")

    found = json.loads(made.stdout)
    assert len(found["executionIds"]) == 1
    backfill = rest.get(f"/api/backfills/{found['backfillId']}").body
    assert backfill["start"] == "2026-02-28T23:00:00.000000Z"
    assert backfill["end"] == "2026-03-01T23:00:00.000000Z"


def test_a_pipe_gets_lines_and_the_exit_code_says_whether_all_succeeded(
    cli: CommandLine, rest: RestClient
) -> None:
    nightly(rest, "echo")
    well = cli("backfill", "nightly", "2026-03-01", "2026-03-11", "--wait")
    rest.delete(f"/api/schedules/{rest.get('/api/schedules').body['items'][0]['id']}/workflow")
    nightly(rest, "fails")
    badly = cli("backfill", "nightly", "2026-03-01", "2026-03-03", "--wait", "--json")

    assert (well.exit_code, badly.exit_code) == (0, 10)
    assert re.search(r"^bkf_\w+ finished: 10 succeeded$", well.stdout, re.MULTILINE)
    assert json.loads(badly.stdout)["failed"] == 2


@pytest.mark.parametrize("columns", [100, 40])
def test_a_terminal_shows_a_bar_and_ctrl_c_leaves_it_running(
    cli: CommandLine, rest: RestClient, gate: Gate, columns: int
) -> None:
    nightly(rest, "counts")
    given = ["nightly", "2026-03-01", "2026-03-05", "--wait"]

    with LiveTerminal(rest.url, "backfill", *given, columns=columns) as terminal:
        (line,) = terminal.shows("0/4")
        assert line.startswith("Nightly re")
        terminal.type(CTRL_C)
        assert terminal.end() == 130
        text = terminal.text.replace("\n", "")
        assert "Traceback" not in text
    key = re.search(r"bkf_[0-9a-z]{20}", text)
    assert key is not None
    ended = cli("cancel", key.group())
    assert ended.exit_code == 0
    assert "backfill of" in ended.stdout
    gate.open()
    found = eventually(lambda: _unless_running(rest, key.group()))
    assert found == "cancelled"


def _unless_running(rest: RestClient, key: str) -> str:
    status = str(rest.get(f"/api/backfills/{key}").body["status"])
    return "" if status == "running" else status


@pytest.mark.parametrize(
    ("start", "end", "code", "told"),
    [
        ("yesterday", "2026-03-01", 2, "is no day and no instant"),
        ("2026-03-02", "2026-03-01", 1, "is not after start"),
        ("2016-03-02", "2026-03-01T00:00:00.5", 1, ""),
        ("0001-01-01T00:00+14:00", "2026-03-01", 2, "out of range"),
    ],
)
def test_a_wrong_range_is_refused(
    cli: CommandLine, rest: RestClient, start: str, end: str, code: int, told: str
) -> None:
    key = nightly(rest, "echo")
    if not told:  # more than 10,000 instants
        change = {"scheduleConfig": {"cron": "* * * * *"}}
        assert rest.put(f"/api/schedules/{key}/workflow", change).status == 200

    done = cli("backfill", "nightly", start, end)

    assert done.exit_code == code
    assert told in done.stderr
