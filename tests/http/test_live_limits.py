"""What a client of the WebSocket may cost: frames, subscriptions, waiting events, silence."""

import asyncio
import gc
import os
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from event_source import tell
from live_client import JSON, MSGPACK, Frame, LiveClient, live_client
from memory import resident
from raw_websocket import PING, RawWebSocket, text
from rest_client import RestClient
from site_server import Site
from waiting import eventually

from quarterjack.actors.broadcaster import Published
from quarterjack.http import frames as frames_module
from quarterjack.http.keys import CONNECTIONS

PING_OP = {"op": "ping"}
EVERYTHING = {"op": "subscribe", "id": "a", "topic": "*"}
Talk = Callable[[LiveClient], Awaitable[Any]]


def limit(site: Site, **limits: Any) -> None:
    """Set limits for connections to come."""
    connections = site.app[CONNECTIONS]
    connections.limits = replace(connections.limits, **limits)


def open_now(site: Site) -> int:
    return len(site.app[CONNECTIONS])


def subscribed(site: Site, **more: Any) -> RawWebSocket:
    """A client that has subscribed to everything."""
    raw = RawWebSocket.open(site.client.url, **more)
    raw.send(text(EVERYTHING))
    assert raw.receive().json["op"] == "subscribed"
    return raw


def rest_of(raw: RawWebSocket) -> list[Frame]:
    """What comes until the answer to a ping."""
    raw.send(text(PING_OP))
    frames: list[Frame] = []
    while frames[-1:] != [{"op": "pong"}]:
        frames.append(raw.receive().json)
    return frames[:-1]


# Frames


def test_too_many_frames_are_refused_and_the_connection_stays(site: Site) -> None:
    limit(site, rate=20, burst=10)
    with RawWebSocket.open(site.client.url) as raw:
        raw.send(text(PING_OP) * 50)
        answers = [raw.receive().json for _ in range(50)]
        assert answers[:10] == [{"op": "pong"}] * 10
        refused = answers[-1]
        assert (refused["op"], refused["code"]) == ("error", "rate-limited")
        assert "20 frames a second" in refused["detail"]

        def served() -> bool:
            raw.send(text(PING_OP))
            return bool(raw.receive().json == {"op": "pong"})

        eventually(served)


def test_who_goes_on_and_on_is_closed(site: Site) -> None:
    limit(site, rate=20, burst=10, hard_rate=50, hard_burst=200)
    with RawWebSocket.open(site.client.url) as raw:
        raw.send(text(PING_OP) * 1_000)
        assert raw.closed() == 1008
    eventually(lambda: not open_now(site))


def test_others_do_not_notice_the_limit_of_one(site: Site) -> None:
    limit(site, rate=1, burst=5)
    with RawWebSocket.open(site.client.url) as greedy, RawWebSocket.open(site.client.url) as other:
        greedy.send(text(PING_OP) * 50)
        assert [greedy.receive().json["op"] for _ in range(50)].count("error") >= 40
        other.send(text(PING_OP))
        assert other.receive().json == {"op": "pong"}


# Subscriptions

UNHURRIED = {"heartbeat": 300.0, "rate": 1e9, "burst": 10**9, "hard_rate": 1e9, "hard_burst": 10**9}
AT_ONCE = 500


def subscribe_to_more(raw: RawWebSocket, begin: int, count: int) -> Counter[str]:
    """Subscribe so many times, each time with another id; what was answered."""
    told: Counter[str] = Counter()
    for first in range(begin, begin + count, AT_ONCE):
        names = range(first, first + AT_ONCE)
        raw.send(b"".join(text({**EVERYTHING, "id": str(each)}) for each in names))
        for _ in names:
            answer = raw.event()
            told[answer.get("code", answer["op"])] += 1
    return told


@pytest.mark.parametrize(
    "count", [3_000, pytest.param(100_000, marks=(pytest.mark.slow, pytest.mark.timeout(300)))]
)
def test_of_very_many_subscriptions_a_hundred_are_kept(site: Site, count: int) -> None:
    limit(site, **UNHURRIED)
    with RawWebSocket.open(site.client.url) as greedy, subscribed(site) as other:
        assert subscribe_to_more(greedy, 0, AT_ONCE)["subscribed"] == 100
        before = resident(os.getpid())
        told = subscribe_to_more(greedy, AT_ONCE, count)
        assert resident(os.getpid()) - before < 20_000_000

        last = tell(site, 1)
        assert other.event()["seq"] == last
        event = greedy.event()

    assert told == {"too-many-subscriptions": count}
    assert sorted(map(int, event["ids"])) == list(range(100))


