"""Floods at the open port of a real server: slow connections, guessed tokens, chunks without end."""

import http.client
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from bearer import Bearer
from memory import resident
from raw_http import connected, until_closed
from rest_client import RestClient
from server_process import ServerProcess, Start
from waiting import eventually

SERVER_OPTIONS = ("--runner", "thread")
HOST = b"Host: localhost\r\n"
HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\n" + HOST
HALF_A_BODY = b"POST /api/events/a HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
HALF_A_BODY += b"Content-Length: 9\r\n\r\n{"
QUICK = 2.0
"""Seconds within which somebody else is answered, whatever goes on."""


@pytest.fixture(scope="module")
def server(start_shared: Start) -> ServerProcess:
    return start_shared()


@pytest.fixture(scope="module")
def admin(server: ServerProcess) -> Bearer:
    client = server.client()
    made = client.post("/api/tokens", {"name": "root", "role": "admin"})
    return Bearer(client.url, made.body["token"])


def timed(ask: Callable[[], int]) -> float:
    """Seconds for an answer that is 200."""
    begun = time.perf_counter()
    assert ask() == 200
    return time.perf_counter() - begun


@contextmanager
def all_the_while(ask: Callable[[], int]) -> Iterator[list[float]]:
    """Ask again and again meanwhile; how long each answer took."""
    over, taken = threading.Event(), list[float]()

    def go_on() -> None:
        while not over.wait(0.02):
            taken.append(timed(ask))

    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(go_on)
        try:
            yield taken
        finally:
            over.set()
        asking.result()


@pytest.mark.slow
def test_chunks_without_end_hold_nobody_up(server: ServerProcess, admin: Bearer) -> None:
    head = HALF_A_BODY.partition(b"Content-Length")[0] + b"Authorization: Bearer "
    head += admin.secret.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    before = resident(server.process.pid)

    with all_the_while(lambda: admin.get("/api/schedules").status) as taken:
        for piece in (b"1\r\n \r\n" * 10_000, b"10000\r\n" + b" " * 65_536 + b"\r\n"):
            with connected(admin.authority) as connection:
                connection.sendall(head)
                try:
                    for _ in range(200):
                        connection.sendall(piece)
                except (BrokenPipeError, ConnectionResetError):
                    continue  # it has heard enough

    assert taken
    assert max(taken) < QUICK
    assert resident(server.process.pid) - before < 30_000_000


def guess(admin: Bearer, count: int) -> Counter[int]:
    """Come with so many bad tokens, over one connection; how they were answered."""
    found: Counter[int] = Counter()
    connection = http.client.HTTPConnection(admin.authority, timeout=20)
    for number in range(count):
        wrong = f"{admin.secret[:-8]}{number:08}"
        connection.request("GET", "/api/schedules", headers={"Authorization": f"Bearer {wrong}"})
        answer = connection.getresponse()
        answer.read()
        found[answer.status] += 1
    connection.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "count", [1_000, pytest.param(20_000, marks=(pytest.mark.slow, pytest.mark.timeout(300)))]
)
def test_who_guesses_tokens_is_held_up_and_who_has_one_is_not(
    server: ServerProcess, admin: Bearer, count: int
) -> None:
    at_once = 4
    before = resident(server.process.pid)

    with (
        all_the_while(lambda: admin.get("/api/schedules").status) as taken,
        ThreadPoolExecutor(at_once) as guessers,
    ):
        found = sum(guessers.map(guess, [admin] * at_once, [count // at_once] * at_once), Counter())

    assert set(found) <= {401, 429}
    assert found[429] > 0.9 * count
    assert taken
    assert max(taken) < QUICK
    assert resident(server.process.pid) - before < 30_000_000


SLOW_KINDS = {"head": (HALF_A_HEAD, 10), "body": (HALF_A_BODY, 30), "idle": (b"", 75)}
"""What is sent of a request, and when the server has enough."""


def hold(stack: ExitStack, client: RestClient, sent: bytes, count: int) -> list[socket.socket]:
    held = []
    for _ in range(count):
        connection = stack.enter_context(connected(client.authority))
        if sent:
            connection.sendall(sent)
        else:
            connection.sendall(HALF_A_HEAD + b"\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        held.append(connection)
    return held


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_five_thousand_slow_connections_hold_nobody_up_and_are_closed_in_time(
    start: Start, many_files: Callable[[int], None]
) -> None:
    count = 5_000
    many_files(count)
    server = start()
    client = server.client()
    files = open_files(server)

    with (
        ExitStack() as stack,
        all_the_while(lambda: client.get("/healthz").status) as taken,
        ThreadPoolExecutor(len(SLOW_KINDS)) as watchers,
    ):
        ends = {}
        for kind, (sent, _) in SLOW_KINDS.items():
            first, *_ = hold(stack, client, sent, count // len(SLOW_KINDS))
            ends[kind] = watchers.submit(lived, first)
        open_at_once = open_files(server) - files
        found = {kind: end.result() for kind, end in ends.items()}
        eventually(lambda: open_files(server) < files + 20, within=60)

    for kind, (_, deadline) in SLOW_KINDS.items():
        assert found[kind] < deadline + 10, found
    assert open_at_once > count / 2
    assert max(taken) < QUICK


def lived(connection: socket.socket) -> float:
    """Seconds until the server has closed it."""
    begun = time.monotonic()
    connection.settimeout(120)
    until_closed(connection)
    return time.monotonic() - begun


def open_files(server: ServerProcess) -> int:
    return sum(1 for _ in Path(f"/proc/{server.process.pid}/fd").iterdir())
