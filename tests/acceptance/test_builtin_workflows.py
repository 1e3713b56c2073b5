"""Built-in workflows over REST: off by default, and when on, bounded by what the server was told."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from processes import OBEDIENT, STUBBORN, lives, none_lives, noted
from rest_client import RestClient
from server_process import ServerProcess, Start
from waiting import eventually
from web_server import WebServer

COMMAND, HTTP = "quarterjack.command", "quarterjack.http"


def _server(start: Start, folder: Path, name: str, *options: str, **more: Any) -> ServerProcess:
    database = f"sqlite:///{folder / name}.db"
    return start("--runner", "thread", "--database", database, *options, **more)


@pytest.fixture(scope="module")
def off(start_shared: Start, shared_folder: Path) -> RestClient:
    """Of a server that was told nothing."""
    return _server(start_shared, shared_folder, "off").client()


@pytest.fixture(scope="module")
def on(start_shared: Start, shared_folder: Path) -> RestClient:
    """Of one that may run commands, and ask this machine."""
    options = ("--builtin", "command", "--builtin", "http", "--http-allow-private")
    hosts = ("--http-allow-host", "127.0.0.1")
    secret = {"QUARTERJACK_SECRET": "hidden", "PASSWORD": "hidden"}
    return _server(start_shared, shared_folder, "on", *options, *hosts, env=secret).client()


@pytest.fixture(scope="module")
def guarded(start_shared: Start, shared_folder: Path) -> RestClient:
    """Of one that may ask, but nobody private."""
    return _server(start_shared, shared_folder, "guarded", "--builtin", "http").client()


@pytest.fixture(scope="module")
def site() -> Iterator[WebServer]:
    with WebServer() as found:
        yield found


# Off by default


@pytest.mark.parametrize(("workflow", "option"), [(COMMAND, "command"), (HTTP, "http")])
def test_a_built_in_workflow_is_refused_until_it_is_switched_on(
    off: RestClient, workflow: str, option: str
) -> None:
    draft = {"workflowId": workflow, "name": "n", "scheduleConfig": {"manual": True}}
    scheduled = off.post("/api/schedules/workflows", draft)
    run = off.post(f"/api/workflows/{workflow}/run", {"params": {}})
    read = off.get(f"/api/workflows/{workflow}")

    assert (scheduled.status, run.status, read.status) == (422, 404, 404)
    assert scheduled.fields == [["workflowId"]]
    told = f"it is built in; switch it on with --builtin {option}"
    assert all(told in answer.body["detail"] for answer in (scheduled, run, read))
    listed = [each["id"] for each in off.get("/api/workflows").body["items"]]
    assert not [name for name in listed if name.startswith("quarterjack.")]


def test_only_what_was_named_is_switched_on(guarded: RestClient) -> None:
    assert guarded.get(f"/api/workflows/{HTTP}").status == 200
    assert guarded.get(f"/api/workflows/{COMMAND}").status == 404


# Commands


def test_a_program_gets_arguments_folder_environment_and_input(
    on: RestClient, tmp_path: Path
) -> None:
    line = 'pwd; echo "$1|$COLOUR|$PASSWORD|$QUARTERJACK_SECRET"; cat; echo oh >&2; exit 3'
    key = on.run(
        COMMAND,
        argv=["sh", "-c", line, "sh", "a; b"],
        cwd=str(tmp_path),
        env={"COLOUR": "red"},
        input="from outside",
        expect=[3],
    )
    result = on.ended(key)["result"]

    assert result["exitCode"] == 3
    assert result["stdout"] == f"{tmp_path.resolve()}\na; b|red||\nfrom outside"
    assert result["stderr"] == "oh\n"


def test_a_line_of_shell_is_run_and_knows_its_execution(on: RestClient) -> None:
    key = on.run(
        COMMAND, shell="echo $((6 * 7)) | tr -d '\\n'; echo \" $QUARTERJACK_EXECUTION_ID\""
    )

    assert on.ended(key)["result"]["stdout"] == f"42 {key}\n"


def test_exit_code_and_output_of_a_command_that_fails_are_kept(on: RestClient) -> None:
    key = on.run(COMMAND, shell="echo one; echo two >&2; exit 7")
    ended = on.ended(key)

    assert ended["status"] == "failed"
    assert ended["error"]["type"] == "CommandFailed"
    assert "7" in ended["error"]["message"]
    assert "two" in ended["error"]["message"]
    assert {"stdout: one", "stderr: two"} <= set(on.lines(key, ended["steps"][0]["name"]))


@pytest.mark.parametrize(
    ("line", "how"),
    [
        pytest.param(OBEDIENT, "command's timeout", id="obedient, its timeout"),
        pytest.param(STUBBORN, "execution's timeout", id="ignores SIGTERM, execution's timeout"),
        pytest.param(STUBBORN, "cancel", id="ignores SIGTERM, cancelled"),
    ],
)
def test_a_command_that_is_ended_is_ended_with_its_whole_process_group(
    on: RestClient, tmp_path: Path, line: str, how: str
) -> None:
    params = {"shell": line, "cwd": str(tmp_path)}
    config: dict[str, Any] = {"params": params}
    if how == "command's timeout":
        params["timeout"] = "300ms"
    elif how == "execution's timeout":
        config["timeout"] = "300ms"
    key = on.trigger(on.schedule(COMMAND, {"manual": True}, executionConfig=config))
    pids = noted(tmp_path)
    assert len(pids) == 2
    if how == "cancel":
        assert all(map(lives, pids))
        on.cancel(key)
    ended = on.ended(key)

    assert none_lives(pids)
    status, error = {
        "cancel": ("cancelled", None),
        "command's timeout": ("failed", "CommandTimedOut"),
        "execution's timeout": ("timedOut", "ExecutionTimeout"),
    }[how]
    assert ended["status"] == status
    assert (ended["error"] or {}).get("type") == error


def test_a_command_ends_with_its_server(start: Start, tmp_path: Path) -> None:
    server = start("--runner", "thread", "--builtin", "command", "--grace", "0s")
    client = server.client()
    client.run(COMMAND, shell=STUBBORN, cwd=str(tmp_path))
    pids = noted(tmp_path)

    assert server.end() == 0
    assert none_lives(pids)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "argv"),
        ({"argv": ["ls"], "shell": "ls"}, "argv"),
        ({"shell": "ls", "timeout": "soon"}, "timeout"),
        ({"shell": "ls", "colour": "red"}, "colour"),
    ],
)
def test_wrong_parameters_are_refused_by_name(
    on: RestClient, params: dict[str, Any], field: str
) -> None:
    answer = on.post(f"/api/workflows/{COMMAND}/run", {"params": params})

    assert answer.status == 422
    assert answer.fields == [["params", field]]


# Requests


def test_a_request_has_method_headers_and_body(on: RestClient, site: WebServer) -> None:
    site.answer("/orders", 201, "made", X_Number="7")
    headers = {"X-Team": "bi"}
    key = on.run(
        HTTP, url=f"{site.url}/orders?a=1", method="POST", headers=headers, json={"size": 3}
    )
    result = on.ended(key)["result"]

    (asked,) = [each for each in site.asked if each.path == "/orders?a=1"]
    assert (asked.method, asked.headers["x-team"], json.loads(asked.body)) == (
        "POST",
        "bi",
        {"size": 3},
    )
    assert (result["status"], result["body"], result["headers"]["x-number"]) == (201, "made", "7")


@pytest.mark.parametrize(
    ("expect", "status"),
    [(["2xx"], "failed"), ([503], "succeeded"), (["5xx", 200], "succeeded")],
)
def test_another_status_than_expected_fails(
    on: RestClient, site: WebServer, expect: list[str | int], status: str
) -> None:
    site.answer("/busy", 503, "come back later")
    ended = on.ended(on.run(HTTP, url=f"{site.url}/busy", expect_status=expect))

    assert ended["status"] == status
    if status == "failed":
        assert ended["error"]["type"] == "HttpStatusError"
        assert "come back later" in ended["error"]["message"]


def test_a_request_that_is_not_answered_in_time_has_failed(on: RestClient, site: WebServer) -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    site.handlers["/never"] = never
    ended = on.ended(on.run(HTTP, url=f"{site.url}/never", timeout="300ms"))

    assert ended["error"]["type"] == "HttpTimedOut"


def test_other_hosts_than_the_allowed_ones_are_refused(on: RestClient, site: WebServer) -> None:
    for address in ("http://example.org/", f"http://localhost:{site.port}/"):
        answer = on.post(f"/api/workflows/{HTTP}/run", {"params": {"url": address}})

        assert answer.status == 422
        assert answer.fields == [["params", "url"]]
        assert "is not among" in answer.body["detail"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0x7f.1",
        "0.0.0.0",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
    ],
)
def test_private_addresses_are_refused_however_they_are_written(
    guarded: RestClient, site: WebServer, host: str
) -> None:
    before = len(site.asked)
    ended = guarded.ended(guarded.run(HTTP, url=f"http://{host}:{site.port}/secret"))

    assert ended["status"] == "failed"
    assert ended["error"]["type"] == "AddressRefused"
    assert len(site.asked) == before


def test_a_redirect_to_a_private_address_is_refused(on: RestClient, site: WebServer) -> None:
    site.answer("/away", 302, Location="http://10.0.0.1/")
    ended = on.ended(on.run(HTTP, url=f"{site.url}/away", follow_redirects=True))

    assert ended["status"] == "failed"
    assert ended["error"]["type"] == "AddressRefused"


def test_a_schedule_runs_a_command_with_no_python(on: RestClient) -> None:
    config = {"params": {"argv": ["echo", "tick"]}}
    key = on.schedule(COMMAND, {"cron": "* * * * * *"}, executionConfig=config)
    eventually(lambda: [each for each in on.executions(key) if each["status"] == "succeeded"])
    on.delete(f"/api/schedules/{key}/workflow")

    assert on.executions(key)[-1]["result"]["stdout"] == "tick\n"
