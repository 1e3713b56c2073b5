"""What a client watches of a server: how it is, and its actors, also when the connection is lost between."""

import asyncio
import threading
from collections.abc import Iterator

import pykka
import pytest
from site_server import Site
from tcp_proxy import TcpProxy
from waiting import eventually

from quarterjack.http import Client, Forbidden, NoServer, StateStream
from quarterjack.http.client.state_stream import BUFFERS
from quarterjack.http.keys import CONNECTIONS
from quarterjack.http.shapes.states import ActorChanges, WatchedActor
from quarterjack.runtime import InvalidInput

TIMEOUT = 20
SCHEDULE = {"workflowId": "echo", "name": "Yearly", "scheduleConfig": {"cron": "0 0 1 1 *"}}


def is_sampled(site: Site, topic: str) -> bool:
    state = site.app[CONNECTIONS].states.find(topic)
    assert state is not None
    return state.is_sampled


def crash(site: Site, path: str) -> None:
    """Have an actor of the server crash."""

    async def fail() -> None:
        assert site.runtime._assembly is not None
        ref = site.runtime._assembly.system.find(path)
        assert ref is not None
        ref.cell.fail(RuntimeError("for a test"))

    site.run(fail())


def trees(stream: StateStream[ActorChanges]) -> Iterator[dict[str, WatchedActor]]:
    """The tree after each change."""
    tree: dict[str, WatchedActor] = {}
    while True:
        stream.next(TIMEOUT).apply(tree)
        yield dict(tree)


def actor(path: str, *, restarts: int = 0) -> WatchedActor:
    return WatchedActor(
        name=path.rpartition("/")[2],
        path=path,
        parent=None,
        kind="worker",
        state="running",
        mailbox_depth=0,
        handled=0,
        restarts=restarts,
        last_error=None,
        handled_per_second=0.0,
    )


def changes(
    *items: WatchedActor, reset: bool = False, gone: list[str] | None = None
) -> ActorChanges:
    return ActorChanges(reset=reset, items=list(items), gone=gone or [], truncated=False)


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_a_loop_and_a_thread_watch_the_server(site: Site, encoding: str) -> None:
    async def first() -> int | None:
        async with (
            Client(site.client.url, encoding=encoding) as client,  # type: ignore[arg-type]
            client.watch("server") as stream,
        ):
            async for state in stream:
                return None if state.schedules is None else state.schedules.total
        return None

    assert asyncio.run(first()) == 0
    site.client.post("/api/schedules/workflows", SCHEDULE)
    with Client(site.client.url, encoding=encoding) as client:  # type: ignore[arg-type]
        state = client.watch("server").next(TIMEOUT)

    assert state.schedules is not None
    assert (state.schedules.total, state.running, state.status) == (1, 0, "ok")
    assert state.now.tzinfo is not None


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_a_crash_and_the_restart_are_watched(site: Site, encoding: str) -> None:
    with (
        Client(site.client.url, encoding=encoding) as client,  # type: ignore[arg-type]
        client.watch("actors") as stream,
    ):
        each = trees(stream)
        before = next(each)["quarterjack/ticker"]
        crash(site, "quarterjack/ticker")
        after = next(found for tree in each if (found := tree["quarterjack/ticker"]).restarts)

    assert (before.restarts, before.last_error) == (0, None)
    assert (after.restarts, after.last_error) == (1, "RuntimeError: for a test")


def test_watching_goes_on_when_the_connection_was_lost(
    shaky: Client, proxy: TcpProxy, site: Site
) -> None:
    with shaky.watch("actors") as actors, shaky.watch("server") as server:
        assert actors.next(TIMEOUT).reset
        server.next(TIMEOUT)
        proxy.cut()
        crash(site, "quarterjack/ticker")
        again = actors.next(TIMEOUT)
        while not again.reset:  # what came before the cut
            again = actors.next(TIMEOUT)
        site.client.post("/api/schedules/workflows", SCHEDULE)
        state = server.next(TIMEOUT)
        while not state.schedules or not state.schedules.total:
            state = server.next(TIMEOUT)

    tree: dict[str, WatchedActor] = {}
    again.apply(tree)
    assert tree["quarterjack/ticker"].restarts == 1
    assert (proxy.cuts, proxy.connections) == (1, 1)


def test_events_and_states_share_one_connection(shaky: Client, proxy: TcpProxy) -> None:
    streams = (shaky.watch("server"), shaky.watch("actors"), shaky.events())
    for stream in streams:
        stream.opened.get(timeout=TIMEOUT)

    assert proxy.connections == 1


