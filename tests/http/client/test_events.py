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
from quarterjack.http.keys import CONNECTIONS
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


def cut(site: Site) -> None:
    """Break off every WebSocket that the server has."""

    async def end() -> None:
        for connection in list(site.app[CONNECTIONS]):
            await connection.close()

    site.run(end())


def connections(site: Site) -> int:
    return len(list(site.app[CONNECTIONS]))


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


def test_all_subscriptions_share_one_connection(remote: Client, site: Site) -> None:
    streams = [remote.events("workflow:*"), remote.events("schedule:*"), remote.events()]
    for stream in streams:
        stream.opened.get(timeout=TIMEOUT)

    assert connections(site) == 1


@pytest.mark.parametrize("times", [1, 5])
def test_events_go_on_where_they_were_when_the_connection_was_lost(
    remote: Client, site: Site, times: int
) -> None:
    with remote.events() as stream:
        for _ in range(times):
            remote.run("echo").get(timeout=TIMEOUT)
            cut(site)
        key = remote.run("echo").get(timeout=TIMEOUT)
        found = until(stream, key)

    assert found == list(remote.list_events().all())[: len(found)]
    assert len({event.execution_id for event in found}) == times + 1


def test_what_happens_while_nobody_is_connected_is_told_though_nothing_came_before(
    remote: Client, site: Site
) -> None:
    stream = remote.events()
    stream.opened.get(timeout=TIMEOUT)
    cut(site)
    key = site.client.run("echo")

    found = until(stream, key)

    assert [event.seq for event in found] == list(range(1, len(found) + 1))


def test_a_client_that_lagged_gets_what_it_missed(
    remote: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lagged: list[Any] = []
    take = Feed._take

    def noted(feed: Feed, frame: Any) -> None:
        if frame["op"] == "lagged":
            lagged.append(frame)
        take(feed, frame)

    monkeypatch.setattr(Feed, "_take", noted)
    monkeypatch.setattr("quarterjack.http.live.MOST_WAITING", 5)
    config = {"cron": "* * * * *", "startAt": "2026-01-01T00:00:00Z", "maxRuns": 1}
    with remote.events() as stream:
        schedule = remote.create_scheduled_workflow(
            {"workflowId": "echo", "name": "A", "scheduleConfig": config}
        ).get(timeout=TIMEOUT)
        request = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T02:00:00Z"}
        remote.backfill_schedule(schedule, request).get(timeout=TIMEOUT)
        last = remote.run("echo").get(timeout=TIMEOUT)
        found = until(stream, last)

    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    assert lagged


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
            seqs = []
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


def test_a_stream_that_nobody_has_any_more_is_ended(remote: Client, site: Site) -> None:
    kept, left = remote.events(), remote.events("workflow:*")
    for stream in (kept, left):
        stream.opened.get(timeout=TIMEOUT)
    (connection,) = site.app[CONNECTIONS]
    assert len(connection._subscriptions) == 2

    del left, stream

    eventually(lambda: len(connection._subscriptions) == 1)


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

    def __init__(self, *connections: list[object]) -> None:
        super().__init__()
        self.frames: list[dict[str, object]] = []
        self._turns: Iterator[list[object]] = itertools.chain(connections, itertools.repeat([]))
        self.handlers["/api/ws"] = self._talk

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=["quarterjack.v1.json"])
        await socket.prepare(request)
        turn = next(self._turns)
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
