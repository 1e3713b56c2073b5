"""The server's process dies at the worst places, is stopped, or has no files or memory left."""

import asyncio
import json
import os
import resource
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from kill_evidence import Evidence, all_end, check_counters
from live_client import live_client
from rest_client import RestClient
from server_process import ServerProcess, Start
from waiting import eventually

SECONDLY = {"cron": "* * * * * *", "overlap": "allow", "catchUp": "all", "catchUpWindow": "1h"}
PLACES = [
    "before the commit",
    "after the commit",
    "before it is told",
    "after it is told",
    "before a step",
]


class Dying:
    """A server that kills itself at a place, is started again, and asked again what it was asked before."""

    def __init__(self, start: Start, folder: Path, log: Path) -> None:
        self._start, self._now, self._log = start, folder / "now", log
        self._last: str | None = None
        self.answers: dict[str, set[str]] = {}

    def server(self, place: str) -> tuple[ServerProcess, RestClient]:
        """One that dies there when it is armed, and has been asked again."""
        environment = {"DIE_AT": place, "DIE_NOW": str(self._now)}
        server = self._start("--app", "crash_points", "--runner", "thread", env=environment)
        client = server.client()
        if self._last is not None:
            self._ask(client, self._last)
        return server, client

    def _ask(self, client: RestClient, key: str) -> None:
        """Ask for a run under a key; the server may be gone before it has answered."""
        body = {"params": {"log": str(self._log)}}
        self._last = key
        try:
            answer = client.post("/api/workflows/mixed/run", body, {"Idempotency-Key": key})
        except (OSError, HTTPException):
            return
        assert answer.status == 202, answer.raw
        self.answers.setdefault(key, set()).add(answer.body["executionId"])

    def dies(self, place: str, passed: int) -> bool:
        """Whether the server dies there, asked for one run, after the place was passed so often."""
        server, client = self.server(place)
        all_end(client)
        self._now.write_text(str(passed))
        self._ask(client, f"{place}-{passed}".replace(" ", "-"))
        if self._outlived(client):
            self._now.unlink()
            assert server.end() == 0
            return False
        assert server.wait() == -signal.SIGKILL
        return True

    def _outlived(self, client: RestClient) -> bool:
        try:
            all_end(client)
        except (OSError, HTTPException):
            return False
        return self._now.exists()

    def check(self, database: Path) -> None:
        """Each request had one answer, however often it was sent, and what it promised is there."""
        server, client = self.server("nowhere")
        all_end(client)
        assert server.end() == 0
        assert {len(found) for found in self.answers.values()} == {1}
        promised = [key for found in self.answers.values() for key in found]
        Evidence(self._log, database).check(promised, [])


def test_wherever_a_server_dies_a_repeated_request_gets_the_one_run_that_was_made(
    start: Start, tmp_path: Path, log: Path
) -> None:
    dying = Dying(start, tmp_path, log)

    for place in PLACES:
        assert dying.dies(place, passed=1 if "commit" in place else 0)

    dying.check(tmp_path / "q.db")
    assert len(dying.answers) == len(PLACES)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("place", PLACES)
def test_whichever_time_a_server_dies_at_a_place_nothing_is_lost(
    start: Start, tmp_path: Path, log: Path, place: str
) -> None:
    dying, passed = Dying(start, tmp_path, log), 0

    while dying.dies(place, passed):
        passed += 1

    assert passed >= (4 if place == "before a step" else 5)  # four steps are begun
    dying.check(tmp_path / "q.db")


@pytest.mark.slow
@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(4.0, id="4 s"),
        pytest.param(120.0, id="2 min", marks=[pytest.mark.slow, pytest.mark.timeout(240)]),
    ],
)
def test_a_server_that_was_stopped_for_a_while_makes_up_for_it_and_no_step_is_the_worse(
    start: Start, tmp_path: Path, log: Path, seconds: float
) -> None:
    server = start("--app", "naps", "--app", "loads", "--processes", "2")
    client = server.client()
    params = {"executionConfig": {"params": {"log": str(log)}}}
    key = client.schedule("mixed", SECONDLY, **params)
    resting = [client.run("nap", seconds=1.0) for _ in range(2)]
    for each in resting:
        eventually(lambda each=each: client.step(each, "doze")["status"] == "running")  # type: ignore[misc]

    heard = asyncio.run(_stopped_while_listening(server, client, key, seconds))

    assert [client.ended(each)["result"] for each in resting] == ["rested"] * 2
    assert client.post(f"/api/schedules/{key}/pause").status == 200
    all_end(client)
    check_counters(client, [key])
    due = sorted(datetime.fromisoformat(each["scheduledTime"]) for each in client.executions(key))
    assert due == [due[0] + timedelta(seconds=number) for number in range(len(due))]
    assert len(due) >= seconds
    assert heard == list(range(heard[0], heard[0] + len(heard)))
    assert client.get("/healthz").body["clockJumps"] >= 0
    assert "Traceback" not in server.log


