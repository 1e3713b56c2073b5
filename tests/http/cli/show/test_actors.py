"""`quarterjack actors`: the supervision tree, with the many that are alike counted."""

import json

from command_line import CommandLine
from hypothesis import given, settings
from hypothesis import strategies as st
from live_terminal import CTRL_C, LiveTerminal
from rest_client import RestClient

from quarterjack.http.cli.show.actor_tree import fitting_lines, tree_lines
from quarterjack.http.shapes.server import Actor

MANUAL = {"manual": True}


def actor(path: str, kind: str = "schedule", **more: object) -> Actor:
    parent, _, name = path.rpartition("/")
    fields: dict[str, object] = {
        "name": name,
        "path": path,
        "parent": parent or None,
        "kind": kind,
        "state": "running",
        "mailboxDepth": 0,
        "handled": 1,
        "restarts": 0,
        "lastError": None,
    }
    return Actor.model_validate({**fields, **more})


ROOT = [actor("q", "supervisor"), actor("q/schedules", "supervisor"), actor("q/state", "state")]


def test_each_stands_below_its_supervisor(cli: CommandLine, client: RestClient) -> None:
    key = client.schedule("echo", MANUAL)
    client.ended(client.trigger(key))

    lines = cli("actors").stdout.splitlines()

    assert lines[0].split()[:2] == ["ACTOR", "STATE"]
    assert lines[1].startswith("quarterjack ")
    below = lines.index(next(line for line in lines if "─ schedules" in line))
    assert lines[below + 1].startswith(f"│  └─ {key} ")
    assert lines[-1].startswith("└─ ")


def test_programs_get_the_whole_list(cli: CommandLine, client: RestClient) -> None:
    told = json.loads(cli("actors", "--json").stdout)

    assert told["nextCursor"] is None
    paths = [each["path"] for each in client.get("/api/actors?limit=500").body["items"]]
    assert [each["path"] for each in told["items"]] == paths
    assert cli("actors", "--json", "--follow").exit_code == 2
    assert "needs a terminal" in cli("actors", "--follow").stderr


def test_of_many_that_are_alike_only_the_first_are_shown_and_those_with_something_to_tell() -> None:
    many = [actor(f"q/schedules/s{number:03}") for number in range(100)]
    many[70] = actor("q/schedules/s070", restarts=2, lastError="ValueError: no")

    lines = [line.plain for line in tree_lines([*ROOT, *many], 80, alike=3)]

    assert [line.split()[0:3] for line in lines[3:9]] == [
        ["│", "├─", "s000"],
        ["│", "├─", "s001"],
        ["│", "├─", "s002"],
        ["│", "├─", "s070"],
        ["│", "└─", "96"],
        ["└─", "state", "running"],
    ]
    assert lines[6].endswith("2  ValueError: no")


@settings(deadline=None, database=None)
@given(st.integers(0, 50), st.integers(1, 30))
def test_a_live_tree_fits_the_height(count: int, height: int) -> None:
    many = [actor(f"q/schedules/s{number:03}") for number in range(count)]

    lines = fitting_lines([*ROOT, *many], 60, height, {"q": 0})

    assert len(lines) <= height


def test_a_live_tree_goes_on_until_ctrl_c_which_has_a_code_of_its_own(client: RestClient) -> None:
    with LiveTerminal(client.url, "actors", "--follow", columns=60, rows=24) as terminal:
        terminal.shows("quarterjack")
        key = client.schedule("echo", MANUAL)
        terminal.shows(key[:12])
        terminal.type(CTRL_C)

        assert terminal.end() == 130
        assert "Aborted" not in terminal.text