def test_who_subscribes_without_end_is_closed(site: Site) -> None:
    with RawWebSocket.open(site.client.url) as greedy:
        greedy.send(b"".join(text({**EVERYTHING, "id": str(each)}) for each in range(20_000)))
        assert greedy.closed() == 1008
    eventually(lambda: not open_now(site))


# Connections


def test_connections_are_limited_and_room_comes_back(site: Site) -> None:
    limit(site, connections=3)
    with ExitStack() as stack:
        first, *_ = [stack.enter_context(RawWebSocket.open(site.client.url)) for _ in range(3)]
        upgrade = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        }
        answer = site.client.get("/api/ws", upgrade)
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert "3 WebSockets" in answer.body["detail"]
        first.connection.close()
        eventually(lambda: open_now(site) == 2)
        with RawWebSocket.open(site.client.url) as again:
            again.send(text(PING_OP))
            assert again.receive().json == {"op": "pong"}


# Silence


def test_a_client_that_answers_pings_stays(site: Site) -> None:
    limit(site, heartbeat=0.1)

    async def conversation() -> Frame:
        async with live_client(site.client.url) as live:
            quiet = asyncio.create_task(live.receive())  # it answers pings meanwhile
            await asyncio.sleep(1)
            assert not quiet.done()
            await live.send(PING_OP)
            return await quiet

    assert asyncio.run(conversation()) == {"op": "pong"}


def test_a_client_that_answers_no_ping_is_found_and_forgotten(site: Site) -> None:
    limit(site, heartbeat=0.2)
    with subscribed(site) as dead:
        assert dead.receive().opcode == PING
        assert dead.at_end()
    eventually(lambda: not open_now(site))


def test_a_client_that_reads_nothing_at_all_is_cut_off(site: Site) -> None:
    limit(site, heartbeat=0.2, close_seconds=0.2, send_buffer=4_096)
    with subscribed(site, receive_buffer=4_096) as dead:
        for _ in range(100):
            tell(site, 20, "x" * 500)
        eventually(lambda: not open_now(site))
        dead.at_end()


# Slow readers


def test_one_that_does_not_keep_up_lags_and_misses_nothing_that_it_was_told(site: Site) -> None:
    limit(site, send_buffer=4_096)
    with subscribed(site, receive_buffer=4_096) as slow:
        for _ in range(60):
            last = tell(site, 100, "x" * 300)
        frames: list[Frame] = []
        while not frames or frames[-1]["op"] != "lagged":
            frames.append(slow.receive().json)
        *events, lagged = frames
        slow.send(text({**EVERYTHING, "after": lagged["seq"]}))
        while frames[-1].get("seq") != last or frames[-1]["op"] != "event":
            frames.append(slow.receive().json)

    assert [each["seq"] for each in events] == list(range(1, lagged["seq"] + 1))
    assert [each["seq"] for each in frames if each["op"] == "event"] == list(range(1, last + 1))


def test_waiting_events_are_bounded_in_bytes_too(site: Site) -> None:
    limit(site, event_bytes=100_000, send_buffer=4_096)
    with subscribed(site, receive_buffer=4_096) as slow:
        for _ in range(40):
            last = tell(site, 1, "x" * 20_000)  # far from the limit of their number
        frames: list[Frame] = []
        while not frames or frames[-1]["op"] != "lagged":
            frames.append(slow.receive().json)

    assert frames[-1]["seq"] == len(frames) - 1 < last


def test_an_event_larger_than_the_bound_is_told_when_nothing_else_waits(site: Site) -> None:
    limit(site, event_bytes=1_000)
    with subscribed(site) as raw:
        last = tell(site, 1, "x" * 50_000)
        assert raw.receive().json["seq"] == last


