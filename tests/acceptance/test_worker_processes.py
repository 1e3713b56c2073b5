"""A server whose steps run in processes of their own: as users start it, seen from outside."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

Start = Callable[..., ServerProcess]

CRASHING = """
import os
from quarterjack.runtime import Retry, Workflow

crash = Workflow("crash")

@crash.step(retry=Retry(attempts=3, backoff="10ms"))
def dies(log: str) -> None:
    with open(log, "a") as file:
        file.write("once\\n")
    os._exit(3)
"""
CLOSURE = """
from quarterjack.runtime import Workflow

flow = Workflow("flow")

def make():
    @flow.step
    def inner() -> int:
        return 1

make()
"""


def parents() -> dict[int, int]:
    """Every process that runs (a zombie does not), with its parent."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            except OSError:
                continue
            if stat[0] != b"Z":
                found[int(folder.name)] = int(stat[1])
    return found


def descendants(pid: int) -> list[int]:
    """The processes that come from one, without it."""
    known = parents()
    found, left = list[int](), [pid]
    while left:
        parent = left.pop()
        more = [each for each, its in known.items() if its == parent]
        found += more
        left += more
    return found


def run(client: RestClient, workflow: str, **params: str) -> dict[str, object]:
    answer = client.post(f"/api/workflows/{workflow}/run", {"params": params})
    key = answer.body["executionId"]

    def ended() -> dict[str, object] | None:
        body: dict[str, object] = client.get(f"/api/executions/{key}").body
        return body if body["endedAt"] else None

    return eventually(ended)


def test_a_step_runs_in_another_process_than_the_server(start: Start) -> None:
    server = start("--runner", "process", "--processes", "2")
    client = server.client()

    result = run(client, "isolated")["result"]

    assert isinstance(result, list)
    assert server.process.pid not in result
    assert result[0] in descendants(server.process.pid)


def test_a_step_runs_in_the_server_if_that_is_wanted(start: Start) -> None:
    server = start("--runner", "thread")
    client = server.client()

    assert run(client, "isolated")["result"] == [server.process.pid, os.getpid()]
    assert descendants(server.process.pid) == []


def test_no_process_outlives_a_killed_server(start: Start, log: Path, gate: Path) -> None:
    server = start()
    client = server.client()
    client.post("/api/workflows/gated/run", {"params": {"log": str(log), "gate": str(gate)}})
    eventually(lambda: log.exists() and "second" in log.read_text())
    pids = descendants(server.process.pid)

    server.end(signal.SIGKILL)

    assert len(pids) >= 4  # two workers, the process they are forked from, and its helper
    eventually(lambda: not parents().keys() & set(pids), within=3)


def test_no_process_outlives_a_server_that_ends(start: Start) -> None:
    server = start()
    server.client()
    pids = descendants(server.process.pid)

    assert server.end() == 0
    eventually(lambda: not parents().keys() & set(pids), within=3)


def test_sigterm_to_every_process_lets_running_steps_end(
    start: Start, log: Path, gate: Path
) -> None:
    """As systemd does it by default."""
    server = start()
    client = server.client()
    path = "/api/workflows/gated/run"
    key = client.post(path, {"params": {"log": str(log), "gate": str(gate)}}).body["executionId"]
    eventually(lambda: log.exists() and "second" in log.read_text())

    for pid in descendants(server.process.pid):
        os.kill(pid, signal.SIGTERM)
    server.send(signal.SIGTERM)
    gate.touch()

    assert server.wait() == 0
    client = start().client()
    eventually(lambda: client.get(f"/api/executions/{key}").body["status"] == "succeeded")
    assert log.read_text().count("second") == 1


def test_steps_go_on_when_the_process_that_workers_come_from_is_killed(
    start: Start, log: Path, gate: Path
) -> None:
    client = start().client()
    origin = run(client, "isolated")["result"]
    path = "/api/workflows/gated/run"
    key = client.post(path, {"params": {"log": str(log), "gate": str(gate)}}).body["executionId"]
    eventually(lambda: log.exists() and "second" in log.read_text())

    assert isinstance(origin, list)
    os.kill(origin[1], signal.SIGKILL)
    gate.touch()

    eventually(lambda: client.get(f"/api/executions/{key}").body["status"] == "succeeded")
    assert run(client, "isolated")["status"] == "succeeded"


def test_a_step_that_takes_its_process_down_is_retried_and_told(tmp_path: Path, log: Path) -> None:
    (tmp_path / "crashing.py").write_text(CRASHING, encoding="utf-8")
    options = ("--app", "crashing", "--port", "0", "--database", f"sqlite:///{tmp_path}/q.db")
    with ServerProcess(*options, cwd=tmp_path, log=tmp_path / "err") as server:
        ended = run(server.client(), "crash", log=str(log))

        assert ended["status"] == "failed"
        assert ended["error"] == {
            "type": "WorkerDied",
            "message": "the step's process ended with exit code 3",
            "traceback": "",
        }
        assert log.read_text() == "once\n" * 3
        assert server.end() == 0


def test_a_function_that_no_process_can_find_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "closure.py").write_text(CLOSURE, encoding="utf-8")
    options = ("--app", "closure", "--port", "0", "--database", f"sqlite:///{tmp_path}/q.db")
    with ServerProcess(*options, cwd=tmp_path, log=tmp_path / "err") as server:
        assert server.wait() == 2
        assert "workflow 'flow', step 'inner'" in server.log
        assert 'give the step runner="thread"' in server.log
        assert "Traceback" not in server.log
