"""What is tried again, and what is not: nothing is done twice, and nobody waits for ever."""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from aiohttp import web
from site_server import Site
from web_server import WebServer

from quarterjack.actors.engine import Reply
from quarterjack.http import Client, NoServer, ServerBusy, ServerUnreachable
from quarterjack.http.client.repetition import LONGEST_WAIT, Backoff, Repetition
from quarterjack.http.routes import all_calls
from quarterjack.storage import SeededIds

TIMEOUT = 20
STARTED = json.dumps({"executionId": "exe_1"})
BUSY = {"title": "No", "detail": "later", "status": 503}
KEYED = {call.name for call in all_calls() if call.takes_key}
STARTS = {
    "createSchedule": (
        "/api/schedules/workflows",
        lambda client: client.create_scheduled_workflow({}),
    ),
    "triggerSchedule": (
        "/api/schedules/x/trigger",
        lambda client: client.trigger_scheduled_execution("x"),
    ),
    "runWorkflow": ("/api/workflows/x/run", lambda client: client.run("x")),
    "retryExecution": ("/api/executions/x/retry", lambda client: client.retry_execution("x")),
    "backfillSchedule": (
        "/api/schedules/x/backfill",
        lambda client: client.backfill_schedule("x", {}),
    ),
}


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as started:
        yield started


@pytest.fixture
def client(server: WebServer) -> Iterator[Client]:
    with Client(server.url, ids=SeededIds(1)) as found:
        yield found


def busy(server: WebServer, path: str, times: int, then: str, **problem: Any) -> None:
    """Answer a path with a problem so many times, and then as it should be."""
    left = iter(range(times))
    text = json.dumps({**BUSY, **problem})

    async def handle(_: web.Request) -> web.Response:
        if next(left, None) is None:
            return web.Response(text=then)
        return web.Response(status=int(problem.get("status", 503)), text=text)

    server.handlers[path] = handle


def broken_off(server: WebServer, path: str, times: int, then: str) -> None:
    """Break a connection off so many times, when the request has come."""
    left = iter(range(times))

    async def handle(request: web.Request) -> web.Response:
        if next(left, None) is not None:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(text=then)

    server.handlers[path] = handle


def test_what_reads_is_repeated_when_the_connection_breaks(
    server: WebServer, client: Client
) -> None:
    text = '{"status": "ok", "loopLag": 0, "rescuedSchedules": 0, "clockJumps": 0}'
    broken_off(server, "/healthz", 2, text)

    assert client.health().get(timeout=TIMEOUT).status == "ok"
    assert len(server.asked) == 3


def test_all_that_start_work_are_looked_at_here() -> None:
    assert KEYED - {"scheduleWorkflow", "sendEvent"} == set(STARTS)


@pytest.mark.parametrize("name", STARTS)
def test_what_starts_work_is_repeated_with_the_same_key(
    server: WebServer, client: Client, name: str
) -> None:
    path, ask = STARTS[name]
    broken_off(server, path, 2, "not what was asked for")

    with pytest.raises(Exception, match="not as a Quarterjack server"):
        ask(client).get(timeout=TIMEOUT)  # type: ignore[no-untyped-call]

    keys = [asked.headers["idempotency-key"] for asked in server.asked]
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_two_calls_have_two_keys(server: WebServer, client: Client) -> None:
    server.answer("/api/workflows/x/run", text=STARTED)

    for _ in range(2):
        client.run("x").get(timeout=TIMEOUT)

    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 2


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        ("/api/schedules/x/workflow", lambda client: client.update_scheduled_workflow("x", {})),
        ("/api/schedules/x/workflow", lambda client: client.delete_scheduled_workflow("x")),
        ("/api/executions/x/cancel", lambda client: client.cancel_scheduled_execution("x")),
        ("/api/schedules/x/pause", lambda client: client.pause_schedule("x")),
    ],
)
def test_what_else_changes_something_is_sent_once(
    server: WebServer, client: Client, path: str, ask: Callable[[Client], Reply[Any]]
) -> None:
    broken_off(server, path, 1, "{}")

    with pytest.raises(ServerUnreachable) as failed:
        ask(client).get(timeout=TIMEOUT)

    assert failed.value.sent
    assert len(server.asked) == 1


