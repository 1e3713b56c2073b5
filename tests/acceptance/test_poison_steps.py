"""Steps that do harm cost their own process only; what they said before is kept."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import lives
from rest_client import RestClient
from server_process import Start
from waiting import eventually

WARM = {"SLOW_IMPORT": "0.3"}


@pytest.fixture(scope="module")
def imports(shared_folder: Path) -> Path:
    """Where each process that imports the workflows says so."""
    return shared_folder / "imports"


@pytest.fixture(scope="module")
def processes(start_shared: Start, imports: Path) -> tuple[RestClient, int, Counter[str]]:
    """The server's client and its process, and who had imported what when it said it listened."""
    more = ("--app", "poisons", "--processes", "4", "--max-result", "3MB")
    server = start_shared(*more, env={**WARM, "IMPORTS": str(imports)})
    client = server.client()
    return client, server.process.pid, Counter(imports.read_text().split())


@pytest.fixture(scope="module")
def client(processes: tuple[RestClient, int, Counter[str]]) -> RestClient:
    return processes[0]


@pytest.fixture(scope="module")
def flood(client: RestClient, shared_folder: Path) -> Iterator[tuple[str, Path]]:
    """A step that prints 100 MB, at the half of it; and the gate that lets it go on."""
    log, gate = shared_folder / "flood.log", shared_folder / "flood.gate"
    key = client.run("flood", log=str(log), gate=str(gate))
    eventually(lambda: log.exists() and "half" in log.read_text())
    yield key, gate
    gate.touch()


@pytest.fixture
def bystander(client: RestClient, gate: Path) -> Iterator[str]:
    """An execution that runs all the while."""
    key = client.run("bystander", gate=str(gate))
    eventually(lambda: client.step(key, "stands_by")["status"] == "running")
    yield key
    gate.touch()


def _attempts(client: RestClient, key: str) -> list[dict[str, Any] | None]:
    (step,) = client.ended(key)["steps"]
    return [attempt["error"] for attempt in step["attempts"]]


@pytest.mark.parametrize(
    ("workflow", "params", "kind", "told"),
    [
        pytest.param(
            "exits", {"code": 1}, "WorkerDied", "the step's process ended with exit code 1", id="1"
        ),
        pytest.param(
            "exits", {"code": 0}, "WorkerDied", "the step's process ended with exit code 0", id="0"
        ),
        pytest.param("segfaults", {}, "WorkerDied", "killed by signal 11 (SIGSEGV)", id="segfault"),
        pytest.param("leaks", {}, "MemoryError", "than its limit of 200 MB", id="memory"),
    ],
)
def test_a_poisonous_step_is_retried_with_an_error_that_says_what_happened(
    client: RestClient,
    gate: Path,
    bystander: str,
    workflow: str,
    params: dict[str, Any],
    kind: str,
    told: str,
) -> None:
    key = client.run(workflow, **params)

    first, second = _attempts(client, key)
    gate.touch()

    assert first is not None
    assert first["type"] == kind
    assert told in first["message"]
    assert second is None
    assert client.execution(key)["result"] == "well"
    assert client.ended(bystander)["result"] == 1


def test_what_a_step_said_before_it_crashed_is_kept(client: RestClient) -> None:
    key = client.run("segfaults")
    client.ended(key)

    logs = client.get(f"/api/executions/{key}/steps/reads_nothing/logs").body["items"]
    assert [attempt["lines"][0]["text"] for attempt in logs] == ["last words"] * 2


def test_a_step_that_ignores_sigterm_is_gone_within_two_seconds_of_its_cancel(
    client: RestClient, log: Path
) -> None:
    key = client.run("deaf", log=str(log))
    pid = int(eventually(lambda: log.exists() and log.read_text()))

    asked = time.monotonic()
    client.cancel(key)
    ended = client.ended(key, within=2)

    assert not lives(pid)
    assert time.monotonic() - asked < 2
    assert ended["status"] == "cancelled"


def test_output_and_log_records_are_readable_while_the_step_runs(
    client: RestClient, gate: Path
) -> None:
    expected = {"to stdout", "to stderr", "to a logger", "to the step's logger"}
    key = client.run("speaks", gate=str(gate))

    eventually(lambda: set(client.lines(key, "speaking")) == expected)
    (running,) = client.get(f"/api/executions/{key}/steps/speaking/logs").body["items"]
    gate.touch()
    client.ended(key)
    (ended,) = client.get(f"/api/executions/{key}/steps/speaking/logs").body["items"]

    assert (running["running"], ended["running"]) == (True, False)
    streams = {line["text"]: (line["stream"], line["level"]) for line in ended["lines"]}
    assert streams == {
        "to stdout": ("stdout", ""),
        "to stderr": ("stderr", ""),
        "to a logger": ("log", "WARNING"),
        "to the step's logger": ("log", "INFO"),
        "at the end": ("stdout", ""),
    }


def test_of_100_mb_the_last_64_kb_are_readable_meanwhile_and_afterwards(
    client: RestClient, flood: tuple[str, Path]
) -> None:
    key, gate = flood
    address = f"/api/executions/{key}/steps/prints/logs"

    eventually(lambda: client.lines(key, "prints")[-1:] == ["half"])
    (half,) = client.get(address).body["items"]
    gate.touch()
    client.ended(key, within=40)
    (whole,) = client.get(address).body["items"]

    kept = [sum(len(line["text"]) + 1 for line in each["lines"]) for each in (half, whole)]
    assert all(60_000 < size <= 65_536 for size in kept)
    assert (half["running"], whole["running"]) == (True, False)
    assert whole["lines"][-1]["text"] == "the end"
    assert 49_900_000 < half["dropped"] < 50_100_000
    assert 99_900_000 < whole["dropped"] < 100_100_000


def test_the_server_stays_responsive_while_a_step_prints_without_end(
    client: RestClient, log: Path, gate: Path
) -> None:
    gate.touch()
    key = client.run("flood", log=str(log), gate=str(gate))
    slowest, calls = 0.0, 0
    while client.execution(key)["endedAt"] is None:
        began = time.monotonic()
        assert client.get("/healthz").status == 200
        slowest, calls = max(slowest, time.monotonic() - began), calls + 1

    assert calls > 20
    assert slowest < 1


def test_workers_are_warm_when_the_server_says_that_it_listens(
    processes: tuple[RestClient, int, Counter[str]], imports: Path
) -> None:
    client, server, importers = processes

    assert len(importers) == 5
    assert str(server) in importers
    assert client.ended(client.run("isolated"))["result"][0] != server


def test_the_workflows_modules_are_imported_once_by_each_worker(
    client: RestClient, imports: Path
) -> None:
    for key in [client.run("good") for _ in range(40)]:
        assert client.ended(key)["result"] == 1

    assert set(Counter(imports.read_text().split()).values()) == {1}


def test_a_step_chooses_where_it_runs(processes: tuple[RestClient, int, Counter[str]]) -> None:
    client, server, _ = processes
    key = client.run("places")
    result = client.ended(key)["result"]

    assert result["on_a_thread"] == result["as_coroutine"] == server
    assert server not in (result["by_default"], result["in_a_process"])


def test_a_result_over_the_limit_is_refused_with_a_suggestion(client: RestClient) -> None:
    fits = client.ended(client.run("large", size=3_000_000))
    error = client.ended(client.run("large", size=4_000_000))["error"]

    assert fits["result"] == 3_000_000
    assert error["type"] == "NotPlainData"
    assert error["message"] == (
        "the result of returns: 4,000,005 bytes when packed, over the limit of 3,145,728; "
        "keep it in a file or an object store, and pass its path or address on"
    )
