"""The states of the WebSocket: how the server is, and its actors, sampled once while somebody watches."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from typing import Any

import pytest
from event_source import tell
from gate import Gate
from live_client import JSON, MSGPACK, Frame, LiveClient, live_client
from raw_websocket import RawWebSocket, text
from rest_client import RestClient
from site_server import Site
from waiting import eventually

from quarterjack.actors.engine import Sighting
from quarterjack.http import actor_states
from quarterjack.http.keys import CONNECTIONS
from quarterjack.http.shapes.states import WatchedActor

SCHEDULE = {"workflowId": "echo", "name": "Yearly", "scheduleConfig": {"cron": "0 0 1 1 *"}}
Talk = Callable[[LiveClient], Awaitable[Any]]


def talk(site: Site, conversation: Talk, protocol: str = JSON, **more: Any) -> Any:
    """Have a conversation with the server on a WebSocket."""

    async def connected() -> Any:
        async with live_client(site.client.url, protocol, **more) as live:
            return await conversation(live)

    return asyncio.run(connected())


def is_sampled(site: Site, topic: str) -> bool:
    state = site.app[CONNECTIONS].states.find(topic)
    assert state is not None
    return state.is_sampled


def crash(site: Site, path: str, error: Exception) -> None:
    """Have an actor of the server crash."""

    async def fail() -> None:
        assert site.runtime._assembly is not None
        ref = site.runtime._assembly.system.find(path)
        assert ref is not None
        ref.cell.fail(error)

    site.run(fail())


async def states(live: LiveClient, enough: Callable[[Any], bool]) -> list[Any]:
    """The data of frames up to one that is enough."""
    found: list[Any] = []
    while not found or not enough(found[-1]):
        frame = await live.receive()
        assert frame["op"] == "state"
        found.append(frame["data"])
    return found


def applied(changes: list[Any]) -> dict[str, Any]:
    """The actors that there are after those frames, by path."""
    tree: dict[str, Any] = {}
    for each in changes:
        if each["reset"]:
            tree.clear()
        for path in each["gone"]:
            del tree[path]
        tree |= {item["path"]: item for item in each["items"]}
    return tree


# The server


@pytest.mark.parametrize("protocol", [JSON, MSGPACK])
def test_the_server_tells_how_it_is_at_once_and_then_each_second(
    site: Site, client: RestClient, gate: Gate, protocol: str
) -> None:
    client.post("/api/schedules/workflows", SCHEDULE)
    for _ in range(3):
        client.post("/api/workflows/gated/run")
    eventually(lambda: len(client.get("/api/executions?status=running").body["items"]) == 3)

    async def conversation(live: LiveClient) -> tuple[list[Frame], float]:
        await live.subscribe("s", "server")
        first = await live.receive()
        begun = time.monotonic()
        return [first, await live.receive()], time.monotonic() - begun

    frames, between = talk(site, conversation, protocol)

    first = frames[0]
    data = first["data"]
    assert {**first, "data": None} == {"op": "state", "ids": ["s"], "topic": "server", "data": None}
    assert (data["status"], data["ready"], data["reasons"]) == ("ok", True, [])
    assert (data["running"], data["waiting"], data["queued"]) == (3, 0, 0)
    assert data["schedules"] == {
        "total": 1, "active": 1, "paused": 0, "disabled": 0, "error": 0, "finished": 0,
        "late": 0, "failing": 0, "losing": 0,
    }  # fmt: skip
    assert data["seq"] == client.get("/api/events?limit=500").body["items"][-1]["seq"]
    assert data["loopLag"] >= 0
    assert data["now"] < frames[1]["data"]["now"]
    assert 0.5 < between < 3


def test_a_change_is_told_within_the_next_second(site: Site, client: RestClient) -> None:
    async def conversation(live: LiveClient) -> Any:
        await live.subscribe("s", "server")
        before = (await live.receive())["data"]
        await asyncio.to_thread(client.post, "/api/schedules/workflows", SCHEDULE)
        return before, (await states(live, lambda data: data["schedules"]["total"] == 1))[-1]

    before, after = talk(site, conversation)

    assert before["schedules"]["total"] == 0
    assert after["seq"] > before["seq"]


# Actors


@pytest.mark.parametrize("protocol", [JSON, MSGPACK])
def test_all_actors_are_told_first_as_over_rest(site: Site, protocol: str) -> None:
    async def conversation(live: LiveClient) -> Any:
        await live.subscribe("a", "actors")
        return (await live.receive())["data"]

    data = talk(site, conversation, protocol)
    listed = site.client.get("/api/actors?limit=500").body["items"]

    assert (data["reset"], data["gone"], data["truncated"]) == (True, [], False)
    told, known = applied([data]), {each["path"]: each for each in listed}
    assert next(iter(told)) == "quarterjack"
    assert told.keys() == known.keys()
    for path, each in told.items():
        assert each.keys() == known[path].keys() | {"handledPerSecond"}
        same = ("name", "kind", "parent", "restarts", "lastError")
        assert [each[name] for name in same] == [known[path][name] for name in same]


def test_then_only_what_is_new_or_otherwise_or_gone(site: Site, gate: Gate) -> None:
    async def conversation(live: LiveClient) -> tuple[list[Any], str]:
        await live.subscribe("a", "actors")
        first = (await live.receive())["data"]
        key = await asyncio.to_thread(site.client.run, "gated")
        path = f"quarterjack/executions/{key}"
        came = await states(live, lambda data: any(each["path"] == path for each in data["items"]))
        gate.open()
        went = await states(live, lambda data: path in data["gone"])
        return [first, *came, *went], path

    changes, path = talk(site, conversation)

    assert [each["reset"] for each in changes] == [True, *[False] * (len(changes) - 1)]
    assert path not in applied(changes)
    assert applied(changes).keys() == {
        each["path"] for each in site.client.get("/api/actors?limit=500").body["items"]
    }
    quiet = {"quarterjack/webhooks", "quarterjack/deliveries"}
    told = {item["path"] for each in changes[1:] for item in each["items"]}
    assert not told & quiet


def test_a_crash_and_the_restart_can_be_watched(site: Site) -> None:
    async def conversation(live: LiveClient) -> list[Any]:
        await live.subscribe("a", "actors")
        first = (await live.receive())["data"]
        await asyncio.to_thread(crash, site, "quarterjack/ticker", RuntimeError("for a test"))
        return [first, *await states(live, lambda data: restarted(data))]

    def restarted(data: Any) -> bool:
        return any(
            each["name"] == "ticker" and each["restarts"] and each["state"] == "running"
            for each in data["items"]
        )

    changes = talk(site, conversation)

    before = applied(changes[:1])["quarterjack/ticker"]
    after = applied(changes)["quarterjack/ticker"]
    assert (before["restarts"], before["lastError"]) == (0, None)
    assert (after["restarts"], after["lastError"]) == (1, "RuntimeError: for a test")


def test_who_comes_later_gets_all_actors_first(site: Site) -> None:
    async def conversation(live: LiveClient) -> list[Any]:
        await live.subscribe("a", "actors")
        await live.receive()
        await asyncio.to_thread(site.client.run, "echo")
        await live.receive()
        async with live_client(site.client.url) as other:
            await other.subscribe("b", "actors")
            return [(await other.receive())["data"], (await other.receive())["data"]]

    first, second = talk(site, conversation)

    assert (first["reset"], second["reset"]) == (True, False)
    assert "quarterjack/ticker" in applied([first])


def test_of_too_many_actors_some_are_told_supervisors_first(
    site: Site, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actor_states, "MOST", 12)
    for _ in range(10):
        site.client.run("gated")

    async def conversation(live: LiveClient) -> list[Any]:
        await live.subscribe("a", "actors")
        first = await states(live, lambda data: data["truncated"])
        gate.open()
        return first + await states(live, lambda data: not data["truncated"])

    changes = talk(site, conversation)

    full = applied(changes[:1])
    assert len(full) == 12
    assert {"quarterjack", "quarterjack/executions", "quarterjack/schedules"} <= full.keys()


# Subscriptions


@pytest.mark.parametrize("topic", ["server", "actors"])
@pytest.mark.parametrize("more", [{"after": 0}, {"after": 7}, {"key": "x"}], ids=str)
def test_a_state_can_not_be_resumed(site: Site, topic: str, more: Frame) -> None:
    async def conversation(live: LiveClient) -> Frame:
        return await live.ask({"op": "subscribe", "id": "s", "topic": topic, **more})

    refused = talk(site, conversation)

    assert (refused["op"], refused["code"], refused["id"]) == ("error", "invalid-input", "s")
    assert not is_sampled(site, topic)


def test_one_frame_is_for_all_subscriptions_of_a_connection(site: Site) -> None:
    async def conversation(live: LiveClient) -> list[str]:
        await live.send({"op": "subscribe", "id": "a", "topic": "server"})
        await live.send({"op": "subscribe", "id": "b", "topic": "server"})
        frames = await live.until(
            lambda seen: seen[-1:] != [] and len(seen[-1].get("ids", ())) == 2
        )
        return list(frames[-1]["ids"])

    assert talk(site, conversation) == ["a", "b"]


def test_a_subscription_of_an_id_replaces_the_one_before(site: Site) -> None:
    async def conversation(live: LiveClient) -> list[Frame]:
        await live.subscribe("a", "*")
        await live.subscribe("a", "server")
        await live.receive()
        await asyncio.to_thread(tell, site, 5)
        frames = [await live.receive()]
        await live.send({"op": "subscribe", "id": "a", "topic": "*"})
        frames += await live.until(lambda seen: seen[-1:] != [] and seen[-1]["op"] == "subscribed")
        await asyncio.to_thread(tell, site, 1)
        frames.append(await live.receive())
        return frames

    frames = talk(site, conversation)

    assert {each["op"] for each in frames[:-2]} == {"state"}
    assert [each["op"] for each in frames[-2:]] == ["subscribed", "event"]
    eventually(lambda: not is_sampled(site, "server"))


def test_states_count_among_the_subscriptions_of_a_connection(site: Site) -> None:
    connections = site.app[CONNECTIONS]
    connections.limits = replace(connections.limits, subscriptions=2)

    async def conversation(live: LiveClient) -> list[Frame]:
        for name, topic in (("a", "*"), ("b", "actors"), ("c", "server"), ("b", "server")):
            await live.send({"op": "subscribe", "id": name, "topic": topic})
        frames = await live.until(
            lambda seen: [each["op"] for each in seen].count("subscribed") == 3
        )
        return [each for each in frames if each["op"] == "error"]

    [refused] = talk(site, conversation)

    assert (refused["code"], refused["id"]) == ("too-many-subscriptions", "c")


# Who watches is the only reason to look


@pytest.mark.parametrize("topic", ["server", "actors"])
def test_nothing_is_sampled_when_nobody_watches_any_more(site: Site, topic: str) -> None:
    async def conversation(live: LiveClient) -> None:
        assert not is_sampled(site, topic)
        await live.subscribe("a", topic)
        await live.receive()
        assert is_sampled(site, topic)
        await live.send({"op": "unsubscribe", "id": "a"})
        await live.until(lambda seen: seen[-1:] == [{"op": "unsubscribed", "id": "a"}])
        assert not is_sampled(site, topic)

    talk(site, conversation)


@pytest.mark.parametrize("topic", ["server", "actors"])
def test_a_client_that_is_gone_watches_no_more(site: Site, topic: str) -> None:
    with RawWebSocket.open(site.client.url) as one, RawWebSocket.open(site.client.url) as other:
        for each in (one, other):
            each.send(text({"op": "subscribe", "id": "a", "topic": topic}))
            assert each.receive().json["op"] == "subscribed"
        one.connection.close()
        eventually(lambda: len(site.app[CONNECTIONS]) == 1)
        assert is_sampled(site, topic)
        other.connection.close()
        eventually(lambda: not is_sampled(site, topic))


def test_who_watches_again_is_told_nothing_from_before(site: Site, client: RestClient) -> None:
    async def conversation(live: LiveClient) -> list[Any]:
        found = []
        for topic in ("server", "actors") * 2:
            await live.subscribe("a", topic)
            found.append((await live.receive())["data"])
            await live.send({"op": "unsubscribe", "id": "a"})
            await live.until(lambda seen: seen[-1:] == [{"op": "unsubscribed", "id": "a"}])
            await asyncio.to_thread(client.post, "/api/schedules/workflows", SCHEDULE)
        return found

    server, actors, server_again, actors_again = talk(site, conversation)

    assert (server["schedules"]["total"], server_again["schedules"]["total"]) == (0, 2)
    assert actors["reset"]
    assert actors_again["reset"]
    assert len(actors_again["items"]) > len(actors["items"]) > 5


@pytest.mark.parametrize("protocol", [JSON, MSGPACK])
def test_a_state_is_looked_at_and_encoded_once_for_all_clients(
    site: Site, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    encoded: list[str] = []
    real = WatchedActor.seen

    def counted(found: Sighting) -> WatchedActor:
        encoded.append(found.info.path)
        return real(found)

    monkeypatch.setattr(WatchedActor, "seen", counted)

    async def all_at_once() -> list[Any]:
        async with AsyncExitStack() as stack:
            lives = [
                await stack.enter_async_context(live_client(site.client.url, protocol))
                for _ in range(20)
            ]
            await asyncio.gather(*(live.subscribe("a", "actors") for live in lives))
            return await asyncio.gather(*(live.receive() for live in lives))

    frames = asyncio.run(all_at_once())

    assert all(frame["data"]["reset"] for frame in frames)
    # Some may have come with the second look, in which a few were otherwise.
    assert encoded.count("quarterjack/webhooks") == 1
    assert len(encoded) < 2 * len(frames[0]["data"]["items"])


# Slow readers


def test_newer_states_take_the_place_of_those_that_wait_for_a_slow_client(site: Site) -> None:
    connections = site.app[CONNECTIONS]
    connections.limits = replace(connections.limits, send_buffer=4_096)
    state = connections.states.find("server")
    assert state is not None
    with RawWebSocket.open(site.client.url, receive_buffer=4_096) as slow:
        slow.send(text({"op": "subscribe", "id": "e", "topic": "*"}))
        assert slow.receive().json["op"] == "subscribed"
        last = tell(site, 400, "x" * 1_000)  # more than the sockets take, less than makes it lag
        slow.send(text({"op": "subscribe", "id": "s", "topic": "server"}))
        eventually(lambda: state.source.version > 3)
        newest = state.source.version
        frames: list[Frame] = []
        while not frames or frames[-1]["op"] != "state":
            frames.append(slow.receive().json)
        after = slow.receive().json

    assert {each["op"] for each in frames} == {"event", "subscribed", "state"}
    assert [each["seq"] for each in frames if each["op"] == "event"] == list(range(1, last + 1))
    assert newest > 3
    assert after["op"] == "state"
    assert after["data"]["now"] > frames[-1]["data"]["now"]


def test_who_missed_many_states_of_the_actors_gets_all_of_them(site: Site) -> None:
    source = actor_states.ActorStates(site.runtime)

    async def looks() -> list[tuple[int, Any]]:
        await source.look()
        found = []
        for number in range(25):
            crash_now(f"error {number}")
            await source.look()
            found.append(source.version)
        return [(had, source.frame(had, limited=False)) for had in (0, *found)]

    def crash_now(why: str) -> None:
        assert site.runtime._assembly is not None
        cell = site.runtime._assembly.system.find("quarterjack/webhooks").cell  # type: ignore[union-attr]
        cell.last_error = RuntimeError(why)

    frames = site.run(looks())

    by_had = {had: None if frame is None else frame._fields["reset"] for had, frame in frames}
    assert by_had[0] is True
    assert by_had[source.version] is None
    assert [by_had[had] for had in (2, 5, 6, 7, 25)] == [True, True, False, False, False]


# Tokens


def test_a_limited_token_sees_no_counts_and_no_actors(site: Site, client: RestClient) -> None:
    client.post("/api/schedules/workflows", SCHEDULE)
    made = site.runtime.create_token("some", role="viewer", workflows=["echo"]).get(timeout=20)
    headers = {"Authorization": f"Bearer {made.secret}"}

    async def conversation(live: LiveClient) -> tuple[Frame, Any]:
        refused = await live.ask({"op": "subscribe", "id": "a", "topic": "actors"})
        await live.subscribe("s", "server")
        return refused, (await live.receive())["data"]

    refused, data = talk(site, conversation, headers=headers)

    assert (refused["op"], refused["code"], refused["id"]) == ("error", "forbidden", "a")
    assert [data[name] for name in ("schedules", "running", "waiting", "queued")] == [None] * 4
    assert data["status"] == "ok"


def test_a_revoked_token_watches_no_more(site: Site) -> None:
    made = site.runtime.create_token("all", role="viewer").get(timeout=20)
    connections = site.app[CONNECTIONS]
    connections.limits = replace(connections.limits, recheck=0.1)
    headers = {"Authorization": f"Bearer {made.secret}"}

    async def conversation(live: LiveClient) -> int | None:
        await live.subscribe("a", "actors")
        await live.receive()
        await site.runtime.revoke_token(made.token.id)
        return await live.closed()

    assert talk(site, conversation, headers=headers) == 4401
    eventually(lambda: not is_sampled(site, "actors"))


# The end


def test_many_watchers_leave_nothing_behind(site: Site) -> None:
    with ExitStack() as stack:
        for topic in ("server", "actors") * 10:
            raw = stack.enter_context(RawWebSocket.open(site.client.url))
            raw.send(text({"op": "subscribe", "id": "a", "topic": topic}))
            assert raw.receive().json["op"] == "subscribed"
            assert raw.receive().json["op"] == "state"
    eventually(lambda: not is_sampled(site, "server") and not is_sampled(site, "actors"))

    async def tasks() -> set[str]:
        return {task.get_name() for task in asyncio.all_tasks()}

    eventually(lambda: not site.run(tasks()) & {"server", "actors"})
