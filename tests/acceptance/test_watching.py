"""Who watches a server sees its actors crash and start again, and goes on when it is killed and is back."""

import signal
from collections.abc import Callable

import pytest
from server_process import Start

from quarterjack.http import Client, StateStream
from quarterjack.http.shapes.states import ActorChanges, WatchedActor

SERVER_OPTIONS = ("--runner", "thread", "--app", "crashes")
SECONDS = 40
TICKER = "quarterjack/ticker"
Tree = dict[str, WatchedActor]
pytestmark = pytest.mark.timeout(120)


def follow(stream: StateStream[ActorChanges], tree: Tree, enough: Callable[[Tree], bool]) -> None:
    """Bring the tree up to date until it is so."""
    while not enough(tree):
        stream.next(SECONDS).apply(tree)


def test_a_crash_of_an_actor_and_its_restart_are_watched(start: Start) -> None:
    server = start()
    with Client(server.client().url) as client, client.watch("actors") as stream:
        tree: Tree = {}
        follow(stream, tree, bool)
        before = tree[TICKER]
        ended = client.wait_for(client.run("crash").get(timeout=SECONDS)).get(timeout=SECONDS)
        follow(stream, tree, lambda tree: tree[TICKER].restarts == 1)
        follow(stream, tree, lambda tree: tree[TICKER].state == "running")

    assert (before.restarts, before.last_error) == (0, None)
    assert ended.status == "succeeded"
    assert "a_fault" in (tree[TICKER].last_error or "")


def test_watching_goes_on_when_the_server_was_killed_and_is_back(start: Start) -> None:
    server = start()
    url = server.client().url
    with Client(url) as client, client.watch("actors") as actors, client.watch("server") as states:
        assert actors.next(SECONDS).reset
        old = states.next(SECONDS)
        server.end(signal.SIGKILL)
        again = start("--port", url.rpartition(":")[2])
        again.client()
        while not actors.next(SECONDS).reset:
            pass
        client.run("report", params={"log": "/dev/null"}).get(timeout=SECONDS)
        new = states.next(SECONDS)
        while new.seq <= old.seq:
            new = states.next(SECONDS)
        code = again.end()  # while it is watched

    assert new.ready
    assert new.now > old.now
    assert code == 0
    assert "ERROR" not in again.log
    assert "Traceback" not in again.log
