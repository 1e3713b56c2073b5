"""Events of a client: in a thread and on a loop, none twice and none left out, whatever happens between."""

import asyncio
import itertools
import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import pykka
import pytest
from aiohttp import web
from site_server import Site
from tcp_proxy import TcpProxy
from waiting import eventually
from web_server import WebServer

from quarterjack.http import (
    Client,
    EventStream,
    NoServer,
    NotAQuarterjackServer,
    SubscriptionRefused,
    Unauthorized,
)
from quarterjack.http.client.event_stream import EventBuffer
from quarterjack.http.client.feed import Feed
from quarterjack.http.shapes.events import Event
from quarterjack.runtime import InvalidInput

TIMEOUT = 20
ENDS = {"workflow.completed", "workflow.failed"}


def until(stream: EventStream, end: str) -> list[Event]:
    """The events up to the end of an execution."""
    found: list[Event] = []
    while not found or found[-1].execution_id != end or found[-1].type not in ENDS:
        found.append(stream.next(TIMEOUT))
    return found


def feed_of(client: Client) -> Feed:
    """Its WebSocket."""
    assert client._thread is not None
    assert client._thread._session is not None
    return client._thread._session.feed


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_a_loop_and_a_thread_get_the_same_events(site: Site, encoding: str) -> None:
    async def follow() -> tuple[list[Event], str]:
        async with (
            Client(site.client.url, encoding=encoding) as client,  # type: ignore[arg-type]
            client.events("workflow:*") as stream,
        ):
            key = await client.run("echo")
            found = []
            async for event in stream:
                found.append(event)
                if event.type == "workflow.completed":
                    break
            return found, key

    found, key = asyncio.run(follow())
    with Client(site.client.url, encoding=encoding) as client:  # type: ignore[arg-type]
        again = until(client.events("workflow:*", after=0), key)
        stored = list(client.list_events(topic="workflow:*").all())

    assert found == again == stored


def test_a_key_lets_only_its_events_through(remote: Client) -> None:
    first, second = remote.run("echo").get(timeout=TIMEOUT), remote.run("echo").get(timeout=TIMEOUT)

    found = until(remote.events("execution:*", key=second, after=0), second)

    assert {event.execution_id for event in found} == {second}
    assert first != second


def test_all_subscriptions_share_one_connection(shaky: Client, proxy: TcpProxy) -> None:
    streams = [shaky.events("workflow:*"), shaky.events("schedule:*"), shaky.events()]
    for stream in streams:
        stream.opened.get(timeout=TIMEOUT)

    assert proxy.connections == 1


@pytest.mark.parametrize("times", [1, 5])
def test_events_go_on_where_they_were_when_the_connection_was_lost(
    shaky: Client, proxy: TcpProxy, times: int
) -> None:
    with shaky.events() as stream:
        for _ in range(times):
            shaky.run("echo").get(timeout=TIMEOUT)
            proxy.cut()
        key = shaky.run("echo").get(timeout=TIMEOUT)
        found = until(stream, key)

    assert proxy.cuts >= times
    assert found == list(shaky.list_events().all())[: len(found)]
    assert len({event.execution_id for event in found}) == times + 1


def test_what_happens_while_nobody_is_connected_is_told_though_nothing_came_before(
    shaky: Client, proxy: TcpProxy, site: Site
) -> None:
    stream = shaky.events()
    stream.opened.get(timeout=TIMEOUT)
    proxy.cut()
    key = site.client.run("echo")

    found = until(stream, key)

    assert [event.seq for event in found] == list(range(1, len(found) + 1))