def test_a_subscription_made_after_a_lag_is_not_lost_with_the_others(site: Site) -> None:
    limit(site, events=5, send_buffer=4_096)
    with subscribed(site, receive_buffer=4_096) as raw:
        for number in range(30):
            tell(site, 30, "x" * 500)
            raw.send(text({**EVERYTHING, "id": f"b{number}"}))
        frames = rest_of(raw)
        raw.send(text({**EVERYTHING, "id": "last"}))
        frames += rest_of(raw)
        last = tell(site, 1)
        while frames[-1].get("seq") != last:
            frames.append(raw.receive().json)

    lags = [at for at, each in enumerate(frames) if each["op"] == "lagged"]
    assert lags
    alive: dict[str, list[int]] = {"a": []}
    for each in frames:
        if each["op"] == "lagged":
            alive.clear()
        elif each["op"] == "subscribed":
            alive[each["id"]] = []
        else:
            assert set(each["ids"]) == set(alive)
            for key in each["ids"]:
                alive[key].append(each["seq"])
    assert alive["last"] == [last]
    assert all(seqs == list(range(last - len(seqs) + 1, last + 1)) for seqs in alive.values())


def test_a_slow_reader_does_not_slow_another(site: Site) -> None:
    def latency(quick: RawWebSocket) -> float:
        taken = []
        for _ in range(100):
            begun = time.perf_counter()
            last = tell(site, 20, "x" * 200)
            while quick.receive().json["seq"] != last:
                pass
            taken.append(time.perf_counter() - begun)
        return statistics.median(taken)

    with subscribed(site) as quick, ExitStack() as stack:
        latency(quick)
        alone = latency(quick)
        limit(site, events=200, send_buffer=4_096)
        for _ in range(20):
            stack.enter_context(subscribed(site, receive_buffer=4_096))
        latency(quick)  # until those that never read have lagged
        # Three times, for what else the machine does; what slowed it would do so each time.
        beside = min(latency(quick) for _ in range(3))

    assert beside < 3 * alone


@pytest.mark.parametrize("protocol", [JSON, MSGPACK])
def test_an_event_is_encoded_once_however_many_get_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    encoded: list[int] = []
    real = frames_module._shared_fields

    def counted(published: Published) -> dict[str, Any]:
        encoded.append(published.event.seq)
        return real(published)

    monkeypatch.setattr(frames_module, "_shared_fields", counted)
    stored = tell(site, 300)

    async def conversation(number: int) -> None:
        async with live_client(site.client.url, protocol) as live:
            await live.subscribe(after=0)
            frames = await live.until(lambda seen: len(seen) == stored)
            await ready.wait()
            if number == 0:
                await asyncio.to_thread(tell, site, 10)
            frames += await live.until(lambda seen: len(seen) == 10)
            assert [each["seq"] for each in frames] == list(range(1, stored + 11))

    ready = asyncio.Barrier(20)

    async def all_at_once() -> None:
        await asyncio.gather(*(conversation(number) for number in range(20)))

    asyncio.run(all_at_once())

    assert sorted(encoded) == list(range(1, stored + 11))


# The end


def test_the_server_closes_all_at_its_end_also_those_that_do_not_read(site: Site) -> None:
    limit(site, send_buffer=4_096, close_seconds=0.5)
    with ExitStack() as stack:
        polite = [stack.enter_context(subscribed(site)) for _ in range(5)]
        for _ in range(20):
            deaf = stack.enter_context(subscribed(site, receive_buffer=4_096))
        for _ in range(50):
            tell(site, 20, "x" * 500)
        with ThreadPoolExecutor(5) as pool:
            codes = pool.map(RawWebSocket.closed, polite)
            begun = time.monotonic()
            site.run(site.app[CONNECTIONS].close())
            assert time.monotonic() - begun < 5  # all at once, not one after the other
            assert list(codes) == [1001] * 5
        assert deaf.at_end()
    eventually(lambda: not open_now(site))


def test_connections_that_end_leave_nothing_behind(site: Site, client: RestClient) -> None:
    for _ in range(3):
        with ExitStack() as stack:
            for _ in range(40):
                stack.enter_context(subscribed(site))
            tell(site, 50)
        eventually(lambda: not open_now(site))
    gc.collect()
    assembly = site.runtime._assembly
    assert assembly is not None
    left = [each for each in gc.get_objects() if type(each).__name__ == "LiveConnection"]
    assert len(left) <= 1
