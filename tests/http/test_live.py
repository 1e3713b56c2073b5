"""The WebSocket: subscriptions, topics, keys, resuming, and clients that can't keep up."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from live_client import JSON, MSGPACK, LiveClient, live_client
from rest_client import RestClient
from site_server import Site
from waiting import eventually

from quarterjack.http.keys import CONNECTIONS

Talk = Callable[[LiveClient], Awaitable[Any]]


def talk(client: RestClient, conversation: Talk, protocol: str = JSON) -> Any:
    """Have a conversation with the server on a WebSocket."""

    async def connected() -> Any:
        async with live_client(client.url, protocol) as live:
            return await conversation(live)

    return asyncio.run(connected())


async def run_to_end(client: RestClient, workflow: str = "echo") -> str:
    """Run a workflow once; the execution's id."""
    answer = await asyncio.to_thread(client.post, f"/api/workflows/{workflow}/run")
    return str(answer.body["executionId"])


def ended(frames: list[dict[str, Any]]) -> bool:
    """Whether the last frame tells of the end of a run."""
    return bool(frames) and frames[-1]["event"] in ("workflow:completed", "workflow:failed")


@pytest.mark.parametrize("protocol", [JSON, MSGPACK])
def test_both_subprotocols_tell_the_same(client: RestClient, protocol: str) -> None:
    async def conversation(live: LiveClient) -> list[dict[str, Any]]:
        assert live.socket.protocol == protocol
        assert await live.ask({"op": "ping"}) == {"op": "pong"}
        await live.subscribe(topic="workflow:*")
        await run_to_end(client)
        return await live.until(ended)

    frames = talk(client, conversation, protocol)

    stored = client.get("/api/events?topic=workflow:*").body["items"]
    told = [{name: frame[name] for name in stored[0]} for frame in frames]
    assert told == stored
    assert {frame["op"] for frame in frames} == {"event"}
    assert {tuple(frame["ids"]) for frame in frames} == {("a",)}


def test_without_a_subprotocol_it_is_json(client: RestClient) -> None:
    async def connected() -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{client.url}/api/ws") as socket,
        ):
            await socket.send_str('{"op": "ping"}')
            return await socket.receive_json()

    assert asyncio.run(connected()) == {"op": "pong"}


def test_an_event_comes_once_however_many_subscriptions_match(client: RestClient) -> None:
    async def conversation(live: LiveClient) -> list[dict[str, Any]]:
        await live.subscribe("all")
        await live.subscribe("starts", "workflow:started")
        await live.subscribe("others", "schedule:*")
        await run_to_end(client)
        return await live.until(ended)

    frames = talk(client, conversation)

    ids = {frame["event"]: sorted(frame["ids"]) for frame in frames}
    assert ids["workflow:started"] == ["all", "starts"]
    assert ids["workflow:completed"] == ["all"]
    seqs = [frame["seq"] for frame in frames]
    assert seqs == sorted(set(seqs))


def test_a_key_lets_only_its_events_through(client: RestClient) -> None:
    first = client.schedule("echo", {"manual": True})
    second = client.schedule("echo", {"manual": True})

    async def conversation(live: LiveClient) -> list[dict[str, Any]]:
        await live.subscribe(topic="*", key=second)
        await asyncio.to_thread(client.post, f"/api/schedules/{first}/trigger")
        await asyncio.to_thread(client.post, f"/api/schedules/{second}/trigger")
        return await live.until(
            lambda seen: bool(seen) and seen[-1]["event"] == "schedule:completed"
        )

    assert {frame["scheduleId"] for frame in talk(client, conversation)} == {second}


def test_after_a_number_stored_events_come_first_then_live_ones(client: RestClient) -> None:
    async def before(live: LiveClient) -> list[dict[str, Any]]:
        await live.subscribe()
        await run_to_end(client)
        return await live.until(ended)

    seen = talk(client, before)

    async def after(live: LiveClient) -> list[dict[str, Any]]:
        await live.subscribe(after=seen[0]["seq"])
        await run_to_end(client)
        return await live.until(lambda frames: sum(ended([frame]) for frame in frames) == 2)

    again = talk(client, after)

    assert [frame["seq"] for frame in again] == list(
        range(seen[1]["seq"], seen[1]["seq"] + len(again))
    )
    assert again[: len(seen) - 1] == seen[1:]


def test_after_keeps_to_topic_and_key(client: RestClient) -> None:
    async def conversation(live: LiveClient) -> list[dict[str, Any]]:
        await live.subscribe("live")
        await run_to_end(client)
        key = (await live.until(ended))[-1]["executionId"]
        await live.subscribe("old", "workflow:step:completed", key=key, after=0)
        return await live.until(lambda frames: len(frames) == 2)

    frames = talk(client, conversation)

    assert [frame["data"]["step"] for frame in frames] == ["say", "shout"]
    assert {tuple(frame["ids"]) for frame in frames} == {("old",)}


def test_unsubscribed_is_quiet(client: RestClient) -> None:
    async def conversation(live: LiveClient) -> dict[str, Any]:
        await live.subscribe()
        answer = await live.ask({"op": "unsubscribe", "id": "a"})
        assert answer == {"op": "unsubscribed", "id": "a"}
        await run_to_end(client)
        await asyncio.to_thread(client.get, "/api/events")
        return await live.ask({"op": "ping"})

    assert talk(client, conversation) == {"op": "pong"}


