"""Who may listen on the WebSocket where tokens are needed, and to what."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
from event_source import progress, tell_all
from live_client import JSON, MSGPACK, Frame, LiveClient, live_client
from raw_websocket import RawWebSocket, text
from site_server import Site
from waiting import eventually

from quarterjack.http.errors import Unauthenticated
from quarterjack.http.keys import CONNECTIONS
from quarterjack.http.live_access import Visitor
from quarterjack.storage import Event, Role

Talk = Callable[[LiveClient], Awaitable[Any]]
SECRET = "qj_a-secret-that-nobody-is-told"


@dataclass
class Guest:
    """The bearer of a token."""

    role: Role = Role.VIEWER
    workflows: frozenset[str] | None = None

    def may_see(self, event: Event) -> bool:
        return self.workflows is None or event.workflow_id in self.workflows


@dataclass
class Keeper:
    """A door that knows some tokens."""

    guests: dict[str, Guest] = field(default_factory=dict)

    def without_token(self, _: str) -> Visitor | None:
        return None

    def with_token(self, secret: str, _: str) -> Visitor:
        if secret not in self.guests:
            raise Unauthenticated
        return self.guests[secret]

    def still_admits(self, visitor: Visitor) -> bool:
        return visitor in self.guests.values()


@pytest.fixture
def keeper(site: Site) -> Iterator[Keeper]:
    """The server needs tokens; `SECRET` is one that sees everything."""
    keeper = Keeper({SECRET: Guest()})
    connections = site.app[CONNECTIONS]
    connections.door = keeper
    connections.limits = replace(connections.limits, recheck=0.1, auth_seconds=0.5)
    return keeper  # type: ignore[return-value]


def talk(site: Site, conversation: Talk, protocol: str = JSON, token: str = "") -> Any:
    """Have a conversation with the server on a WebSocket."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def connected() -> Any:
        async with live_client(site.client.url, protocol, headers=headers) as live:
            return await conversation(live)

    return asyncio.run(connected())


def auth(token: str) -> Frame:
    return {"op": "auth", "token": token}


@pytest.mark.parametrize("protocol", [JSON, MSGPACK])
def test_a_token_in_the_first_frame_lets_in(site: Site, keeper: Keeper, protocol: str) -> None:
    async def conversation(live: LiveClient) -> Frame:
        assert await live.ask(auth(SECRET)) == {"op": "authenticated", "role": "viewer"}
        await live.subscribe()
        await asyncio.to_thread(tell_all, site, [progress()])
        return await live.receive()

    assert talk(site, conversation, protocol)["op"] == "event"


def test_a_token_at_the_upgrade_lets_in(site: Site, keeper: Keeper) -> None:
    async def conversation(live: LiveClient) -> tuple[int, Frame]:
        return await live.subscribe(), await live.ask(auth(SECRET))

    seq, second = talk(site, conversation, token=SECRET)

    assert seq == 0
    assert second["code"] == "already-authenticated"


def test_a_wrong_token_at_the_upgrade_is_refused_before_it(site: Site, keeper: Keeper) -> None:
    for given in ("Bearer wrong", "Basic dTpw", "Bearer ", SECRET):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            asyncio.run(_connect(site, given))
        assert refused.value.status == 401


async def _connect(site: Site, authorization: str) -> None:
    async with live_client(site.client.url, headers={"Authorization": authorization}):
        pass


def test_a_wrong_token_is_told_and_closed(site: Site, keeper: Keeper) -> None:
    async def conversation(live: LiveClient) -> tuple[Frame, int | None]:
        return await live.ask(auth("wrong")), await live.closed()

    error, code = talk(site, conversation)

    assert (error["op"], error["code"]) == ("error", "unauthorized")
    assert code == 4401


@pytest.mark.parametrize(
    "first",
    [
        {"op": "ping"},
        {"op": "subscribe", "id": "a", "topic": "*"},
        {"op": "unsubscribe", "id": "a"},
    ],
)
def test_before_the_token_nothing_else_is_done(site: Site, keeper: Keeper, first: Frame) -> None:
    async def conversation(live: LiveClient) -> tuple[Frame, Frame]:
        return await live.ask(first), await live.ask(auth(SECRET))

    error, answer = talk(site, conversation)

    assert (error["op"], error["code"]) == ("error", "unauthorized")
    assert error.get("id") == first.get("id")
    assert answer["op"] == "authenticated"


def test_who_shows_no_token_is_closed_after_a_while(site: Site, keeper: Keeper) -> None:
    with RawWebSocket.open(site.client.url) as silent, RawWebSocket.open(site.client.url) as busy:
        busy.send(text({"op": "ping"}) * 3)
        assert silent.closed() == 4401
        assert busy.closed() == 4401
    eventually(lambda: not len(site.app[CONNECTIONS]))


