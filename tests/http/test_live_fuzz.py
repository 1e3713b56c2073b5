"""Frames of all kinds, right, wrong and mangled: each is answered or closes its own connection."""

import gc
import json
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_client import JSON, MSGPACK
from raw_websocket import BINARY, CLOSE, TEXT, RawWebSocket, frame, text
from site_server import Site

PING_OP = {"op": "ping"}
CODES = {1000, 1002, 1007, 1008, 1009}

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
fields = {
    "op": st.sampled_from(["subscribe", "unsubscribe", "ping", "auth", "event"]) | plain,
    "id": st.sampled_from(["a", "b", ""]) | plain,
    "topic": st.sampled_from(["*", "schedule:*", "workflow:step:completed", "weather"]) | plain,
    "key": st.sampled_from(["echo", "exe_1"]) | plain,
    "after": st.integers(0, 20) | plain,
    "token": plain,
}
frames = st.fixed_dictionaries({}, optional=fields) | plain
messages = st.lists(frames, min_size=1, max_size=8)
raw_frames = st.builds(
    frame,
    st.integers(0, 15),
    st.binary(max_size=200),
    fin=st.booleans(),
    masked=st.sampled_from([True, True, True, False]),
    reserved=st.sampled_from([0, 0, 0, 0x10, 0x20, 0x40]),
)
mangled = st.lists(raw_frames | st.binary(max_size=30), min_size=1, max_size=8).map(b"".join)


@pytest.fixture(scope="module")
def served() -> Any:
    with Site([]) as site:
        yield site


def resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4_096


def alive(site: Site) -> bool:
    with RawWebSocket.open(site.client.url) as other:
        other.send(text(PING_OP))
        return bool(other.receive().json == {"op": "pong"})


def encoded(protocol: str, value: object) -> bytes:
    if protocol == MSGPACK:
        return frame(BINARY, msgpack.packb(value))
    return frame(TEXT, json.dumps(value).encode())


def decoded(protocol: str, payload: bytes) -> Any:
    return msgpack.unpackb(payload) if protocol == MSGPACK else json.loads(payload)


common = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("protocol", [JSON, MSGPACK])
@common
@given(sent=messages)
def test_each_frame_is_answered(served: Site, protocol: str, sent: list[Any]) -> None:
    with RawWebSocket.open(served.client.url, protocol=protocol) as raw:
        for value in [*sent, PING_OP]:
            raw.send(encoded(protocol, value))
            answer = decoded(protocol, raw.receive().payload)
            assert answer["op"] in {
                "subscribed",
                "unsubscribed",
                "pong",
                "authenticated",
                "error",
            }
            if answer["op"] == "error":
                assert answer["code"] not in ("unavailable", "internal")
                assert answer["detail"]
        assert answer == PING_OP | {"op": "pong"}


@pytest.mark.parametrize("protocol", [JSON, MSGPACK])
@common
@given(payload=st.binary(max_size=300))
def test_each_payload_is_answered_or_closes(served: Site, protocol: str, payload: bytes) -> None:
    with RawWebSocket.open(served.client.url, protocol=protocol) as raw:
        raw.send(frame(BINARY if protocol == MSGPACK else TEXT, payload))
        got = raw.receive()
        if got.opcode == CLOSE:
            assert got.code == 1007
        else:
            assert decoded(protocol, got.payload)["op"] == "error"


@common
@given(data=mangled)
def test_whatever_bytes_come_the_server_lives(served: Site, data: bytes) -> None:
    with RawWebSocket.open(served.client.url) as raw:
        raw.send(data + text(PING_OP))
        raw.connection.settimeout(0.05)
        try:
            while (got := raw.receive()).opcode != CLOSE:
                pass
        except (TimeoutError, ConnectionResetError, EOFError):
            return  # it waits for the rest of a frame, or has been told to close
        assert got.payload == b"" or got.code in CODES or got.code >= 3000


def test_the_server_is_alive_after_all_that_and_its_memory_flat(served: Site) -> None:
    before = resident()
    test_each_frame_is_answered(served, MSGPACK)
    test_whatever_bytes_come_the_server_lives(served)
    assert resident() - before < 20_000_000
    assert alive(served)
