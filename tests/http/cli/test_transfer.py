"""`quarterjack export` and `import`: a file of all schedules, and back."""

import json
from pathlib import Path

import pytest
from aiohttp import web
from command_line import CommandLine
from rest_client import RestClient
from web_server import WebServer


def test_an_export_is_imported_unchanged(
    cli: CommandLine, rest: RestClient, tmp_path: Path
) -> None:
    key = rest.schedule("echo", {"manual": True})
    file = tmp_path / "all.ndjson"

    out = cli("export", file)
    back = cli("import", file)

    assert out.exit_code == back.exit_code == 0
    assert out.stderr == f"1 schedules written to {file}\n"
    assert json.loads(file.read_text(encoding="utf-8"))["id"] == key
    assert back.stdout == "0 created, 0 updated, 1 unchanged\n"
    assert [each.name for each in tmp_path.iterdir()] == ["all.ndjson"]


def test_standard_output_and_input_do_as_well(cli: CommandLine, rest: RestClient) -> None:
    key = rest.schedule("echo", {"manual": True})
    out = cli("export")
    rest.delete(f"/api/schedules/{key}/workflow")

    rehearsed = cli("import", "-", "--dry-run", stdin=out.stdout_bytes)
    back = cli("import", "-", "--json", stdin=out.stdout_bytes)

    assert rehearsed.stdout == "would be: 1 created, 0 updated, 0 unchanged\n"
    assert json.loads(back.stdout) == {"created": 1, "updated": 0, "unchanged": 0, "errors": []}
    assert rest.get(f"/api/schedules/{key}/workflow").status == 200


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_wrong_lines_are_named_and_the_others_imported(
    cli: CommandLine, rest: RestClient, as_json: list[str]
) -> None:
    good = {"id": "a", "workflowId": "echo", "name": "a", "scheduleConfig": {"manual": True}}
    raw = b"{\n" + json.dumps(good).encode() + b"\n" + json.dumps({**good, "nam": 1}).encode()

    done = cli("import", "-", *as_json, stdin=raw)

    assert done.exit_code == 1
    assert rest.get("/api/schedules/a/workflow").status == 200
    if as_json:
        assert [each["line"] for each in json.loads(done.stdout)["errors"]] == [1, 3]
    else:
        first, second = done.stderr.splitlines()
        assert first.startswith("quarterjack: line 1: That is not JSON")
        assert second == "quarterjack: line 3: id: 'a' stands on line 2 already"


def test_an_export_that_breaks_off_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "all.ndjson"
    file.write_text("before", encoding="utf-8")

    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"1\n2\n")
        assert request.transport is not None
        request.transport.abort()
        return response

    with WebServer() as server:
        server.handlers["/api/schedules/export"] = break_off
        done = CommandLine(server.url)("export", file)

    assert done.exit_code == 4
    assert file.read_text(encoding="utf-8") == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["all.ndjson"]


def test_a_file_that_can_not_be_written_is_told(cli: CommandLine, tmp_path: Path) -> None:
    done = cli("export", tmp_path / "no" / "all.ndjson")

    assert done.exit_code == 1
    assert "No such file or directory" in done.stderr