def test_who_has_shown_one_in_time_stays(site: Site, keeper: Keeper) -> None:
    async def conversation(live: LiveClient) -> Frame:
        await live.ask(auth(SECRET))
        await asyncio.sleep(1)
        return await live.ask({"op": "ping"})

    assert talk(site, conversation) == {"op": "pong"}


def test_a_token_that_is_revoked_closes_its_connections_and_no_others(
    site: Site, keeper: Keeper
) -> None:
    keeper.guests["other"] = Guest(Role.OPERATOR)
    with RawWebSocket.open(site.client.url) as first, RawWebSocket.open(site.client.url) as other:
        for raw, token in ((first, SECRET), (other, "other")):
            raw.send(text(auth(token)) + text({"op": "subscribe", "id": "a", "topic": "*"}))
            assert raw.receive().json["op"] == "authenticated"
            assert raw.receive().json["op"] == "subscribed"
        del keeper.guests[SECRET]
        assert first.closed() == 4401
        tell_all(site, [progress()])
        assert other.receive().json["op"] == "event"


def test_a_revoked_token_gets_nothing_more_even_before_it_is_closed(
    site: Site, keeper: Keeper
) -> None:
    with RawWebSocket.open(site.client.url) as raw:
        raw.send(text(auth(SECRET)) + text({"op": "subscribe", "id": "a", "topic": "*"}))
        assert [raw.receive().json["op"] for _ in range(2)] == ["authenticated", "subscribed"]
        del keeper.guests[SECRET]
        assert raw.closed() == 4401
        raw.send(text({"op": "subscribe", "id": "b", "topic": "*", "after": 0}))
        assert raw.at_end()


def test_a_token_of_some_workflows_sees_their_events_only(site: Site, keeper: Keeper) -> None:
    keeper.guests["some"] = Guest(workflows=frozenset({"mine"}))
    mine, other = progress(workflow="mine"), progress(workflow="other")
    tell_all(site, [mine, other] * 200)

    async def conversation(live: LiveClient) -> list[Frame]:
        await live.subscribe(after=0)
        frames = await live.until(lambda seen: len(seen) == 200)
        await live.send({"op": "subscribe", "id": "b", "topic": "workflow:*", "key": "other"})
        await live.receive()
        await asyncio.to_thread(tell_all, site, [other, mine])
        return [*frames, await live.receive()]

    frames = talk(site, conversation, token="some")

    assert {frame["workflowId"] for frame in frames} == {"mine"}
    assert [frame["seq"] for frame in frames] == [*range(1, 400, 2), 402]


def test_where_no_tokens_are_needed_one_is_taken_and_not_looked_at(site: Site) -> None:
    async def conversation(live: LiveClient) -> tuple[Frame, Frame]:
        return await live.ask(auth("whatever")), await live.ask({"op": "ping"})

    assert talk(site, conversation) == (
        {"op": "authenticated", "role": "admin"},
        {"op": "pong"},
    )


@pytest.mark.parametrize("token", ["", 1, None, ["x"], SECRET * 100])
def test_an_error_does_not_repeat_the_token(site: Site, keeper: Keeper, token: object) -> None:
    async def conversation(live: LiveClient) -> Frame:
        return await live.ask({"op": "auth", "token": token})

    error = talk(site, conversation)

    assert error["code"] == "invalid-input"
    assert SECRET not in str(error)


def test_a_real_token_is_known_limited_and_revoked(site: Site) -> None:
    def come(secret: str = "") -> RawWebSocket:
        raw = RawWebSocket.open(site.client.url)
        wanted = text({"op": "subscribe", "id": "a", "topic": "*"})
        raw.send((text(auth(secret)) if secret else b"") + wanted)
        return raw

    with come() as before:
        assert before.receive().json["op"] == "subscribed"
        admin = site.runtime.create_token("admin", "admin").get(timeout=20)
        some = site.runtime.create_token("some", "viewer", workflows=["echo"]).get(timeout=20)
        assert before.closed() == 4401  # from now on a token is needed
    with come() as nobody, come(some.secret) as limited, come(admin.secret) as all_seeing:
        assert nobody.receive().json["code"] == "unauthorized"
        for raw, role in ((limited, "viewer"), (all_seeing, "admin")):
            assert raw.receive().json == {"op": "authenticated", "role": role}
            assert raw.receive().json["op"] == "subscribed"
        tell_all(site, [progress(workflow="fails"), progress(workflow="echo")])
        assert limited.receive().json["workflowId"] == "echo"
        assert all_seeing.receive().json["workflowId"] == "fails"
        site.runtime.revoke_token(some.token.id).get(timeout=20)
        assert limited.closed() == 4401
        tell_all(site, [progress()])
        assert [all_seeing.receive().json["op"] for _ in range(2)] == ["event", "event"]
