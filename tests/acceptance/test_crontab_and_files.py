"""Crontabs and files of schedules, brought to a real server by the real command line."""

import http.client
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_client import RestClient
from server_process import ServerProcess
from terminal import Terminal
from waiting import eventually

SERVER_OPTIONS = ("--runner", "thread")

Start = Callable[..., ServerProcess]
SYSTEM_FILE = Path("/etc/crontab")
SYSTEM_FOLDER = Path("/etc/cron.d")
MANY_SECONDS = 60


def form(number: int, **more: Any) -> dict[str, Any]:
    """One of many, all due at another minute of the day."""
    return {
        "id": f"s{number}",
        "workflowId": "isolated",
        "name": f"number {number}",
        "scheduleConfig": {
            "cron": f"{number % 60} {number // 60 % 24} * * *",
            "timezone": "Europe/Paris",
        },
        **more,
    }


def lines(count: int, **more: Any) -> bytes:
    return b"".join(json.dumps(form(number, **more)).encode() + b"\n" for number in range(count))


def imported(client: RestClient, raw: bytes, within: float = MANY_SECONDS) -> dict[str, Any]:
    """The answer to an import, which comes within so many seconds."""
    connection = http.client.HTTPConnection(client.authority, timeout=within)
    try:
        headers = {"Content-Type": "application/x-ndjson"}
        connection.request("POST", "/api/schedules/import", raw, headers)
        response = connection.getresponse()
        assert response.status == 200
        found: dict[str, Any] = json.loads(response.read())
        return found
    finally:
        connection.close()


def result_of(client: RestClient, schedule_id: str) -> dict[str, Any]:
    """Of a run of the schedule, now."""
    answer = client.post(f"/api/schedules/{schedule_id}/trigger", {})
    assert answer.status == 202, answer.raw
    address = f"/api/executions/{answer.body['executionId']}"

    def ended() -> Any:
        body = client.get(address).body
        return body if body["endedAt"] is not None else None

    execution = eventually(ended)
    assert execution["status"] == "succeeded", execution["error"]
    found: dict[str, Any] = execution["result"]
    return found


def by_name(client: RestClient) -> dict[str, Any]:
    return {each["name"]: each for each in client.get("/api/schedules?limit=500").body["items"]}


def test_jobs_of_a_crontab_run_as_cron_ran_them(start: Start, tmp_path: Path) -> None:
    client = start("--builtin", "command").client()
    crontab = tmp_path / "tab"
    crontab.write_text(
        "GREETING = 'good  morning'\n"
        "# Input\n@daily cat%one%two\n"
        "# Percent\n@daily printf '\\%s|' \"$GREETING\" a\\%b\n"
        "SHELL=/bin/bash\nHOME=/\n# Shell\n@daily [[ -n x ]] && pwd\n",
        encoding="utf-8",
    )

    done = Terminal(client.url, tmp_path).run("import-crontab", crontab)

    assert done.code == 0, done.stderr
    found = {name: each["id"] for name, each in by_name(client).items()}
    assert result_of(client, found["Input"])["stdout"] == "one\ntwo\n"
    assert result_of(client, found["Percent"])["stdout"] == "good  morning|a%b|"
    assert result_of(client, found["Shell"])["stdout"] == "/\n"


@pytest.mark.skipif(
    not SYSTEM_FILE.exists() or not SYSTEM_FOLDER.is_dir(), reason="install the package `cron`"
)
def test_the_crontabs_of_this_machine_are_imported(start: Start, tmp_path: Path) -> None:
    client = start("--builtin", "command").client()
    files = [SYSTEM_FILE, *(file for file in sorted(SYSTEM_FOLDER.iterdir()) if file.is_file())]
    terminal = Terminal(client.url, tmp_path)

    shown = terminal.run("import-crontab", *files, "--dry-run")
    once, again = (terminal.run("import-crontab", *files) for _ in range(2))

    assert (shown.code, once.code, again.code) == (0, 0, 0), shown.stderr + once.stderr
    made = client.get("/api/schedules?limit=500").body["items"]
    assert {each["metadata"]["crontab"]["file"] for each in made} >= {str(SYSTEM_FILE)}
    assert once.stdout == f"{len(made)} created, 0 changed, 0 deleted, 0 unchanged\n"
    assert again.stdout == f"0 created, 0 changed, 0 deleted, {len(made)} unchanged\n"


