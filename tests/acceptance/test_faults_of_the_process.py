"""The server's process dies at the worst places, is stopped, or has no files or memory left."""

import asyncio
import os
import signal
from datetime import datetime, timedelta
from pathlib import Path

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
    """A server that kills itself at a place, and is started again, until a request has its answer."""

    def __init__(self, start: Start, folder: Path, log: Path) -> None:
        self._start, self._now, self._log = start, folder / "now", log
        self.answers: list[str] = []

    def server(self, place: str) -> ServerProcess:
        environment = {"DIE_AT": place, "DIE_NOW": str(self._now)}
        return self._start("--app", "crash_points", "--runner", "thread", env=environment)

    def ask(self, client: RestClient, key: str) -> None:
        """Ask for a run under a key; the server may be gone before it has answered."""
        body = {"params": {"log": str(self._log)}}
        try:
            answer = client.post("/api/workflows/mixed/run", body, {"Idempotency-Key": key})
        except OSError:
            return
        assert answer.status == 202, answer.raw
        self.answers.append(answer.body["executionId"])

    def dies(self, place: str, passed: int) -> bool:
        """Whether the server dies there, asked for one run; then it is asked for it again."""
        key = f"{place}-{passed}".replace(" ", "-")
        server = self.server(place)
        client = server.client()
        self._now.write_text(str(passed))
        self.ask(client, key)
        if self._outlived(client):
            self._now.unlink()
            assert server.end() == 0
            return False
        assert server.wait() == -signal.SIGKILL
        server = self.server("nowhere")
        self.ask(server.client(), key)
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        return True

    def _outlived(self, client: RestClient) -> bool:
        try:
            all_end(client)
        except OSError:
            return False
        return self._now.exists()


def _check(dying: Dying, log: Path, database: Path) -> None:
    server = dying.server("nowhere")
    all_end(server.client())
    assert server.end() == 0
    Evidence(log, database).check(list(dict.fromkeys(dying.answers)), [])


def test_wherever_a_server_dies_a_repeated_request_gets_the_one_run_that_was_made(
    start: Start, tmp_path: Path, log: Path
) -> None:
    dying = Dying(start, tmp_path, log)

    for place in PLACES:
        assert dying.dies(place, passed=1 if "commit" in place else 0)

    assert len(set(dying.answers)) == len(PLACES)
    _check(dying, log, tmp_path / "q.db")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("place", PLACES)
def test_whichever_time_a_server_dies_at_a_place_nothing_is_lost(
    start: Start, tmp_path: Path, log: Path, place: str
) -> None:
    dying, passed = Dying(start, tmp_path, log), 0

    while dying.dies(place, passed):
        passed += 1

    assert passed >= 5
    _check(dying, log, tmp_path / "q.db")


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
