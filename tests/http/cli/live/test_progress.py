"""Bars of long work: there on a terminal while it goes on, gone at its end, and never in a pipe."""

import json
from pathlib import Path

import pytest
from command_line import CommandLine
from live_terminal import LiveTerminal
from rest_client import RestClient

COUNT = 600


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """With some hundred schedules."""
    found = tmp_path / "schedules.ndjson"
    form = {"workflowId": "echo", "scheduleConfig": {"manual": True}}
    lines = [json.dumps({"id": f"s{at}", "name": f"s{at}", **form}) for at in range(COUNT)]
    found.write_text("\n".join(lines), encoding="utf-8")
    return found


@pytest.mark.parametrize("columns", [100, 40])
def test_an_import_and_an_export_have_a_bar_on_a_terminal(
    rest: RestClient, file: Path, tmp_path: Path, columns: int
) -> None:
    with LiveTerminal(rest.url, "import", file, columns=columns) as terminal:
        assert terminal.end() == 0
        assert b"importing" in terminal.raw
        assert f"/{COUNT}".encode() in terminal.raw
        assert terminal.lines == [f"{COUNT} created, 0 updated, 0 unchanged"]
    copy = tmp_path / "copy"
    with LiveTerminal(rest.url, "export", copy, columns=columns) as terminal:
        assert terminal.end() == 0
        assert f"{COUNT}/{COUNT}".encode() in terminal.raw
        assert "".join(terminal.lines) == f"{COUNT} schedules written to {copy}"


def test_jobs_of_a_crontab_and_files_have_one_as_well(rest: RestClient, tmp_path: Path) -> None:
    form = {"workflowId": "echo", "name": "one", "scheduleConfig": {"manual": True}}
    (tmp_path / "one.json").write_text(json.dumps(form), encoding="utf-8")

    with LiveTerminal(rest.url, "apply", tmp_path, "--yes") as terminal:
        assert terminal.end() == 0
        assert b"importing" in terminal.raw
        assert terminal.lines[-1] == "1 created, 0 changed, 0 deleted, 0 unchanged"


def test_a_pipe_gets_no_bar(cli: CommandLine, file: Path) -> None:
    done = cli("import", file)

    assert done.stdout == f"{COUNT} created, 0 updated, 0 unchanged\n"
    assert done.stderr == ""


def test_standard_output_has_only_the_lines_though_there_is_a_bar(
    rest: RestClient, file: Path
) -> None:
    CommandLine(rest.url)("import", file)
    with LiveTerminal(rest.url, "export", rows=COUNT) as terminal:
        assert terminal.end() == 0
        assert b"exporting" not in terminal.raw
