"""Who can't be on the WebSocket any more is let go soon: hung machines, revoked and expired tokens."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import raw_websocket
from bearer import Bearer
from raw_websocket import CLOSE, PONG, RawWebSocket, frame, text
from rest_client import RestClient
from scrape import scrape
from server_process import Start
from waiting import eventually

SERVER_OPTIONS = ("--runner", "thread", "--live-heartbeat", "1s")
HEARTBEAT = 1
TURNED_OUT = 4401
WITHIN = 5
EVERYTHING = {"op": "subscribe", "id": "a", "topic": "*"}
CLIENT = f"""
import sys
sys.path.insert(0, {str(Path(raw_websocket.__file__).parent)!r})
from raw_websocket import RawWebSocket, text
with RawWebSocket.open(sys.argv[1]) as raw:
    raw.send(text({{"op": "auth", "token": sys.argv[2]}}) + text({EVERYTHING!r}))
    while True:
        print(raw.event()["op"], flush=True)
"""


@pytest.fixture(scope="module")
def admin(start_shared: Start) -> Bearer:
    client = start_shared().client()
    made = client.post("/api/tokens", {"name": "root", "role": "admin"})
    return Bearer(client.url, made.body["token"])


@contextmanager
def other_machine(admin: Bearer) -> Iterator["subprocess.Popen[bytes]"]:
    """A client in a process of its own, which reads and answers pings."""
    command = [sys.executable, "-c", CLIENT, admin.url, admin.secret]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        assert lines == [b"authenticated\n", b"subscribed\n"]
        yield process
    finally:
        process.kill()
        process.communicate()


def connected(admin: RestClient) -> float | None:
    return scrape(admin).value("quarterjack_websocket_clients")


@pytest.mark.slow
def test_a_client_whose_machine_hangs_is_let_go_within_two_heartbeats(admin: Bearer) -> None:
    with other_machine(admin) as living, other_machine(admin) as hanging:
        assert connected(admin) == 2
        hanging.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        eventually(lambda: connected(admin) == 1)
        taken = time.monotonic() - begun

        admin.ended(admin.run("isolated"))
        assert living.stdout is not None
        assert living.stdout.readline() == b"event\n"
        assert connected(admin) == 1
    eventually(lambda: connected(admin) == 0)
    # Each of the two waits can be a second longer than it is set to.
    assert taken < 2 * HEARTBEAT + 3


def come(token: Bearer) -> RawWebSocket:
    """A client that has subscribed with that token."""
    raw = RawWebSocket.open(token.url)
    raw.send(text({"op": "auth", "token": token.secret}) + text(EVERYTHING))
    assert [raw.event()["op"] for _ in range(2)] == ["authenticated", "subscribed"]
    return raw


def made(admin: Bearer, **body: object) -> tuple[str, Bearer]:
    """A token's id, and its bearer."""
    answer = admin.post("/api/tokens", {"name": "n", "role": "viewer", **body})
    assert answer.status == 201, answer.raw
    return answer.body["id"], Bearer(admin.url, answer.body["token"])


def closed(raw: RawWebSocket, began: float) -> float:
    """Seconds until it was turned out."""
    while (found := raw.receive()).opcode != CLOSE:
        raw.send(frame(PONG, found.payload))
    assert found.code == TURNED_OUT
    return time.monotonic() - began


@pytest.mark.slow
def test_a_revoked_token_is_turned_out_within_seconds_and_no_other(admin: Bearer) -> None:
    key, token = made(admin)
    with (
        come(token) as first,
        come(token) as second,
        come(admin) as other,
        ThreadPoolExecutor(3) as listeners,  # all of them answer pings meanwhile
    ):
        event = listeners.submit(other.event)
        began = time.monotonic()
        ends = [listeners.submit(closed, each, began) for each in (first, second)]
        assert admin.delete(f"/api/tokens/{key}").status == 204
        taken = [end.result() for end in ends]

        admin.ended(admin.run("isolated"))
        assert event.result()["op"] == "event"
    assert max(taken) < WITHIN


@pytest.mark.slow
def test_a_token_that_expires_is_turned_out_within_seconds(admin: Bearer) -> None:
    began = time.monotonic()
    _, token = made(admin, expiresIn="2s")
    with come(token) as raw:
        taken = closed(raw, began)
    assert 2 <= taken < 2 + WITHIN
    assert token.get("/api/schedules").status == 401
