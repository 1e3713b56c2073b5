"""`--wait` and `quarterjack wait`: the steps are seen while they run, and the exit code says how it ended."""

import json
import re

import pytest
from command_line import CommandLine
from gate import Gate
from live_terminal import CTRL_C, LiveTerminal
from rest_client import RestClient


def newest(rest: RestClient) -> dict[str, object]:
    """The execution that began last."""
    found: dict[str, object] = rest.get("/api/executions").body["items"][0]
    return found


def test_a_pipe_gets_a_line_for_each_change_and_then_the_result(
    cli: CommandLine, rest: RestClient, gate: Gate
) -> None:
    gate.open()

    done = cli("run", "counts", "--wait")

    assert done.exit_code == 0
    lines = [re.sub(r"in [0-9.]+ m?s", "in …", line) for line in done.stdout.splitlines()]
    *_, store, ended, result = lines
    assert re.fullmatch(r"\d\d:\d\d:\d\d  store: succeeded in …", store)
    assert ended == f"{newest(rest)['id']} succeeded in …"
    assert result == 'result: "4 rows"'


def test_what_failed_is_told_with_its_step_and_ends_with_10(cli: CommandLine) -> None:
    done = cli("run", "fails", "--wait")

    assert done.exit_code == 10
    last = done.stdout.splitlines()[-1]
    assert re.search(r"^exe_\w+ failed after .*: raises: LookupError: nothing there", last)
    assert "\x1b" not in done.stdout


def test_programs_get_the_execution_and_nothing_else(cli: CommandLine) -> None:
    done = cli("run", "fails", "--wait", "--json")

    assert done.exit_code == 10
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert (found["status"], len(found["steps"])) == ("failed", 2)


def test_when_the_time_is_over_it_goes_on_without_being_waited_for(
    cli: CommandLine, rest: RestClient, gate: Gate
) -> None:
    done = cli("run", "counts", "--wait", "--timeout", "200ms")

    assert done.exit_code == 1
    assert "has not ended after 200 ms; it goes on" in done.stderr
    gate.open()
    again = cli("wait", "last")
    assert again.exit_code == 0
    assert newest(rest)["status"] == "succeeded"


def test_what_has_ended_need_not_be_waited_for(cli: CommandLine, rest: RestClient) -> None:
    cli("run", "fails", "--wait")

    assert cli("wait", "last").exit_code == 10
    assert cli("wait", "exe_nothing").exit_code == 3


@pytest.mark.parametrize("columns", [100, 40])
def test_a_terminal_shows_each_step_with_a_bar_as_wide_as_it_is(
    rest: RestClient, gate: Gate, columns: int
) -> None:
    with LiveTerminal(rest.url, "run", "counts", "--wait", columns=columns) as terminal:
        lines = terminal.shows("25%")
        heading, fetch, crunch, store = lines
        assert heading.startswith("▶ counts  running")
        assert heading.endswith("1/3")
        assert fetch.startswith("✓ fetch")
        assert re.match(r"▶ crunch .* ━+─+ 25%  first o", crunch)
        assert re.match(r"· store +to come", store)
        gate.open()
        assert terminal.end() == 0

        heading, *steps = terminal.lines[:4]
        assert heading.startswith("✓ counts  succeeded")
        assert all(step.startswith("✓ ") for step in steps)
        assert 'result: "4 rows"' in terminal.text


def test_items_are_counted_and_not_listed(rest: RestClient, gate: Gate) -> None:
    given = ["--params", '{"items": [0, 1, 2, 3]}']
    with LiveTerminal(rest.url, "run", "many", *given, "--wait", columns=60) as terminal:
        lines = terminal.shows("50%")
        assert len(lines) == 2
        gate.open()
        assert terminal.end() == 0
        assert "succeeded  4 items" in terminal.text


def test_ctrl_c_ends_the_waiting_and_not_the_execution(rest: RestClient, gate: Gate) -> None:
    with LiveTerminal(rest.url, "run", "counts", "--wait", columns=100) as terminal:
        terminal.shows("25%")
        terminal.type(CTRL_C)

        assert terminal.end() == 130
        key = newest(rest)["id"]
        assert terminal.lines[0].startswith("▶ counts  running")
        assert terminal.lines[4:] == [
            "",
            f"Not waited for any more; {key} goes on.",
            f"To wait again: quarterjack wait {key}",
            f"To end it: quarterjack cancel {key}",
        ]
    assert newest(rest)["status"] == "running"


def test_a_long_list_of_steps_is_cut_to_what_fits(rest: RestClient, gate: Gate) -> None:
    with LiveTerminal(rest.url, "run", "counts", "--wait", columns=60, rows=6) as terminal:
        lines = terminal.shows("25%")
        assert len(lines) <= 6
        gate.open()
        assert terminal.end() == 0


def test_programs_on_a_terminal_see_the_steps_beside_the_json(rest: RestClient, gate: Gate) -> None:
    with LiveTerminal(rest.url, "run", "counts", "--wait", "--json", columns=100) as terminal:
        terminal.shows("25%")
        gate.open()
        assert terminal.end() == 0


def test_a_time_in_the_environment_is_for_those_who_wait(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUARTERJACK_TIMEOUT", "1d")

    assert cli("run", "echo").exit_code == 0
