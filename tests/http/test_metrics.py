"""`/metrics`: what is served is what happened, and what the documentation lists."""

import asyncio
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from live_client import LiveClient, live_client
from prometheus_client.openmetrics import parser as openmetrics
from rest_client import RestClient
from scrape import Scrape, scrape
from site_server import Site
from waiting import eventually

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `(quarterjack_\w+)` \| (\w+) \| (.*?) \|", re.MULTILINE)
REQUESTS = "quarterjack_api_request_seconds_count"
LIBRARY = ("process_", "python_")


@pytest.fixture
def worked(client: RestClient) -> Scrape:
    """The metrics after some runs, a failure and wrong requests."""
    client.schedule("echo", {"manual": True})
    for workflow in ("echo", "echo", "fails"):
        client.ended(client.run(workflow))
    client.get("/api/executions/exe_unknown")
    client.get("/nothing/here")
    return scrape(client)


def test_what_is_served_is_what_happened(worked: Scrape) -> None:
    ended = "quarterjack_executions_total"
    assert worked.value(ended, workflow="echo", status="succeeded") == 2
    assert worked.value(ended, workflow="fails", status="failed") == 1
    assert worked.value("quarterjack_schedules", status="active") == 1
    assert worked.value("quarterjack_executions_running") == 0
    assert worked.value("quarterjack_database_writable") == 1
    assert (worked.value("process_resident_memory_bytes") or 0) > 1_000_000


def test_requests_are_counted_by_call_and_class_of_status(worked: Scrape) -> None:
    assert worked.value(REQUESTS, call="runWorkflow", status="2xx") == 3
    assert worked.value(REQUESTS, call="getExecution", status="4xx") == 1
    assert worked.value(REQUESTS, call="none", status="4xx") == 1


def test_every_metric_is_in_the_documentation_with_its_labels(worked: Scrape) -> None:
    documented = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in ROW.findall(PAGE.read_text(encoding="utf-8"))
    }
    served = {}
    for name, family in zip(worked.names(), worked.families, strict=True):
        if not name.startswith(LIBRARY):
            labels = {label for sample in family.samples for label in sample.labels}
            served[name] = (family.type, labels - {"le"})

    assert served.keys() == documented.keys()
    for name, (kind, labels) in served.items():
        assert kind == documented[name][0], name
        assert labels in (documented[name][1], set()), name  # without samples there are no labels


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        pytest.param(None, "text/plain; version=0.0.4; charset=utf-8", id="none"),
        pytest.param("*/*", "text/plain; version=0.0.4; charset=utf-8", id="anything"),
        pytest.param(
            "application/openmetrics-text; version=1.0.0",
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
            id="OpenMetrics",
        ),
        pytest.param(
            "application/openmetrics-text; version=x.y; q=1",
            "text/plain; version=0.0.4; charset=utf-8",
            id="nonsense",
        ),
        pytest.param(
            "text/plain; version=9; escaping=all; q=x",
            "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
            id="of the future",
        ),
    ],
)
def test_the_format_is_the_one_that_is_asked_for(
    client: RestClient, accept: str | None, content_type: str
) -> None:
    answer = client.get("/metrics", {} if accept is None else {"Accept": accept})

    assert answer.status == 200
    assert answer.headers["content-type"] == content_type


def test_open_metrics_are_valid(worked: Scrape, client: RestClient) -> None:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    text = client.get("/metrics", accept).raw.decode()

    families = list(openmetrics.text_string_to_metric_families(text))

    assert "quarterjack_executions" in {family.name for family in families}


def test_events_are_timed_until_a_socket_has_them(client: RestClient) -> None:
    async def conversation(live: LiveClient) -> Scrape:
        await live.subscribe(topic="workflow:completed")
        await asyncio.to_thread(client.run, "echo")
        await live.receive()
        return await asyncio.to_thread(scrape, client)

    async def connected() -> Scrape:
        async with live_client(client.url) as live:
            return await conversation(live)

    found = asyncio.run(connected())

    assert found.value("quarterjack_websocket_clients") == 1
    assert found.value("quarterjack_event_delivery_seconds_count") == 1
    assert 0 < (found.value("quarterjack_event_delivery_seconds_sum") or 0) < 10
    assert found.labels(REQUESTS, "call") == {"runWorkflow"}  # a socket that stays is no request
    eventually(lambda: scrape(client).value("quarterjack_websocket_clients") == 0)


def test_two_servers_in_a_process_count_apart(site: Site, client: RestClient) -> None:
    client.ended(client.run("echo"))
    with Site([site.runtime.workflows["echo"]]) as other:  # type: ignore[index]
        found = scrape(other.client)

    assert found.value("quarterjack_executions_started_total", workflow="echo") is None
    assert scrape(client).value("quarterjack_executions_started_total", workflow="echo") == 1


def test_a_scrape_reads_on_a_thread_of_its_own(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    loop_thread = site.run(_thread())
    assembly, threads = site.runtime._running(), list[int]()
    reads = assembly.read

    def read(*arguments: Any) -> Any:
        threads.append(threading.get_ident())
        return reads(*arguments)

    monkeypatch.setattr(assembly, "read", read)
    scrape(site.client)

    assert len(threads) == 1
    assert loop_thread not in threads


def test_what_can_not_be_read_leaves_the_rest(tmp_path: Path) -> None:
    with Site([], database=f"sqlite:///{tmp_path / 'q.db'}") as site:
        readers = site.runtime._running()._readers
        assert readers is not None
        readers.close()
        found = scrape(site.client)

    assert found.value("quarterjack_schedules", status="active") is None
    assert found.value("quarterjack_database_writable") == 1


async def _thread() -> int:
    return threading.get_ident()
