"""`quarterjack watch`: what happens, as it happens, on a terminal of any size, in lines and as JSON."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from command_line import CommandLine
from gate import Gate
from live_terminal import CTRL_C, LiveTerminal
from rest_client import RestClient

WHOLE = 24


def schedule(rest: RestClient, name: str, workflow: str) -> str:
    """Make a schedule that fires when it is told to."""
    body = {"workflowId": workflow, "name": name, "scheduleConfig": {"manual": True}}
    return str(rest.post("/api/schedules/workflows", body).body["id"])


def trigger(rest: RestClient, key: str) -> str:
    return str(rest.post(f"/api/schedules/{key}/trigger").body["executionId"])


@contextmanager
def piped(rest: RestClient, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """`quarterjack watch …` that writes into a pipe."""
    command = [sys.executable, "-m", "quarterjack.http", "watch", "--url", rest.url, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def lines_of(process: "subprocess.Popen[str]", count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n") for _ in range(count)]


@pytest.mark.parametrize("columns", [100, 44])
def test_a_terminal_shows_what_runs_with_its_bar_and_below_it_what_happened(
    rest: RestClient, gate: Gate, columns: int
) -> None:
    key = schedule(rest, "Nightly report", "counts")
    trigger(rest, key)  # it runs before anybody watches
    with LiveTerminal(rest.url, "watch", columns=columns, rows=WHOLE) as terminal:
        lines = terminal.shows("25%")
        assert "1 running" in lines[0]
        assert lines[2] == "RUNNING NOW"
        assert lines[3].startswith("▶ Nightly report")
        assert ("1/3 crunch ━" if columns == 100 else "1/3 crunch 25%") in lines[3]
        gate.open()

        lines = terminal.shows("completed")
        lines = terminal.shows("nothing")
        assert lines[lines.index("LATEST EVENTS") + 1].split()[1:3] == ["Nightly", "report"]
        assert len(lines) <= WHOLE
        terminal.type(CTRL_C)
        assert terminal.end() == 130
        assert "Traceback" not in terminal.text


def test_what_begins_while_one_looks_is_there_and_gone_at_its_end(
    rest: RestClient, gate: Gate
) -> None:
    watched, other = schedule(rest, "Nightly", "counts"), schedule(rest, "Other", "counts")
    with LiveTerminal(rest.url, "watch", "nightly", rows=12) as terminal:
        terminal.shows("nothing")
        trigger(rest, other)
        trigger(rest, watched)
        lines = terminal.shows("▶ Nightly")
        assert "1 running" in lines[0]
        assert lines[0].startswith("Nightly")
        gate.open()
        terminal.shows("nothing")
        assert "Other" not in terminal.text
        assert len(terminal.lines) <= 12


def test_more_than_finds_room_is_counted(rest: RestClient) -> None:
    key = schedule(rest, "Nightly", "counts")
    for _ in range(9):
        trigger(rest, key)
    with LiveTerminal(rest.url, "watch", rows=12) as terminal:
        lines = terminal.shows("more")
        assert "9 running" in lines[0]
        assert "LATEST EVENTS" in lines
        shown = sum(line.startswith("▶") for line in lines)
        assert f"… and {9 - shown} more" in lines


def test_a_pipe_gets_a_line_for_each_event_the_stored_ones_first(rest: RestClient) -> None:
    key = schedule(rest, "Nightly\x1b[31m", "echo")
    began = trigger(rest, key)
    with piped(rest, "--after", "0", "--topic", "workflow:*") as process:
        lines = lines_of(process, 4)
    kinds = ["workflow.started", "workflow.step.started", "workflow.step.completed"]
    assert [line.split("  ")[2] for line in lines] == [*kinds, "workflow.completed"]
    assert all("Nightly\\x1b[31m" in line and began in line for line in lines)
    assert "say" in lines[1]


def test_programs_get_a_json_document_a_line(rest: RestClient) -> None:
    first, second = schedule(rest, "Nightly", "echo"), schedule(rest, "Weekly", "fails")
    trigger(rest, first)
    wanted = ["--after", "0", "--workflow", "fails", "--topic", "workflow.failed", "--json"]
    with piped(rest, *wanted) as process:
        began = trigger(rest, second)
        (line,) = lines_of(process, 1)
    event = json.loads(line)
    assert (event["type"], event["executionId"]) == ("workflow.failed", began)
    assert event.keys() == {
        "seq", "type", "scheduleId", "workflowId", "executionId", "timestamp", "data",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        (["--topic", "nothing"], 2, "there is no topic 'nothing'"),
        (["nightly", "--workflow", "echo"], 2, "not both"),
        (["nothing"], 3, "there is no schedule 'nothing'"),
        (["--workflow", "nothing"], 3, "there is no workflow 'nothing'"),
    ],
)
def test_what_can_not_be_watched_is_told(
    cli: CommandLine, given: list[str], code: int, told: str
) -> None:
    done = cli("watch", *given)

    assert done.exit_code == code
    assert told in done.stderr


def test_without_a_server_the_exit_code_says_so(nobody: str) -> None:
    assert CommandLine(nobody)("watch").exit_code == 4
