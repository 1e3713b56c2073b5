"""The options of `serve`, and what is refused at the start: one line, an exit code, no traceback."""

import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from forked_commands import ForkedCommands
from server_process import ServerProcess

Start = Callable[..., ServerProcess]
APPS = Path(__file__).parent / "apps"


@pytest.fixture(scope="module")
def quarterjack(shared_folder: Path) -> Iterator[ForkedCommands]:
    """Runs commands that end by themselves."""
    with ForkedCommands(shared_folder) as commands:
        yield commands


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["--host", "0.0.0.0"], "loopback addresses only", id="not loopback"),
        pytest.param(["--port", "99999"], "--port", id="no port"),
        pytest.param(["--no-such-option"], "--no-such-option", id="unknown option"),
        pytest.param(["--grace", "soon"], "is not a duration", id="no duration"),
        pytest.param(["--concurrency", "0"], "--concurrency", id="nothing at once"),
        pytest.param(["--rate-limit", "often"], "is not a rate", id="no rate"),
        pytest.param(["--max-result", "much"], "is no size", id="no size"),
        pytest.param(["--max-result", "10"], "max_result", id="too small"),
        pytest.param(["--database", "mysql://x"], "is not a database URL", id="other database"),
        pytest.param(["--builtin", "ftp"], "'ftp' is not one of", id="no built-in workflow"),
        pytest.param(["--http-allow-host", "http://x"], "'http://x' is no host", id="no host"),
        pytest.param(["--app", "no_such_module"], "no module 'no_such_module'", id="no module"),
        pytest.param(["--app", "jobs:nothing"], "has no 'nothing'", id="no attribute"),
        pytest.param(["--app", "jobs:mark"], "'mark' is a function", id="no workflow"),
        pytest.param(["--app", "jobs mark"], "write MODULE or MODULE:ATTR", id="no name"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(
    quarterjack: ForkedCommands, tmp_path: Path, arguments: list[str], told: str
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    usual = ("--app", "jobs", "--port", "0", "--database", database)

    ended = quarterjack("serve", *usual, *arguments, cwd=APPS)

    assert ended.code == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_a_port_that_is_taken_is_told(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = start("--port", str(port))

        assert server.wait() == 2
        assert f"can't listen on 127.0.0.1:{port}" in server.log
        assert "Traceback" not in server.log


def test_a_second_server_on_the_same_file_is_refused(start: Start) -> None:
    first = start()
    client = first.client()

    second = start()

    assert second.wait() == 1
    assert str(first.process.pid) in second.log
    assert client.get("/readyz").status == 200


def test_a_newer_database_is_refused_and_left_alone(start: Start, tmp_path: Path) -> None:
    server = start()
    server.client()
    server.end()
    with closing(sqlite3.connect(tmp_path / "q.db")) as database:
        database.execute("PRAGMA user_version = 999")

    server = start()

    assert server.wait() == 1
    assert "999" in server.log
    with closing(sqlite3.connect(tmp_path / "q.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (999,)


def test_options_come_from_a_file_the_environment_and_the_line(
    start: Start, tmp_path: Path
) -> None:
    config = tmp_path / "quarterjack.toml"
    config.write_text('grace = "never"\nhost = "localhost"\n')

    server = start("--config", str(config), env={"QUARTERJACK_GRACE": "5s"})

    assert server.client().get("/readyz").status == 200


ONE, BOTH = {"quarterjack.command"}, {"quarterjack.command", "quarterjack.http"}


@pytest.mark.parametrize(
    ("line", "environment", "file", "on"),
    [
        pytest.param([], {}, "", set(), id="nowhere"),
        pytest.param(["--builtin", "command", "--builtin", "http"], {}, "", BOTH, id="line"),
        pytest.param([], {"QUARTERJACK_BUILTIN": "command http"}, "", BOTH, id="environment"),
        pytest.param([], {}, 'builtin = ["command", "http"]', BOTH, id="file"),
        pytest.param([], {}, 'builtin = "command"', ONE, id="file, one value"),
        pytest.param(["--builtin", "command"], {}, 'builtin = ["http"]', ONE, id="line over file"),
    ],
)
def test_builtin_workflows_are_switched_on_like_any_option(
    start: Start,
    tmp_path: Path,
    line: list[str],
    environment: dict[str, str],
    file: str,
    on: set[str],
) -> None:
    config = tmp_path / "quarterjack.toml"
    config.write_text(f'{file}\nhttp-allow-host = "example.org"\nhttp-allow-private = true\n')

    server = start("--config", str(config), *line, env=environment)

    found = {each["id"] for each in server.client().get("/api/workflows").body["items"]}
    assert {each for each in found if each.startswith("quarterjack.")} == on
    assert ("can run any command" in server.log) is ("quarterjack.command" in on)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("prot = 1", "no option 'prot'", id="unknown"),
        pytest.param("port = [", "quarterjack.toml", id="no TOML"),
        pytest.param('port = "many"', "'many'", id="wrong value"),
        pytest.param("[port]\nx = 1", "port is a table", id="table"),
    ],
)
def test_a_wrong_file_is_told(
    quarterjack: ForkedCommands, tmp_path: Path, text: str, told: str
) -> None:
    config = tmp_path / "quarterjack.toml"
    config.write_text(text)

    ended = quarterjack("serve", "--config", str(config), cwd=tmp_path)

    assert ended.code == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