def test_a_second_subscription_of_an_id_replaces_the_first(client: RestClient) -> None:
    async def conversation(live: LiveClient) -> list[dict[str, Any]]:
        await live.subscribe("a", "*")
        await live.subscribe("a", "workflow:completed")
        await run_to_end(client)
        return await live.until(ended)

    assert [frame["event"] for frame in talk(client, conversation)] == ["workflow:completed"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param({"op": "dance", "id": "x"}, "unknown-op", id="unknown op"),
        pytest.param({"id": "x"}, "bad-frame", id="no op"),
        pytest.param([1, 2], "bad-frame", id="no object"),
        pytest.param({"op": "subscribe", "id": "x"}, "invalid-input", id="no topic"),
        pytest.param(
            {"op": "subscribe", "id": "x", "topic": "weather:*"}, "unknown-topic", id="topic"
        ),
        pytest.param(
            {"op": "subscribe", "id": "x", "topic": "*", "after": "1"}, "invalid-input", id="after"
        ),
        pytest.param(
            {"op": "subscribe", "id": "x", "topic": "*", "colour": 1}, "invalid-input", id="field"
        ),
        pytest.param({"op": "unsubscribe", "id": "x"}, "unknown-subscription", id="not there"),
    ],
)
@pytest.mark.parametrize("protocol", [JSON, MSGPACK])
def test_a_wrong_frame_is_answered_and_the_connection_stays(
    client: RestClient, frame: Any, code: str, protocol: str
) -> None:
    async def conversation(live: LiveClient) -> tuple[dict[str, Any], dict[str, Any]]:
        return await live.ask(frame), await live.ask({"op": "ping"})

    error, pong = talk(client, conversation, protocol)

    assert error["op"] == "error"
    assert error["code"] == code
    assert error["detail"]
    assert pong == {"op": "pong"}


@pytest.mark.parametrize(
    ("protocol", "raw"),
    [
        pytest.param(JSON, "{", id="broken JSON"),
        pytest.param(JSON, b"{}", id="binary on JSON"),
        pytest.param(JSON, '{"op": "ping", "op": "ping"}', id="doubled key"),
        pytest.param(MSGPACK, "{}", id="text on msgpack"),
        pytest.param(MSGPACK, b"\xc1", id="broken msgpack"),
        pytest.param(MSGPACK, b"\x81\x01\x02", id="number as key"),
        pytest.param(MSGPACK, b"\x91" * 1_500 + b"\x90", id="too deep"),
        pytest.param(MSGPACK, b"\xdd\xff\xff\xff\xff", id="length lie"),
        pytest.param(MSGPACK, b"\xd4\x05\x00", id="extension"),
    ],
)
def test_what_can_not_be_read_is_a_bad_frame(
    client: RestClient, protocol: str, raw: str | bytes
) -> None:
    async def conversation(live: LiveClient) -> dict[str, Any]:
        if isinstance(raw, str):
            await live.socket.send_str(raw)
        else:
            await live.socket.send_bytes(raw)
        return await live.receive()

    assert talk(client, conversation, protocol)["code"] == "bad-frame"


def test_a_frame_over_the_limit_closes_its_connection(client: RestClient) -> None:
    async def conversation(live: LiveClient) -> int | None:
        await live.socket.send_str("x" * 70_000)
        return await live.closed()

    assert talk(client, conversation) == 1009


def test_subscriptions_are_limited(client: RestClient) -> None:
    async def conversation(live: LiveClient) -> dict[str, Any]:
        for number in range(100):
            await live.subscribe(f"s{number}", "schedule:error")
        return await live.ask({"op": "subscribe", "id": "one more", "topic": "*"})

    assert talk(client, conversation)["code"] == "too-many-subscriptions"


def test_a_client_that_lags_is_told_and_can_go_on(site: Site) -> None:
    client = site.client
    # A run begins with two events in one commit: the second finds no room.
    site.app[CONNECTIONS].limits = replace(site.app[CONNECTIONS].limits, events=1)

    async def conversation(live: LiveClient) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        await live.subscribe("slow")
        keys = [await run_to_end(client) for _ in range(5)]
        frames = await live.until(lambda seen: bool(seen) and seen[-1]["op"] == "lagged")
        await asyncio.gather(*(asyncio.to_thread(_ended, client, key) for key in keys))
        await live.subscribe("again", after=frames[-1]["seq"])
        newest = await asyncio.to_thread(client.get, "/api/events?limit=500")
        last = newest.body["items"][-1]["seq"]
        rest = await live.until(lambda seen: bool(seen) and seen[-1]["seq"] == last)
        return frames[:-1], rest

    before, after = talk(client, conversation)

    seqs = [frame["seq"] for frame in (*before, *after)]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


def _ended(client: RestClient, key: str) -> None:
    eventually(lambda: client.get(f"/api/executions/{key}").body["endedAt"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Origin": "http://evil.example"}, 403, id="foreign page"),
        pytest.param({"Origin": "null"}, 403, id="sandboxed page"),
        pytest.param({"Host": "evil.example"}, 421, id="rebinding"),
    ],
)
def test_a_foreign_page_is_refused_before_the_upgrade(
    client: RestClient, headers: dict[str, str], status: int
) -> None:
    async def connect() -> None:
        async with live_client(client.url, headers=headers):
            pass

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        asyncio.run(connect())
    assert refused.value.status == status


def test_a_page_of_its_own_is_let_in(client: RestClient) -> None:
    async def connect() -> Any:
        async with live_client(client.url, headers={"Origin": client.url}) as live:
            return await live.ask({"op": "ping"})

    assert asyncio.run(connect()) == {"op": "pong"}


def test_a_plain_request_is_told_to_upgrade(client: RestClient) -> None:
    answer = client.get("/api/ws")

    assert answer.status == 426
    assert answer.headers["upgrade"] == "websocket"