def test_who_takes_nothing_for_a_while_gets_all_that_changed_in_one_piece(
    remote: Client, site: Site
) -> None:
    with remote.watch("actors") as slow, remote.watch("actors") as quick:
        known: dict[str, WatchedActor] = {}
        slow.next(TIMEOUT).apply(known)
        each = trees(quick)
        for name in ("ticker", "webhooks", "broadcaster"):
            crash(site, f"quarterjack/{name}")
            next(tree for tree in each if tree[f"quarterjack/{name}"].restarts)
        piece = slow.next(TIMEOUT)

    assert not piece.reset
    crashed = {"ticker", "webhooks", "broadcaster"}
    assert {each.name for each in piece.items if each.restarts} == crashed


def test_a_closed_stream_frees_the_server(remote: Client, site: Site) -> None:
    with remote.watch("server") as stream:
        stream.next(TIMEOUT)
        assert is_sampled(site, "server")
    eventually(lambda: not is_sampled(site, "server"))

    assert list(stream) == []


def test_a_stream_that_nobody_has_any_more_frees_the_server(remote: Client, site: Site) -> None:
    stream = remote.watch("actors")
    stream.next(TIMEOUT)
    del stream

    eventually(lambda: not is_sampled(site, "actors"))


def test_who_gives_up_waiting_loses_nothing(remote: Client, site: Site) -> None:
    with remote.watch("actors") as stream:
        tree: dict[str, WatchedActor] = {}
        stream.next(TIMEOUT).apply(tree)
        crash(site, "quarterjack/ticker")

        async def impatient() -> None:
            while not tree["quarterjack/ticker"].restarts:
                task = asyncio.ensure_future(anext(stream))
                await asyncio.wait([task], timeout=0.01)
                if not task.cancel():
                    task.result().apply(tree)
                    continue
                await asyncio.wait([task])

        asyncio.run(asyncio.wait_for(impatient(), TIMEOUT))


def test_an_unknown_topic_is_wrong_input(remote: Client) -> None:
    with pytest.raises(InvalidInput, match="server and actors"):
        remote.watch("nothing")  # type: ignore[call-overload]


def test_a_limited_token_may_not_watch_actors(site: Site) -> None:
    made = site.runtime.create_token("some", role="viewer", workflows=["echo"]).get(timeout=TIMEOUT)
    with Client(site.client.url, token=made.secret) as client:
        with pytest.raises(Forbidden, match="limited"):
            client.watch("actors").next(TIMEOUT)
        assert client.watch("server").next(TIMEOUT).schedules is None


def test_a_closed_client_and_a_server_that_never_was_are_told() -> None:
    client = Client("http://127.0.0.1:1", retries=0)
    with client, pytest.raises(NoServer):
        client.watch("server").next(TIMEOUT)
    with pytest.raises(Exception, match="closed"):
        client.watch("server").next(TIMEOUT)


# What waits for a consumer


def test_of_two_servers_states_the_newer_waits(site: Site) -> None:
    with Client(site.client.url) as client, client.watch("server") as stream:
        first = stream.next(TIMEOUT)
        second = stream.next(TIMEOUT)
    buffer = BUFFERS["server"]()
    for each in (first, second):
        buffer.put(each.model_dump())

    assert buffer.take().get() == second
    with pytest.raises(pykka.Timeout):
        buffer.take().get(timeout=0.01)


@pytest.mark.parametrize(
    ("earlier", "later", "both"),
    [
        (
            changes(actor("a"), actor("b"), reset=True),
            changes(actor("b", restarts=1), gone=["a"]),
            changes(actor("b", restarts=1), reset=True),
        ),
        (
            changes(actor("a"), gone=["x"]),
            changes(actor("c"), gone=["a"]),
            changes(actor("c"), gone=["x", "a"]),
        ),
        (changes(gone=["a"]), changes(actor("a")), changes(actor("a"))),
        (changes(actor("a")), changes(actor("b"), reset=True), changes(actor("b"), reset=True)),
    ],
    ids=["changed", "gone", "back", "reset"],
)
def test_changes_one_after_the_other_are_the_same_in_one(
    earlier: ActorChanges, later: ActorChanges, both: ActorChanges
) -> None:
    assert earlier.followed_by(later) == both
    known = {"a": actor("a"), "x": actor("x")}
    in_turn, at_once = dict(known), dict(known)
    earlier.apply(in_turn)
    later.apply(in_turn)
    both.apply(at_once)
    assert in_turn == at_once


def test_what_is_put_back_comes_before_what_came_meanwhile() -> None:
    buffer = BUFFERS["actors"]()
    buffer.put(changes(actor("a"), actor("b"), reset=True).model_dump())
    taken = buffer.take()
    buffer.put(changes(gone=["a"]).model_dump())
    buffer.put_back(taken)

    assert buffer.take().get() == changes(actor("b"), reset=True)


def test_a_state_that_comes_for_one_who_waits_is_his() -> None:
    buffer = BUFFERS["actors"]()
    waiting = buffer.take()
    threading.Thread(target=lambda: buffer.put(changes(actor("a")).model_dump())).start()

    assert waiting.get(timeout=TIMEOUT) == changes(actor("a"))
