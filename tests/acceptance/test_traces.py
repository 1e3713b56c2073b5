"""Traces of a real server: from a caller's header, through worker processes, to a collector."""

import subprocess
import sys
from pathlib import Path

import pytest
from collector import Collector
from rest_client import RestClient
from server_process import Start
from waiting import eventually

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{SPAN}-01"
HEADER = {"traceparent": GIVEN}
ERROR = 2
APP = ("--app", "traced")


@pytest.fixture
def without_otel(tmp_path: Path) -> dict[str, str]:
    """The environment of a program in which the extra is not installed."""
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text(
        "import sys\nsys.modules['opentelemetry'] = None\n", encoding="utf-8"
    )
    return {"PYTHONPATH": str(tmp_path / "hidden")}


def started_with(client: RestClient, path: str, body: object, header: dict[str, str]) -> str:
    answer = client.post(path, body, header)
    assert answer.status == 202, answer.raw
    found = answer.body
    return str(found["executionId"] if "executionId" in found else found["executionIds"][0])


def test_spans_come_to_the_collector_below_the_caller_s(start: Start) -> None:
    with Collector() as collector:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "nightly"}
        server = start(*APP, "--traces", "otlp", env=env)
        client = server.client()
        key = started_with(client, "/api/workflows/above/run", {}, HEADER)
        found = client.ended(key)
        assert server.end() == 0  # what waits is sent at the end

    assert found["status"] == "succeeded"
    assert {service for service, _ in collector.spans} == {"nightly"}
    (whole,), (child,) = collector.named("above"), collector.named("below")
    first, second = collector.named("flaky")
    (waiting,), (inner,) = collector.named("child"), collector.named("inner")
    assert {span.trace_id.hex() for _, span in collector.spans} == {TRACE}
    assert whole.parent_span_id.hex() == SPAN
    assert {first.parent_span_id, second.parent_span_id} == {whole.span_id}
    assert waiting.parent_span_id == whole.span_id
    assert child.parent_span_id == waiting.span_id
    assert inner.parent_span_id == child.span_id
    assert (first.status.code, second.status.code) == (ERROR, 0)
    assert first.end_time_unix_nano <= second.start_time_unix_nano <= whole.end_time_unix_nano
    assert found["result"] == f"00-{TRACE}-{inner.span_id.hex()}-01"


@pytest.fixture(scope="module")
def untraced(start_shared: Start) -> RestClient:
    """A client of a server without traces."""
    return start_shared(*APP, "--runner", "thread").client()


@pytest.mark.parametrize(
    "path",
    ["/api/workflows/below/run", "/api/schedules/sch/trigger", "/api/events/go"],
)
def test_every_call_that_starts_work_takes_a_trace_over(untraced: RestClient, path: str) -> None:
    manual = untraced.schedule("below", {"manual": True})
    untraced.schedule("below", {"event": "go"})

    key = started_with(untraced, path.replace("/sch/", f"/{manual}/"), {}, HEADER)

    assert untraced.ended(key)["result"] == GIVEN


@pytest.mark.parametrize("given", ["", "nonsense", f"{GIVEN}-more", "00-0-0-01"])
def test_an_odd_trace_context_is_ignored(untraced: RestClient, given: str) -> None:
    key = started_with(untraced, "/api/workflows/below/run", {}, {"traceparent": given})

    assert untraced.ended(key)["result"] is None


def test_a_trace_context_outlives_the_server(start: Start, log: Path, gate: Path) -> None:
    with start() as server:
        client = server.client()
        params = {"log": str(log), "gate": str(gate)}
        key = started_with(client, "/api/workflows/gated/run", {"params": params}, HEADER)
        eventually(lambda: log.exists() and "second" in log.read_text(encoding="utf-8"))
        server.process.kill()
        server.wait()
    gate.touch()
    with Collector() as collector:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        again = start("--traces", "otlp", env=env)
        assert again.client().ended(key)["status"] == "succeeded"
        assert again.end() == 0

    (whole,) = collector.named("gated")
    assert (whole.trace_id.hex(), whole.parent_span_id.hex()) == (TRACE, SPAN)
    assert [span.status.code for span in collector.named("second")] == [ERROR, 0]


def test_a_collector_that_is_not_there_holds_nobody_up(start: Start) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "2"}
    server = start(*APP, "--traces", "otlp", env=env)
    client = server.client()

    assert client.ended(client.run("above"))["status"] == "succeeded"
    assert server.end() == 0


def test_without_the_extra_everything_else_works(
    start: Start, without_otel: dict[str, str]
) -> None:
    client = start(*APP, env=without_otel).client()

    key = started_with(client, "/api/workflows/above/run", {}, HEADER)

    assert client.ended(key)["result"] == GIVEN


def test_without_the_extra_traces_are_refused_in_a_line(
    start: Start, without_otel: dict[str, str]
) -> None:
    server = start(*APP, "--traces", "otlp", env=without_otel)

    assert server.wait() == 2
    (line,) = server.log.splitlines()
    assert "install quarterjack[otel]" in line


def test_the_extra_is_not_imported_unless_it_is_wanted() -> None:
    program = "import sys, quarterjack.http.cli.main; print('opentelemetry' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout.strip() == "False", done.stderr