def test_a_bad_crontab_sends_nothing(start: Start, tmp_path: Path) -> None:
    client = start("--builtin", "command").client()
    crontab = tmp_path / "bad.cron"
    crontab.write_bytes(b"0 3 * * * fine\r\n0 9-5 * * * reversed\r\nCRON_TZ=Nowhere\r\n\0\xff\r\n")

    done = Terminal(client.url, tmp_path).run("import-crontab", crontab)

    assert done.code == 1
    assert done.stdout == ""
    assert [line.split(": ")[1] for line in done.stderr.splitlines()[1:]] == [
        "line 2",
        "line 3",
        "line 4",
    ]
    assert "Traceback" not in done.stderr
    assert by_name(client) == {}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [(b"@daily x\n", "line 1: "), (b"#\n", "line 20001: ")],
    ids=["jobs", "comments"],
)
def test_a_million_lines_are_refused_at_once(tmp_path: Path, line: bytes, wrong: str) -> None:
    crontab = tmp_path / "large.cron"
    crontab.write_bytes(line * 1_000_000)

    done = Terminal("http://127.0.0.1:9", tmp_path).run("import-crontab", crontab)

    assert (done.code, done.stdout) == (1, "")
    first, told = done.stderr.splitlines()
    assert first == "quarterjack: 1 wrong; nothing was changed:"
    assert told.startswith(f"{crontab}: {wrong}a crontab has at most ")


def test_files_are_applied_after_a_question(start: Start, tmp_path: Path) -> None:
    client = start().client()
    terminal = Terminal(client.url, tmp_path)
    file = tmp_path / "jobs.toml"
    file.write_text(
        '[schedules.nightly]\nworkflowId = "isolated"\nscheduleConfig.cron = "0 3 * * *"\n',
        encoding="utf-8",
    )

    refused = terminal.answer("n\n", "apply", file)
    assert by_name(client) == {}
    agreed = terminal.answer("y\n", "apply", file)
    unasked = terminal.answer("", "apply", file, "--yes")

    assert (refused.code, agreed.code, unasked.code) == (1, 0, 0)
    assert "Make these changes?" in refused.stderr
    assert agreed.stdout.splitlines()[0] == '+ nightly  nightly: isolated, cron "0 3 * * *"'
    assert unasked.stdout == "0 created, 0 changed, 0 deleted, 1 unchanged\n"
    assert list(by_name(client)) == ["nightly"]


def test_an_export_moves_all_schedules_to_another_server(start: Start, tmp_path: Path) -> None:
    first = start().client()
    assert imported(first, lines(700))["created"] == 700
    other = start("--database", f"sqlite:///{tmp_path / 'other.db'}").client()
    file = tmp_path / "all.ndjson"

    out = Terminal(first.url, tmp_path).run("export", file)
    into = Terminal(other.url, tmp_path).run("import", file)
    piped = Terminal(other.url, tmp_path).run("export")

    assert (out.code, into.code, piped.code) == (0, 0, 0), out.stderr + into.stderr
    assert into.stdout == "700 created, 0 updated, 0 unchanged\n"
    ids = [json.loads(line)["id"] for line in piped.stdout.splitlines()]
    assert ids == [f"s{number}" for number in range(700)]


def test_thousands_of_lines_are_imported_in_one_call(start: Start) -> None:
    client = start().client()

    assert imported(client, lines(2_000)) == {
        "created": 2_000,
        "updated": 0,
        "unchanged": 0,
        "errors": [],
    }
    assert imported(client, lines(2_000))["unchanged"] == 2_000
    due = client.get("/api/schedules/s61/upcoming?count=1").body["items"]
    assert due[0][14:16] == "01"


@pytest.mark.slow
@pytest.mark.timeout(360)
def test_twenty_thousand_lines_are_imported_in_one_call(start: Start) -> None:
    client = start().client()

    assert imported(client, lines(20_000))["created"] == 20_000
    assert imported(client, lines(20_000))["unchanged"] == 20_000
    changed = lines(20_000, description="new")
    assert imported(client, changed, within=3 * MANY_SECONDS)["updated"] == 20_000


def test_an_import_that_a_crash_cuts_short_is_finished_by_the_next(
    start: Start, tmp_path: Path
) -> None:
    server = start()
    client = server.client()
    connection = http.client.HTTPConnection(client.authority, timeout=MANY_SECONDS)
    headers = {"Content-Type": "application/x-ndjson"}
    connection.request("POST", "/api/schedules/import", lines(1_500), headers)
    eventually(lambda: client.get("/api/schedules?limit=1").body["items"])
    server.end(signal.SIGKILL)
    connection.close()

    client = start().client()
    done = imported(client, lines(1_500))

    assert done["errors"] == []
    assert done["unchanged"] > 0
    assert done["created"] + done["unchanged"] == 1_500


def test_when_an_expression_is_due_needs_no_server(tmp_path: Path) -> None:
    done = Terminal("http://127.0.0.1:9", tmp_path).run(
        "next",
        "30 2 * * *",
        "--timezone",
        "Europe/Paris",
        "--after",
        "2026-03-28T12:00",
        "--count",
        1,
    )

    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1] == "Sun 2026-03-29 03:00:00 +02:00"