async def _stopped_while_listening(
    server: ServerProcess, client: RestClient, key: str, seconds: float
) -> list[int]:
    """The numbers of the events that a client heard, before and after; it resumes when it was cut off."""
    heard: list[int] = []

    async def listen(more: int, until: int | None) -> None:
        async with live_client(client.url) as live:
            await live.subscribe(after=heard[-1] if heard else 0)
            while until is None or heard[-1] < until:
                message = await live.socket.receive(timeout=30)
                if message.type.name in ("CLOSE", "CLOSED", "CLOSING"):
                    return
                frame = message.json()
                if frame["op"] == "event":
                    heard.append(frame["seq"])
                if len(heard) >= more and until is None:
                    server.send(signal.SIGSTOP)
                    await asyncio.sleep(seconds)
                    server.send(signal.SIGCONT)
                    until = heard[-1] + 30

    await listen(10, None)
    await listen(0, heard[-1] + 10)
    return heard


@pytest.mark.slow
def test_a_worker_that_is_stopped_is_killed_at_its_time_limit_and_the_step_runs_again(
    start: Start, log: Path
) -> None:
    client = start("--app", "naps", "--processes", "2").client()
    key = client.run("guarded", log=str(log))
    pid = int(eventually(lambda: log.exists() and log.read_text().split())[0])

    os.kill(pid, signal.SIGSTOP)
    ended = client.ended(key)

    (step,) = ended["steps"]
    errors = [each["error"] and each["error"]["type"] for each in step["attempts"]]
    assert (ended["result"], errors) == (2, ["StepTimeout", None])
    eventually(lambda: not Path(f"/proc/{pid}").exists())


@pytest.mark.slow
def test_a_server_without_files_for_more_connections_goes_on_and_takes_them_again(
    start: Start,
) -> None:
    server = start("--runner", "thread")
    client, pid = server.client(), server.process.pid
    key = client.schedule("isolated", SECONDLY)
    eventually(lambda: client.executions(key))
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        held = stack.enter_context(closing(HTTPConnection(client.authority, timeout=20)))
        assert _asked(held, "/healthz") == 200
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (_files(pid) + 5, hard))
        host, port = client.authority.split(":")
        for _ in range(60):
            stack.enter_context(socket.create_connection((host, int(port))))
        eventually(lambda: "no new connections" in server.log)
        before = int(_body(held, f"/api/schedules/{key}/status")["executionCount"])
        eventually(
            lambda: _body(held, f"/api/schedules/{key}/status")["executionCount"] > before + 2
        )
        assert server.log.count("no new connections") < 5
        assert "Traceback" not in server.log

    eventually(client.is_up)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
    assert client.post(f"/api/schedules/{key}/pause").status == 200
    all_end(client)
    assert {each["status"] for each in client.executions(key)} == {"succeeded"}
    assert server.end() == 0


def _files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _asked(connection: HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _body(connection: HTTPConnection, path: str) -> dict[str, Any]:
    connection.request("GET", path)
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    return found


@pytest.mark.slow
def test_a_server_that_gets_no_more_memory_refuses_and_goes_on(start: Start, log: Path) -> None:
    server = start("--app", "loads", "--runner", "thread")
    client, pid = server.client(), server.process.pid
    client.ended(client.run("mixed", log=str(log)))
    taken = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    _, hard = resource.prlimit(pid, resource.RLIMIT_AS)
    large = json.dumps({"params": {"log": str(log), "more": [{}] * 250_000}}).encode()

    resource.prlimit(pid, resource.RLIMIT_AS, (taken + (48 << 20), hard))
    with ThreadPoolExecutor(20) as many:
        path, kind = "/api/workflows/mixed/run", {"Content-Type": "application/json"}
        sent = [many.submit(client.send, "POST", path, large, kind) for _ in range(60)]
    resource.prlimit(pid, resource.RLIMIT_AS, (hard, hard))

    failed = [each.exception() for each in sent]
    statuses = {each.result().status for each in sent if each.exception() is None}
    assert statuses <= {202, 422, 500, 503}, statuses
    assert len(failed) > 0
    assert server.process.poll() is None
    assert client.ended(client.run("mixed", log=str(log)))["status"] == "succeeded"
    assert client.get("/readyz").status == 200
    assert server.end() == 0
