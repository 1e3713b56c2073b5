"""The WebSocket against clients that break its protocol: theirs is closed, and nobody else notices."""

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgpack
import pytest
from aiohttp import WSMessage, WSMsgType
from live_client import MSGPACK
from raw_websocket import BINARY, CLOSE, PING, PONG, TEXT, RawWebSocket, frame, text
from rest_client import RestClient
from site_server import Site
from waiting import eventually

from quarterjack.http.frame_guard import FrameHeads, FrameRefused
from quarterjack.http.frames import CODECS, FrameError, frame_of
from quarterjack.http.keys import CONNECTIONS
from quarterjack.http.token_bucket import TokenBucket

PING_OP = {"op": "ping"}
LARGEST = 65_536


def alive(client: RestClient) -> bool:
    """Whether a client that does nothing wrong is served."""
    with RawWebSocket.open(client.url) as other:
        other.send(text(PING_OP))
        return bool(other.receive().json == {"op": "pong"})


def fragments(count: int, size: int) -> bytes:
    """The beginning of a message that does not end."""
    first = frame(TEXT, b"x" * size, fin=False)
    return first + frame(0, b"x" * size, fin=False) * (count - 1)


BREAKS = [
    pytest.param(frame(TEXT, b"x" * (LARGEST + 1)), 1009, id="a byte over the limit"),
    pytest.param(frame(TEXT, b"x" * 5_000_000), 1009, id="5 MB"),
    pytest.param(b"\x81\xff" + (2**63).to_bytes(8) + b"\0" * 4, 1009, id="announces 2^63"),
    pytest.param(b"\x81\xff" + (2**64 - 1).to_bytes(8), 1009, id="announces 2^64 - 1"),
    pytest.param(b"\x81\xff" + (2**40).to_bytes(8) + b"\0" * 4, 1009, id="announces 1 TB"),
    pytest.param(fragments(100, 1_000), 1009, id="fragments over the limit"),
    pytest.param(fragments(20_000, 0), 1008, id="endless empty fragments"),
    pytest.param(fragments(20_000, 1), 1008, id="a byte per fragment"),
    pytest.param(frame(TEXT, b"{}", masked=False), 1002, id="unmasked"),
    pytest.param(frame(TEXT, b"{}", reserved=0x40), 1002, id="compressed"),
    pytest.param(frame(TEXT, b"{}", reserved=0x20), 1002, id="reserved bit 2"),
    pytest.param(frame(TEXT, b"{}", reserved=0x10), 1002, id="reserved bit 3"),
    pytest.param(frame(PING, reserved=0x40), 1002, id="compressed ping"),
    pytest.param(frame(3), 1002, id="unknown kind"),
    pytest.param(frame(11), 1002, id="unknown control"),
    pytest.param(frame(PING, b"x" * 126), 1002, id="long ping"),
    pytest.param(frame(PING, fin=False), 1002, id="ping in fragments"),
    pytest.param(frame(0, b"{}"), 1002, id="continues nothing"),
    pytest.param(frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), 1002, id="begins twice"),
    pytest.param(frame(TEXT, b'{"op": "\xff"}'), 1007, id="bad UTF-8"),
    pytest.param(frame(TEXT, b'"\xed\xa0\x80"'), 1007, id="a surrogate in UTF-8"),
    pytest.param(frame(CLOSE, b"\x03"), 1002, id="close of one byte"),
    pytest.param(frame(CLOSE, (1005).to_bytes(2)), 1002, id="close with a code nobody sends"),
    pytest.param(frame(CLOSE, (1000).to_bytes(2) + b"\xff"), 1007, id="close with bad UTF-8"),
    pytest.param(frame(PING) * 20_000, 1008, id="ping flood"),
    pytest.param(frame(PONG) * 20_000, 1008, id="pong flood"),
]


@pytest.mark.parametrize(("sent", "code"), BREAKS)
def test_who_breaks_the_protocol_is_closed_and_nobody_else(
    client: RestClient, sent: bytes, code: int
) -> None:
    with RawWebSocket.open(client.url) as bystander, RawWebSocket.open(client.url) as bad:
        bystander.send(text({"op": "subscribe", "id": "a", "topic": "*"}))
        bad.send(sent)
        assert bad.closed() == code
        assert bad.at_end()
        assert bystander.receive().json["op"] == "subscribed"
        bystander.send(text(PING_OP))
        assert bystander.receive().json == {"op": "pong"}


