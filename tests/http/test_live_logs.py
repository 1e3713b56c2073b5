"""What a step writes is told over the WebSocket while it runs: what is new, to those who may see it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from gate import Gate
from live_client import JSON, MSGPACK, LiveClient, live_client
from rest_client import RestClient
from site_server import Site
from waiting import eventually

from quarterjack.http.log_states import LogStates, difference
from quarterjack.runtime import LogLine, Workflow

Talk = Callable[[LiveClient], Awaitable[Any]]


def line(text: str) -> LogLine:
    """A line of standard output."""
    return LogLine(datetime(2026, 1, 1, tzinfo=UTC), "stdout", "", "", text)


def talk(site: Site, conversation: Talk, protocol: str = JSON, **more: Any) -> Any:
    """Have a conversation with the server on a WebSocket."""

    async def connected() -> Any:
        async with live_client(site.client.url, protocol, **more) as live:
            return await conversation(live)

    return asyncio.run(connected())


def texts(frame: Any) -> list[str]:
    """The lines in a frame."""
    return [each["text"] for item in frame["data"]["items"] for each in item["lines"]]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("", "", (0, 0)),
        ("", "a b", (0, 0)),
        ("a b", "a b c", (0, 2)),
        ("a b c", "b c d", (1, 2)),
        ("a b pa", "a b part", (0, 2)),
        ("a b", "c d", (2, 0)),
        ("a b", "", (2, 0)),
        ("a a b", "a b", (0, 1)),
    ],
)
def test_what_becomes_of_the_lines_is_told_shortly(
    before: str, now: str, expected: tuple[int, int]
) -> None:
    had, has = [line(each) for each in before.split()], [line(each) for each in now.split()]
    found = difference(had, has)
    kept = had[found.gone : found.gone + found.same]
    assert (found.gone, found.same) == expected
    assert [*kept, *has[found.same :]] == has


@pytest.mark.parametrize("protocol", [JSON, MSGPACK])
def test_only_what_is_new_is_told(
    site: Site, client: RestClient, gate: Gate, protocol: str
) -> None:
    execution_id = client.run("talks", words=["hello"])
    key = f"{execution_id}/talk[0]"
    eventually(lambda: client.lines(execution_id, "talk[0]") == ["hello"])

    async def conversation(live: LiveClient) -> list[Any]:
        await live.subscribe("l", "logs", key=key)
        first = await live.receive()
        gate.open()
        return [first, await live.receive()]

    first, then = talk(site, conversation, protocol)

    assert (first["op"], first["ids"], first["topic"]) == ("state", ["l"], "logs")
    assert (first["data"]["executionId"], first["data"]["step"]) == (execution_id, "talk[0]")
    assert first["data"]["reset"]
    assert texts(first) == ["hello"]
    assert first["data"]["items"][0]["running"]
    assert not then["data"]["reset"]
    (item,) = then["data"]["items"]
    assert (item["same"], item["running"]) == (1, False)
    assert texts(then) == []


def test_nobody_is_looked_after_who_watches_no_more(
    site: Site, client: RestClient, gate: Gate
) -> None:
    execution_id = client.run("talks", words=["hello"])
    eventually(lambda: client.lines(execution_id, "talk[0]") == ["hello"])

    async def conversation(live: LiveClient) -> Any:
        await live.subscribe("l", "logs", key=f"{execution_id}/talk[0]")
        await live.receive()
        ended = await live.ask({"op": "unsubscribe", "id": "l"})
        await live.subscribe("l", "logs", key=f"{execution_id}/talk[0]")
        return ended, await live.receive()

    ended, again = talk(site, conversation)

    assert ended == {"op": "unsubscribed", "id": "l"}
    assert again["data"]["reset"]
    assert texts(again) == ["hello"]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "invalid-input"),
        ("exe_nothing", "invalid-input"),
        ("exe_nothing/talk", "not-found"),
        ("{}/nothing", "not-found"),
    ],
)
def test_what_there_is_not_can_t_be_watched(
    site: Site, client: RestClient, key: str | None, code: str
) -> None:
    execution_id = client.run("echo", text="a")
    frame = {"op": "subscribe", "id": "l", "topic": "logs"}
    if key is not None:
        frame["key"] = key.format(execution_id)

    async def conversation(live: LiveClient) -> Any:
        return await live.ask(frame)

    told = talk(site, conversation)
    assert (told["op"], told["id"], told["code"]) == ("error", "l", code)


def test_a_limited_token_watches_its_own_workflows_only(
    site: Site, client: RestClient, gate: Gate
) -> None:
    execution_id = client.run("talks", words=["hello"])
    eventually(lambda: client.lines(execution_id, "talk[0]") == ["hello"])
    secrets = {
        name: site.runtime.create_token(name, role="viewer", workflows=[name])
        .get(timeout=20)
        .secret
        for name in ("talks", "echo")
    }

    async def conversation(live: LiveClient) -> Any:
        await live.send(
            {"op": "subscribe", "id": "l", "topic": "logs", "key": f"{execution_id}/talk[0]"}
        )
        return await live.receive()

    told = {
        name: talk(site, conversation, headers={"Authorization": f"Bearer {secret}"})
        for name, secret in secrets.items()
    }
    assert told["talks"]["op"] == "subscribed"
    assert (told["echo"]["op"], told["echo"]["code"]) == ("error", "not-found")


def test_who_was_away_gets_all_that_is_kept() -> None:
    workflow = Workflow("prints")

    @workflow.step
    def say() -> None:
        print("one")

    with Site([workflow]) as site:
        execution_id = site.client.run("prints")
        site.client.ended(execution_id)

        async def looks() -> list[Any]:
            source = LogStates(site.runtime, execution_id, "say")
            seen = [source.frame(0, limited=False), await source.look(), await source.look()]
            return [*seen, source.frame(0, limited=False), source.frame(1, limited=True)]

        before, first, second, whole, same = site.run(looks())

    assert (before, first, second, same) == (None, True, False, None)
    assert whole._fields["reset"] is True