def test_a_busy_server_is_asked_again(server: WebServer, client: Client) -> None:
    busy(server, "/api/schedules/x/pause", 1, "{}", type="urn:quarterjack:problem:overloaded")

    with pytest.raises(Exception, match="not as a Quarterjack server"):
        client.pause_schedule("x").get(timeout=TIMEOUT)

    assert len(server.asked) == 2


def test_what_may_be_done_is_not_repeated(server: WebServer, client: Client) -> None:
    busy(server, "/api/schedules/x/pause", 1, "{}", type="urn:quarterjack:problem:no-answer")

    with pytest.raises(ServerBusy):
        client.pause_schedule("x").get(timeout=TIMEOUT)

    assert len(server.asked) == 1


def test_a_proxy_that_reaches_no_server_is_a_busy_one(server: WebServer, client: Client) -> None:
    server.answer("/api/schedules/x/workflow", status=502, text="<html>")

    with pytest.raises(ServerBusy) as busy:
        client.get_schedule("x").get(timeout=TIMEOUT)

    assert busy.value.status == 502
    assert len(server.asked) == 5


def test_a_server_that_is_away_for_long_is_not_waited_for(
    server: WebServer, client: Client
) -> None:
    server.answer("/healthz", status=429, text=json.dumps(BUSY), Retry_After="3600")

    with pytest.raises(ServerBusy) as busy:
        client.health().get(timeout=TIMEOUT)

    assert busy.value.retry_after == 3_600
    assert len(server.asked) == 1


def test_where_nobody_listens_it_is_tried_some_times_and_then_told() -> None:
    with WebServer() as gone:
        url = gone.url

    with Client(url, retries=1) as client, pytest.raises(NoServer) as failed:
        client.pause_schedule("x").get(timeout=TIMEOUT)

    assert not failed.value.sent


def test_an_event_that_was_accepted_is_not_sent_twice(site: Site) -> None:
    from quarterjack.http.client.request import Wanted

    config = {"event": "uploaded", "overlap": "allow"}
    with Client(site.client.url) as client:
        schedule = client.create_scheduled_workflow(
            {"workflowId": "echo", "name": "A", "scheduleConfig": config}
        ).get(timeout=TIMEOUT)
        request = Wanted(
            "sendEvent", {"event": "uploaded"}, body={"payload": 1}, takes_key=True
        ).request("k1")
        headers = dict(request.headers)
        first = site.client.send("POST", request.path, request.body, headers)
        again = site.client.send("POST", request.path, request.body, headers)

        assert request.is_repeatable
        assert first.body == again.body
        assert len(client.list_fires(schedule).get(timeout=TIMEOUT).items) == 1


def test_waits_grow_to_a_limit_and_are_never_the_same() -> None:
    backoff = Backoff(Random(7), first=0.1, longest=5.0)

    waits = [backoff.wait(failures) for failures in range(1, 12)]

    assert 0.05 <= waits[0] <= 0.1
    assert 2.5 <= waits[-1] <= 5.0
    assert len(set(waits)) == len(waits)
    assert backoff.wait(10_000) <= 5.0


def test_the_server_says_how_long_to_wait() -> None:
    from quarterjack.http.client.errors import Problem, refusal

    repetition = Repetition(3, Backoff(Random(7)))

    def wait(after: float | None, failures: int = 1) -> float | None:
        error = refusal(Problem(503, "overloaded", "No", "", after))
        return repetition.wait(error, failures, is_repeatable=False)

    assert wait(7.0) == 7.0
    assert (wait(None) or 9) < 1
    assert wait(LONGEST_WAIT + 1) is None
    assert wait(7.0, failures=4) is None
    assert repetition.wait(ServerUnreachable("x", "y", sent=True), 1, is_repeatable=False) is None