def test_a_frame_of_just_the_limit_is_taken(client: RestClient) -> None:
    whole = b'{"op": "ping"}'
    with RawWebSocket.open(client.url) as raw:
        raw.send(frame(TEXT, whole + b" " * (LARGEST - len(whole))))
        assert raw.receive().json == {"op": "pong"}


def test_a_frame_may_come_byte_by_byte_and_in_fragments(client: RestClient) -> None:
    with RawWebSocket.open(client.url) as raw:
        for byte in frame(TEXT, b'{"op": ', fin=False) + frame(PING, b"!") + frame(0, b'"ping"}'):
            raw.send(bytes([byte]))
        assert raw.receive() == (PONG, b"!")
        assert raw.receive().json == {"op": "pong"}


def test_frames_that_come_with_the_request_are_looked_at_too(client: RestClient) -> None:
    whole = text(PING_OP)
    with RawWebSocket.open(client.url, early=whole + whole[:3]) as raw:
        assert raw.receive().json == {"op": "pong"}
        raw.send(whole[3:])
        assert raw.receive().json == {"op": "pong"}
    with RawWebSocket.open(client.url, early=frame(TEXT, b"{}", masked=False)) as raw:
        assert raw.closed() == 1002


def test_who_sends_and_never_reads_is_not_answered_for_ever(site: Site) -> None:
    site.app[CONNECTIONS].limits = replace(
        site.app[CONNECTIONS].limits, send_buffer=4_096, heartbeat=1, close_seconds=0.2
    )
    with RawWebSocket.open(site.client.url, receive_buffer=4_096) as raw:
        raw.connection.settimeout(0.5)
        with pytest.raises((TimeoutError, ConnectionError)):  # it is not read any more
            for _ in range(3_000):
                raw.connection.sendall(frame(TEXT, b'{"op": "' + b"x" * 20_000 + b'"}'))
        assert alive(site.client)


