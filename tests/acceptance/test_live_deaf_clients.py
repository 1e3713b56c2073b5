"""WebSocket clients that never read: the others notice nothing, and the memory is bounded."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from crowd_process import crowd
from memory import resident
from raw_websocket import RawWebSocket, text
from rest_client import RestClient
from server_process import Start

RUNS = 5
ATTEMPTS = 3
EVERYTHING = {"op": "subscribe", "id": "a", "topic": "*"}
EVENTS = 4_000
"""Of 200 bytes and more: these are more than may wait for one client, here and in the system."""
MOST_FOR_ONE = 2_000_000
FULL_SIZE = pytest.param(1_000, 100, marks=(pytest.mark.slow, pytest.mark.timeout(300)))


def lateness(client: RestClient, count: int) -> float:
    """Seconds between an event and its coming, for half of all that so many clients get."""
    with crowd(client.url, count) as many:
        for _ in range(RUNS):
            client.ended(client.run("isolated"))
        result = many.result(client.events()[-1]["seq"])
    assert set(result["seen"].values()) == {count}
    return float(result["median"])


@contextmanager
def deaf(client: RestClient, count: int) -> Iterator[list[RawWebSocket]]:
    """Clients that have subscribed to everything and read nothing after that."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            raw = stack.enter_context(RawWebSocket.open(client.url, receive_buffer=4_096))
            raw.send(text(EVERYTHING))
            assert raw.receive().json["op"] == "subscribed"
            found.append(raw)
        yield found


def fill(client: RestClient) -> None:
    """Make more events than may wait for anybody."""
    draft = {"workflowId": "isolated", "name": "x" * 200, "scheduleConfig": {"manual": True}}
    lines = json.dumps(draft).encode() + b"\n"
    headers = {"Content-Type": "application/x-ndjson"}
    answer = client.send("POST", "/api/schedules/import", lines * EVENTS, headers)
    assert answer.body["created"] == EVENTS


@pytest.mark.slow
@pytest.mark.parametrize(("count", "silent"), [(100, 20), FULL_SIZE])
def test_those_that_never_read_slow_nobody_and_take_bounded_memory(
    start: Start, many_files: Callable[[int], None], count: int, silent: int
) -> None:
    many_files(count)
    server = start("--runner", "thread")
    client = server.client()
    client.ended(client.run("isolated"))

    alone = lateness(client, count - silent)
    before = resident(server.process.pid)
    with deaf(client, silent) as some:
        fill(client)
        # Some times, for what else the machine does; what slowed them would do so each time.
        as_before = any(
            lateness(client, count - silent) < max(2 * alone, 0.02) for _ in range(ATTEMPTS)
        )
        took = resident(server.process.pid) - before
        frames = until_lagged(some[-1])

    assert [each["seq"] for each in frames[:-1]] == list(
        range(frames[0]["seq"], frames[-1]["seq"] + 1)
    )
    assert as_before
    assert took < silent * MOST_FOR_ONE + 30_000_000


def until_lagged(raw: RawWebSocket) -> list[dict[str, Any]]:
    """The events that waited for it, and what it is told after them."""
    frames = [raw.event()]
    while frames[-1]["op"] == "event":
        frames.append(raw.event())
    assert frames[-1]["op"] == "lagged"
    return frames