def test_who_lagged_goes_on_after_the_last_event_that_came() -> None:
    begun = {"op": "subscribed", "id": "1", "seq": 0}
    again = {"op": "subscribed", "id": "2", "seq": 9}
    late = {"op": "event", "ids": ["1"], **_event(4).model_dump()}
    turns = [
        begun,
        {"op": "event", "ids": ["1"], **_event(3).model_dump()},
        {"op": "lagged", "seq": 8},
        late,
        again,
        {"op": "event", "ids": ["2"], **_event(3).model_dump()},
        {"op": "event", "ids": ["2"], **_event(4).model_dump()},
    ]
    with FakeLive(turns) as server, Client(server.url) as client:
        stream = client.events()
        found = [stream.next(TIMEOUT).seq for _ in range(2)]
        eventually(lambda: len(server.frames) == 2)

    assert found == [3, 4]
    assert server.frames[1] == {"op": "subscribe", "id": "2", "topic": "*", "after": 3}


def test_a_slow_consumer_gets_every_event_and_its_buffer_stays_small(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quarterjack.http.client.client.MOST_WAITING", 7)
    with Client(site.client.url) as client, client.events() as slow, client.events() as quick:
        keys = [client.run("echo").get(timeout=TIMEOUT) for _ in range(20)]
        for key in keys:
            client.wait_for(key).get(timeout=TIMEOUT)
        count = len(list(client.list_events().all()))
        waiting = len(slow._buffer._events)
        found = [slow.next(TIMEOUT).seq for _ in range(count)]
        others = [quick.next(TIMEOUT).seq for _ in range(count)]

    assert waiting <= 7
    assert found == others == list(range(1, count + 1))


def test_who_gives_up_waiting_loses_nothing(remote: Client) -> None:
    async def follow() -> list[int]:
        async with remote.events() as stream:
            seqs: list[int] = []
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(anext(stream), 0.01)
            with pytest.raises(pykka.Timeout):
                await asyncio.to_thread(stream.next, 0.01)
            key = await remote.run("echo")
            await remote.wait_for(key)
            while len(seqs) < 6:
                task = asyncio.ensure_future(anext(stream))
                await asyncio.wait([task], timeout=0.0)
                if not task.cancel():
                    seqs.append(task.result().seq)
                    continue
                await asyncio.wait([task])
                seqs.append((await anext(stream)).seq)
            return seqs

    assert asyncio.run(follow()) == list(range(1, 7))


def test_a_closed_stream_ends_after_what_has_come(remote: Client, site: Site) -> None:
    stream = remote.events()
    stream.opened.get(timeout=TIMEOUT)
    remote.wait_for(remote.run("echo").get(timeout=TIMEOUT)).get(timeout=TIMEOUT)
    eventually(lambda: len(stream._buffer._events) == 6)

    stream.close()
    site.client.ended(site.client.run("echo"))

    assert [event.seq for event in stream] == list(range(1, 7))


def test_a_stream_that_nobody_has_any_more_is_ended(remote: Client) -> None:
    kept, left = remote.events(), remote.events("workflow:*")
    for stream in (kept, left):
        stream.opened.get(timeout=TIMEOUT)
    assert len(feed_of(remote)._known) == 2

    del left, stream

    eventually(lambda: len(feed_of(remote)._known) == 1)
    remote.run("echo").get(timeout=TIMEOUT)
    assert kept.next(TIMEOUT).type == "workflow.started"


def test_an_unknown_topic_is_wrong_input(remote: Client) -> None:
    with pytest.raises(InvalidInput, match="there is no topic"):
        remote.events("nothing:*").next(TIMEOUT)
    with pytest.raises(InvalidInput), remote.events("nothing:*"):
        pass


def test_more_subscriptions_than_the_server_takes_are_refused(remote: Client) -> None:
    streams = [remote.events("workflow:*") for _ in range(101)]

    codes = []
    for stream in streams:
        try:
            stream.opened.get(timeout=TIMEOUT)
        except SubscriptionRefused as error:
            codes.append(error.code)

    assert codes == ["too-many-subscriptions"]


def test_where_there_never_was_a_server_iterating_says_so() -> None:
    with WebServer() as gone:
        url = gone.url

    with Client(url, retries=1) as client, pytest.raises(NoServer):
        client.events().next(TIMEOUT)


@pytest.mark.parametrize(("status", "kind"), [(401, Unauthorized), (404, NotAQuarterjackServer)])
def test_a_refused_upgrade_is_told_at_once(status: int, kind: type[Exception]) -> None:
    with WebServer() as server:
        server.answer("/api/ws", status=status)

        with Client(server.url) as client, pytest.raises(kind):
            client.events().next(TIMEOUT)

        assert len(server.asked) == 1


def test_the_token_and_the_subprotocol_go_with_the_upgrade() -> None:
    error = {"op": "error", "code": "gone", "detail": "x", "id": "1"}
    with (
        FakeLive([error]) as server,
        Client(server.url, token="secret", encoding="json") as client,
        pytest.raises(SubscriptionRefused) as refused,
    ):
        client.events(after=3).next(TIMEOUT)

    assert refused.value.code == "gone"
    assert server.asked[0].headers["authorization"] == "Bearer secret"
    assert server.asked[0].headers["sec-websocket-protocol"] == "quarterjack.v1.json"
    assert server.frames == [{"op": "subscribe", "id": "1", "topic": "*", "after": 3}]


@pytest.mark.parametrize("code", ["unavailable", "rate-limited"])
def test_what_passes_is_tried_again(code: str) -> None:
    error = {"op": "error", "code": code, "detail": "x"}
    then = {"op": "subscribed", "id": "2", "seq": 5}
    with FakeLive([error], [then]) as server, Client(server.url) as client:
        assert client.events().opened.get(timeout=TIMEOUT) == 5

    assert [frame["id"] for frame in server.frames] == ["1", "2"]


def test_a_token_that_holds_no_more_ends_the_stream() -> None:
    error = {"op": "error", "code": "unauthorized", "detail": "revoked"}
    with (
        FakeLive([error]) as server,
        Client(server.url) as client,
        pytest.raises(Unauthorized, match="revoked"),
    ):
        client.events().next(TIMEOUT)


def test_frames_that_can_not_be_read_break_the_connection_off() -> None:
    then = {"op": "subscribed", "id": "2", "seq": 5}
    with FakeLive(["{", "}"], [then]) as server, Client(server.url) as client:
        assert client.events().opened.get(timeout=TIMEOUT) == 5


def test_a_buffer_says_when_there_is_room_again() -> None:
    buffer = EventBuffer(2)
    told: list[None] = []
    buffer.on_room = lambda: told.append(None)

    taken = [buffer.offer(_event(seq)) for seq in (1, 2, 3)]
    first = buffer.take().get()

    assert taken == [True, True, False]
    assert (first.seq, len(told)) == (1, 1)


class FakeLive(WebServer):
    """Says, on each connection, what the test has for it, when it was asked for something."""

    def __init__(self, *connections: list[Any]) -> None:
        super().__init__()
        self.frames: list[dict[str, object]] = []
        self._turns: Iterator[list[Any]] = itertools.chain(connections, itertools.repeat([]))
        self.handlers["/api/ws"] = self._talk

    def __enter__(self) -> "FakeLive":
        super().__enter__()
        return self

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=["quarterjack.v1.json"])
        await socket.prepare(request)
        turn = iter(next(self._turns))
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                frame = json.loads(message.data)
                if frame["op"] == "subscribe":
                    self.frames.append(frame)
                    for each in turn:
                        text = each if isinstance(each, str) else json.dumps(each)
                        await socket.send_str(text)
        return socket


def _event(seq: int) -> Event:
    return Event.model_validate(
        {
            "seq": seq,
            "type": "workflow.started",
            "scheduleId": None,
            "workflowId": "echo",
            "executionId": "exe_1",
            "timestamp": "2026-01-01T00:00:00Z",
            "data": {},
        }
    )
