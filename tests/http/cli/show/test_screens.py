"""On a terminal everything fits, wide and narrow, and in colours if they are wanted; a pipe gets it all."""

import json
from collections.abc import Callable

import pytest
from command_line import CommandLine
from gate import Gate
from pseudo_terminal import PseudoTerminal
from rest_client import RestClient
from rich.cells import cell_len
from waiting import eventually

LONG = "A name that is a good deal longer than what a narrow terminal has room for, 日本語"
VIEWS = [
    ("workflows",),
    ("workflows", "asks"),
    ("schedules",),
    ("schedules", LONG),
    ("executions",),
    ("executions", "last", "--workflow", "fails"),
    ("executions", "last", "--workflow", "asks"),
    ("actors",),
]


@pytest.fixture
def lived_in(client: RestClient, gate: Gate) -> RestClient:
    """A server with schedules and executions of several kinds."""
    nightly = {"cron": "0 3 * * *", "timezone": "Europe/Paris"}
    key = client.schedule("echo", nightly, name=LONG)
    client.ended(client.trigger(key))
    failing = client.schedule("fails", {"interval": "1h"}, name="Hourly")
    for _ in range(2):
        client.ended(client.trigger(failing))
    paused = client.schedule("echo", {"manual": True}, name="Paused")
    client.post(f"/api/schedules/{paused}/pause", {"note": "until the\x1b[31m audit is over"})
    gate.open()
    client.ended(client.run("talks", words=["one", "two"]))
    waits = client.run("asks", order="o-17")
    eventually(lambda: client.execution(waits)["status"] == "waiting")
    return client


@pytest.mark.parametrize("columns", [160, 80, 40, 20])
def test_no_line_of_any_view_is_wider_than_the_terminal(
    lived_in: RestClient, on_terminal: Callable[[int], PseudoTerminal], columns: int
) -> None:
    for view, seen in zip(VIEWS, on_terminal(columns).each(VIEWS), strict=True):
        assert seen.code == 0, seen.text
        assert [line for line in seen.lines if cell_len(line) > columns] == [], view
        assert "\x1b[31m audit" not in seen.raw


def test_colours_are_for_terminals_and_for_who_wants_them(
    lived_in: RestClient, on_terminal: Callable[[int], PseudoTerminal], cli: CommandLine
) -> None:
    terminal = on_terminal(80)

    assert terminal("executions").has_colours
    assert not terminal("executions", env={"NO_COLOR": "1"}).has_colours
    assert "\x1b" not in terminal("executions", env={"TERM": "dumb"}).raw
    assert "\x1b" not in cli("executions").stdout


def test_a_pipe_gets_every_column_uncut(
    lived_in: RestClient, on_terminal: Callable[[int], PseudoTerminal], cli: CommandLine
) -> None:
    assert LONG in cli("schedules").stdout
    assert LONG not in on_terminal(80)("schedules").text
    assert "A name that …" in on_terminal(40)("schedules").text


def test_what_is_cut_of_an_id_on_a_narrow_terminal_still_names_the_execution(
    lived_in: RestClient, on_terminal: Callable[[int], PseudoTerminal]
) -> None:
    terminal = on_terminal(40)
    shown = terminal("executions").lines[1].split()[-1]

    assert shown.startswith("exe_")
    assert len(shown) == 12
    assert f"execution   {shown}" in terminal("executions", shown).text


def test_json_is_the_same_on_a_terminal(
    lived_in: RestClient, on_terminal: Callable[[int], PseudoTerminal]
) -> None:
    seen = on_terminal(40)("executions", "--json")

    assert json.loads(seen.raw) == lived_in.get("/api/executions").body


def test_a_live_view_goes_on_until_the_end(
    client: RestClient, on_terminal: Callable[[int], PseudoTerminal]
) -> None:
    key = client.run("echo")

    seen = on_terminal(40)("executions", key, "--follow")

    assert seen.code == 0
    assert any("shout" in line and "✓" in line for line in seen.lines)
