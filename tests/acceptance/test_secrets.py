"""A server as users start it, with steps in processes: a secret is nowhere to be found from outside."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from live_client import MSGPACK, live_client
from rest_client import RestClient
from secret_steps import PLAIN, VARIABLE
from server_process import Start

SUPPORT = Path(__file__).parent.parent / "support"
FROM_FILE = "from a file, horse"
GIVEN = "given as it is, horse"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The key file, as its command makes it."""
    path = tmp_path / "key"
    command = [sys.executable, "-m", "quarterjack.http", "secret-key", str(path)]
    subprocess.run(command, check=True, timeout=30)
    return path


@pytest.fixture
def options(key: Path, tmp_path: Path) -> list[str]:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "smtp").write_text(FROM_FILE + "\n", encoding="utf-8")
    folder = str(tmp_path / "secrets")
    return ["--app", "secret_steps", "--secret-key-file", str(key), "--secret-dir", folder]


def command_lines() -> str:
    """What `ps` shows, of all processes."""
    found = subprocess.run(["ps", "-eo", "args", "ww"], capture_output=True, text=True, check=True)
    return found.stdout


async def leak(rest: RestClient, givens: list[Any]) -> list[dict[str, Any]]:
    """Run the workflow that tells its secret with each of them; the frames that a client gets."""
    async with live_client(rest.url, MSGPACK) as live:
        await live.subscribe()
        for given in givens:
            await asyncio.to_thread(rest.run, "leaky", password=given)
        return await live.until(
            lambda frames: (
                [each["event"] for each in frames].count("workflow:failed") == len(givens)
            )
        )


def test_a_secret_is_nowhere_to_be_found(start: Start, options: list[str], tmp_path: Path) -> None:
    env = {"PYTHONPATH": str(SUPPORT), VARIABLE: PLAIN}
    file = {"file": str(tmp_path / "secrets" / "smtp")}
    server = start(*options, env=env)
    rest = server.client()
    for given in (GIVEN, {"env": VARIABLE}, file):
        config = {"executionConfig": {"params": {"password": given}}}
        rest.schedule("careful", {"manual": True}, **config)

    frames = asyncio.run(leak(rest, [GIVEN, {"env": VARIABLE}, file]))
    processes = command_lines()
    schedules = rest.get("/api/schedules").body["items"]
    ends = [rest.ended(rest.trigger(each["id"])) for each in schedules]
    runs = rest.get("/api/executions?workflowId=leaky").body["items"]
    shown = [rest.get(path).raw for path in ("/api/schedules/export", "/api/events?after=0")]
    shown += [
        rest.get(f"/api/executions/{run['id']}{more}").raw
        for run in runs
        for more in ("", "/steps/leak/logs", "/steps/fail/logs")
    ]
    assert server.end() == 0

    lengths = [end["steps"][0]["result"][0] for end in ends]
    assert sorted(lengths) == sorted(map(len, (GIVEN, PLAIN, FROM_FILE)))
    assert [end["steps"][0]["result"][3] for end in ends] == [None] * 3, "not in their environment"
    assert b"no access with ***" in b"".join(shown)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("q.db*"))
    places = {
        "frames": repr(frames),
        "answers": repr([*schedules, *ends, *runs, *shown]),
        "log": server.log + server.rest_of_output(),
        "database": stored.decode("latin-1"),
        "ps": processes,
    }
    assert [name for name, text in places.items() if "horse" in text] == []
    assert "secret_steps" in places["ps"], "the server was running"


def test_a_wrong_key_file_is_told_in_one_line(start: Start, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key but horse", encoding="utf-8")

    server = start("--secret-key-file", str(tmp_path / "key"))

    assert server.wait() == 2
    assert "secret_key_file: " in server.log
    assert "horse" not in server.log
    assert len(server.log.splitlines()) <= 2, server.log
