"""Whatever bytes come, the server lives, answers others, and its memory stays flat."""

import gzip
import json
import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import resident
from raw_http import answers, connected, exchange
from rest_client import RestClient
from server_process import ServerProcess, Start
from waiting import eventually

SERVER_OPTIONS = ("--runner", "thread")

MEGABYTE = 1_048_576
FEW = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MANY = settings(FEW, max_examples=10_000, derandomize=False)
EXPECTED = {200, 202, 400, 403, 404, 405, 408, 409, 413, 415, 417, 421, 422, 426, 428, 431}

TARGETS = st.sampled_from(
    [
        b"/healthz",
        b"/api/schedules",
        b"/api/schedules?limit=2&cursor=x",
        b"/api/schedules/workflows",
        b"/api/schedules/preview",
        b"/api/schedules/import",
        b"/api/schedules/sch_0123456789abcdefghjk/trigger",
        b"/api/workflows/report/run",
        b"/api/events/x",
        b"/api/calendars/x",
        b"/api/cron?expr=*+*+*+*+*",
        b"/api/ws",
        b"/%00/%ff/..%2f",
        b"*",
    ]
)
METHODS = st.sampled_from(
    [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PATCH", b"X"]
)
HEADERS = st.lists(
    st.sampled_from(
        [
            b"Content-Type: application/json",
            b"Content-Type: application/json; charset=nonsense",
            b"Content-Type: application/x-ndjson",
            b"Content-Type: text/calendar",
            b"Content-Type: multipart/form-data; boundary=x",
            b"Content-Encoding: gzip",
            b"Transfer-Encoding: chunked",
            b"Transfer-Encoding: gzip, chunked",
            b"Content-Length: 5",
            b"Content-Length: -1",
            b"Content-Length: 99999999999999999999",
            b"Expect: 100-continue",
            b"Upgrade: websocket",
            b"Connection: upgrade",
            b"Origin: null",
            b"Origin: http://[",
            b"Forwarded: for=x",
            b'If-Match: "1"',
            b"Idempotency-Key: a",
            b"Idempotency-Key: " + b"\xff" * 10,
            b"Accept-Encoding: gzip;q=nan",
            b"Range: bytes=0-,0-,0-",
            b"Cookie: " + b"a=b;" * 100,
            b"Authorization: Bearer \xc3\xa9",
        ]
    ),
    max_size=5,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = (
    "workflowId name scheduleConfig executionConfig metadata params payload dates from until "
    "priority context id version __proto__"
)
DRAFTS = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS.split(), VALUES))
BODIES = st.one_of(
    st.binary(max_size=300),
    (VALUES | DRAFTS).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"[" * 5_000, b'{"a":' * 500, b'"' + b"\\ud800" * 50 + b'"', b"9" * 5_000]),
    st.binary(max_size=100).map(lambda raw: b"%x\r\n%s\r\n0\r\n\r\n" % (len(raw), raw)),
)


@pytest.fixture(scope="module")
def server(start_shared: Start) -> ServerProcess:
    """One for all."""
    return start_shared()


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> RestClient:
    return server.client()


@pytest.fixture
def flat(server: ServerProcess, client: RestClient) -> Iterator[Callable[[], None]]:
    """Measures the memory when it is called, and after the test: it has not grown by much."""
    before: list[int] = []

    def measure() -> None:
        before.append(resident(server.process.pid))

    yield measure
    assert client.get("/readyz").status == 200
    assert resident(server.process.pid) - before[0] < 16 * MEGABYTE
    assert "Traceback" not in server.log


def _requests(client: RestClient, examples: settings) -> None:
    host = f"Host: {client.authority}\r\n".encode()

    @examples
    @given(METHODS, TARGETS, HEADERS, BODIES, st.booleans())
    def hostile(
        method: bytes, target: bytes, headers: list[bytes], body: bytes, framed: bool
    ) -> None:
        more = [*headers, b"Content-Length: %d" % len(body)] if framed else headers
        head = b"%s %s HTTP/1.1\r\n" % (method, target) + host
        raw = head + b"".join(line + b"\r\n" for line in more) + b"Connection: close\r\n\r\n" + body
        _all_are_answers(_exchanged(client, raw), method)

    hostile()