BOMBS = [
    pytest.param(b"\x80" * 60_000, id="60,000 maps"),
    pytest.param(b"\xdd\x00\x00\xea\x60" + b"\x80" * 60_000, id="an array of 60,000 maps"),
    pytest.param((b"\xdc\x27\x10" + b"\x80" * 10_000) * 5, id="arrays of 10,000 maps"),
    pytest.param(b"\x95" + (b"\xdc\x27\x10" + b"\x80" * 10_000) * 5, id="50,000 maps in arrays"),
    pytest.param(b"\x91" * 2_000 + b"\xc0", id="depth 2,000"),
    pytest.param(b"\x81\xa1a" * 1_000 + b"\xc0", id="maps to depth 1,000"),
    pytest.param(b"\x91" * 65 + b"\xc0", id="depth 65"),
    pytest.param(b"\xdd\xff\xff\xff\xff", id="array with a length that is no truth"),
    pytest.param(b"\xdf\xff\xff\xff\xff", id="map with a length that is no truth"),
    pytest.param(b"\xdb\xff\xff\xff\xff", id="text with a length that is no truth"),
    pytest.param(b"\xc6\xff\xff\xff\xff", id="bytes with a length that is no truth"),
    pytest.param(b"\xd4\x05\x00", id="extension"),
    pytest.param(b"\xc7\x00\x05", id="empty extension"),
    pytest.param(msgpack.packb({"op": "ping", "x": msgpack.Timestamp(1, 0)}), id="a time"),
    pytest.param(b"\x81\x01\x02", id="number as key"),
    pytest.param(b"\x81\xc4\x02op\xa4ping", id="bytes as key"),
    pytest.param(b"\x81\x90\x02", id="array as key"),
    pytest.param(msgpack.packb(PING_OP) + b"\x00", id="something after the end"),
    pytest.param(b"", id="nothing"),
    pytest.param(b"\xc1", id="a byte that is never used"),
    pytest.param(b"\x81\xa2op\xa2\xff\xfe", id="bad UTF-8"),
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_in_msgpack_is_an_error_and_costs_nothing(client: RestClient, bomb: bytes) -> None:
    with RawWebSocket.open(client.url, protocol=MSGPACK) as raw:
        raw.send(frame(BINARY, bomb))
        error = msgpack.unpackb(raw.receive().payload)
        assert error["op"] == "error"
        assert error["code"] == "bad-frame"
        raw.send(frame(BINARY, msgpack.packb(PING_OP)))
        assert msgpack.unpackb(raw.receive().payload) == {"op": "pong"}


@pytest.fixture
def unhurried(site: Site) -> Site:
    """A server that takes any number of frames."""
    limits = site.app[CONNECTIONS].limits
    site.app[CONNECTIONS].limits = replace(
        limits, rate=1e9, burst=10**9, hard_rate=1e9, hard_burst=10**9
    )
    return site


def resident() -> int:
    """Bytes of memory that this process has, in which the server is, too."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4_096


def send_bad_frames(url: str, count: int) -> None:
    """Send so many frames that are wrong each in another way, and read all answers."""
    bad = [
        frame(BINARY, msgpack.packb({number: "x" * 50, f"key {number}": 1}, use_bin_type=True))
        for number in range(20)
    ]
    bad += [frame(BINARY, bytes(each.values[0])[:200]) for each in BOMBS]  # type: ignore[call-overload]
    with RawWebSocket.open(url, protocol=MSGPACK) as raw:
        for _ in range(count // len(bad)):
            raw.send(b"".join(bad))
            for _ in bad:
                assert msgpack.unpackb(raw.receive().payload)["op"] == "error"


@pytest.mark.parametrize(
    "count", [4_000, pytest.param(100_000, marks=(pytest.mark.slow, pytest.mark.timeout(300)))]
)
def test_memory_is_flat_after_many_bad_frames(unhurried: Site, count: int) -> None:
    send_bad_frames(unhurried.client.url, count // 2)
    before = resident()

    send_bad_frames(unhurried.client.url, count)

    assert resident() - before < 8_000_000
    assert alive(unhurried.client)


def break_in_every_way(url: str, times: int) -> None:
    """A connection for each way to break the protocol, so many times."""
    for _ in range(times):
        for each in BREAKS:
            sent, code = each.values
            with RawWebSocket.open(url) as raw:
                raw.send(sent)  # type: ignore[arg-type]
                assert raw.closed() == code


def test_memory_is_flat_after_many_that_break_the_protocol(site: Site) -> None:
    break_in_every_way(site.client.url, 3)
    before = resident()

    break_in_every_way(site.client.url, 5)

    assert resident() - before < 12_000_000
    eventually(lambda: not len(site.app[CONNECTIONS]))


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_in_msgpack_holds_nobody_up(bomb: bytes) -> None:
    def taken() -> float:
        begun = time.perf_counter()
        with pytest.raises(FrameError):
            frame_of(CODECS[MSGPACK].read(WSMessage(WSMsgType.BINARY, bomb, None)))
        return time.perf_counter() - begun

    # The quickest, for what else the machine does.
    assert min(taken() for _ in range(5)) < 0.01


def heads(frames: int = 100, largest: int = 1_000) -> FrameHeads:
    return FrameHeads(largest, TokenBucket(0, frames, lambda: 0.0))


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize(
    "largest_comes_last",
    [lambda: frame(TEXT, b"x" * 1_000), lambda: frame(BINARY, b"x" * 126) * 3 + frame(PING)],
)
def test_heads_are_found_in_whatever_pieces_bytes_come(
    size: int, largest_comes_last: Callable[[], bytes]
) -> None:
    guard = heads()
    for piece in pieces(largest_comes_last(), size):
        guard.feed(piece)
    with pytest.raises(FrameRefused):
        guard.feed(frame(TEXT, masked=False))


def test_frames_of_any_kind_are_counted() -> None:
    guard = heads(frames=3)
    guard.feed(frame(PING) + frame(PONG) + frame(TEXT, b"x"))
    with pytest.raises(FrameRefused) as refused:
        guard.feed(frame(PING))
    assert refused.value.code == 1008


def test_a_closed_loop_of_clients_leaves_no_connection(site: Site) -> None:
    for _ in range(50):
        with RawWebSocket.open(site.client.url) as raw:
            raw.send(frame(TEXT, b"{}", masked=False))
            assert raw.closed() == 1002

    eventually(lambda: not len(site.app[CONNECTIONS]))