def _exchanged(client: RestClient, raw: bytes) -> bytes:
    """What comes, when the client then has nothing more to say."""
    return exchange(client.authority, raw, ends=True)


def _all_are_answers(raw: bytes, method: bytes) -> None:
    raw = raw.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    if raw.startswith(b"HTTP/1.1 101 "):
        return
    if method == b"HEAD" and b"\r\n\r\n{" in raw:
        method = b"GET"  # of a head that it can't read, the server does not know the method
    for answer in answers(raw, method.decode("latin-1")):
        assert answer.status in EXPECTED | {201, 204}, answer
        if answer.status >= 400 and method != b"HEAD":
            assert json.loads(answer.body)["status"] == answer.status


def _noise(client: RestClient, examples: settings) -> None:
    @examples
    @given(st.binary(max_size=2_000))
    def noise(raw: bytes) -> None:
        for answer in answers(_exchanged(client, raw)):
            assert answer.status in EXPECTED

    noise()


def test_hostile_requests_do_no_harm(client: RestClient, flat: Callable[[], None]) -> None:
    _requests(client, settings(FEW, max_examples=30))
    flat()
    _requests(client, FEW)


def test_noise_does_no_harm(client: RestClient, flat: Callable[[], None]) -> None:
    _noise(client, settings(FEW, max_examples=30))
    flat()
    _noise(client, FEW)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_very_many_of_them_do_no_harm(client: RestClient, flat: Callable[[], None]) -> None:
    _requests(client, settings(MANY, max_examples=1_000))
    _noise(client, settings(MANY, max_examples=1_000))
    flat()
    _requests(client, MANY)
    _noise(client, MANY)


HEAD = b"POST /api/events/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("head", "statuses"),
    [
        pytest.param(b"Content-Length: 100000000\r\n", {413}, id="announced"),
        pytest.param(b"Transfer-Encoding: chunked\r\n", {413}, id="in chunks"),
        pytest.param(
            b"Content-Encoding: gzip\r\nContent-Length: 100000000\r\n", {415}, id="compressed"
        ),
        pytest.param(
            b"Expect: 100-continue\r\nContent-Length: 100000000\r\n", {413}, id="after 100"
        ),
    ],
)
def test_a_hundred_megabytes_are_not_kept(
    client: RestClient, flat: Callable[[], None], head: bytes, statuses: set[int]
) -> None:
    flat()
    piece = os.urandom(65_536)
    framed = b"10000\r\n" + piece + b"\r\n" if b"chunked" in head else piece
    for _ in range(3):
        raw = exchange(client.authority, HEAD + head + b"\r\n", then=(framed for _ in range(1_600)))
        raw = raw.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert not raw or answers(raw)[0].status in statuses
    assert client.get("/api/events?limit=1").body["items"] == []


def test_a_gzip_bomb_is_not_unpacked(client: RestClient, flat: Callable[[], None]) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    members = gzip.compress(b"") * 40_000
    flat()
    for body in (bomb, members):
        answer = client.send(
            "POST",
            "/api/events/x",
            body,
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        )
        assert answer.status == 415


@pytest.mark.parametrize(
    "count", [300, pytest.param(1_000, marks=(pytest.mark.slow, pytest.mark.timeout(300)))]
)
def test_clients_that_go_away_leave_whole_changes(
    client: RestClient, server: ServerProcess, flat: Callable[[], None], count: int
) -> None:
    schedule = client.schedule("broken", {"manual": True})
    trigger = (
        f"POST /api/schedules/{schedule}/trigger HTTP/1.1\r\nHost: {client.authority}\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()
    for measure in (flat, lambda: None):  # the first ones show what they take at once
        for _ in range(count):
            with connected(client.authority) as connection:
                connection.sendall(trigger)
        eventually(lambda: not under_way(client), within=50)
        measure()

    assert 0 < len(client.executions(schedule)) <= 2 * count
    status = client.get(f"/api/schedules/{schedule}/status").body
    assert client.post(f"/api/schedules/{schedule}/sync").body["metrics"] == status["metrics"]
    assert "Traceback" not in server.log


def under_way(client: RestClient) -> bool:
    return any(
        client.get(f"/api/executions?limit=1&status={status}").body["items"]
        for status in ("queued", "running", "waiting")
    )
