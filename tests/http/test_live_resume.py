"""`after`: stored events first, then live ones, each once; and what is not there is said."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from event_source import progress, tell, tell_all
from live_client import Frame, LiveClient, live_client
from raw_websocket import RawWebSocket, text
from site_server import Site

from quarterjack.http.keys import CONNECTIONS
from quarterjack.storage import Event

Talk = Callable[[LiveClient], Awaitable[Any]]


def talk(site: Site, conversation: Talk) -> Any:
    """Have a conversation with the server on a WebSocket."""

    async def connected() -> Any:
        async with live_client(site.client.url) as live:
            return await conversation(live)

    return asyncio.run(connected())


@contextmanager
def telling(site: Site) -> Iterator[None]:
    """Events come all the time."""
    enough = threading.Event()

    def go_on() -> None:
        while not enough.is_set():
            tell(site, 7)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join(20)


def told(frames: list[Frame], name: str = "a") -> list[int]:
    """The numbers of the events that a subscription got, as they came."""
    return [frame["seq"] for frame in frames if name in frame.get("ids", ())]


def answered(frames: list[Frame]) -> int:
    """How many subscriptions have begun."""
    return sum(frame["op"] == "subscribed" for frame in frames)


async def until_seq(live: LiveClient, seq: int) -> list[Frame]:
    return await live.until(lambda seen: bool(seen) and seen[-1].get("seq") == seq)


def test_where_stored_events_end_and_live_ones_begin_none_is_lost_or_doubled(site: Site) -> None:
    begun = tell(site, 1_000)

    async def conversation(number: int) -> list[int]:
        after = begun * number // 12
        async with live_client(site.client.url) as live:
            await live.subscribe(after=after)
            frames = await live.until(lambda seen: len(seen) == begun - after + 300)
            assert told(frames) == list(range(after + 1, after + len(frames) + 1))
            return told(frames)

    async def all_at_once() -> None:
        await asyncio.gather(*(conversation(number) for number in range(13)))

    with telling(site):
        asyncio.run(all_at_once())


def test_subscriptions_that_resume_at_different_places_share_each_event(site: Site) -> None:
    tell(site, 1_000)
    wanted = [("a", 10), ("b", 500), ("c", 990), ("d", None)]

    with RawWebSocket.open(site.client.url) as raw:
        frames = [
            {"op": "subscribe", "id": key, "topic": "*", "after": after} for key, after in wanted
        ]
        raw.send(b"".join(text(frame) for frame in frames))
        answers: list[Frame] = []
        while answered(answers) < len(wanted) or told(answers, "a")[-1:] != [1_000]:
            answers.append(raw.receive().json)
        last = tell(site, 5)
        while told(answers[-1:], "a") != [last]:
            answers.append(raw.receive().json)

    for key, after in wanted:
        assert told(answers, key) == list(range((after or 1_000) + 1, last + 1)), key
    assert all(frame["ids"] == ["a", "b", "c", "d"] for frame in answers[-5:])
    # Those that came while `a` read the first page share it.
    events = [frame["seq"] for frame in answers if frame["op"] == "event"]
    assert len(events) < 2 * last - 500


def test_one_that_resumes_far_back_does_not_hold_up_the_live_ones(site: Site) -> None:
    stored = tell(site, 8_000)

    async def conversation(live: LiveClient) -> list[Frame]:
        await live.subscribe("live")
        await live.subscribe("old", after=0)
        now = asyncio.create_task(asyncio.to_thread(tell, site, 50))
        frames = await live.until(lambda seen: stored + 50 in told(seen[-1:], "old"))
        await now
        later = asyncio.create_task(asyncio.to_thread(tell, site, 10))
        frames += await until_seq(live, stored + 60)
        await later
        return frames

    frames = talk(site, conversation)

    assert told(frames, "live") == list(range(stored + 1, stored + 61))
    assert told(frames, "old") == list(range(1, stored + 61))
    first_live = next(at for at, frame in enumerate(frames) if "live" in frame["ids"])
    assert first_live < stored / 2
    assert [frame["ids"] for frame in frames[-10:]] == [["live", "old"]] * 10


def test_one_that_reads_what_is_stored_never_lags(site: Site) -> None:
    connections = site.app[CONNECTIONS]
    connections.limits = replace(connections.limits, events=5, send_buffer=4_096)
    stored = tell(site, 3_000, "x" * 500)

    with RawWebSocket.open(site.client.url, receive_buffer=4_096) as raw:
        for key, after in [("live", None), ("old", 0)]:
            raw.send(text({"op": "subscribe", "id": key, "topic": "*", "after": after}))
        frames: list[Frame] = []
        while answered(frames) < 2:
            frames.append(raw.receive().json)
        for _ in range(20):
            last = tell(site, 40)  # too many to wait, and it does not read
        while last not in told(frames[-1:], "old"):
            frames.append(raw.receive().json)

    assert told(frames, "old") == list(range(1, last + 1))
    assert told(frames, "live") == list(range(stored + 1, last + 1))
    assert {frame["op"] for frame in frames} == {"subscribed", "event"}


def test_a_subscription_that_is_ended_while_it_replays_gets_no_more(site: Site) -> None:
    tell(site, 5_000)

    async def conversation(live: LiveClient) -> list[Frame]:
        await live.subscribe(after=0)
        await live.send({"op": "unsubscribe", "id": "a"})
        frames = await live.until(lambda seen: bool(seen) and seen[-1]["op"] == "unsubscribed")
        await live.send({"op": "ping"})
        return frames + await live.until(lambda seen: seen[-1:] == [{"op": "pong"}])

    frames = talk(site, conversation)

    assert told(frames) == list(range(1, len(told(frames)) + 1))
    assert frames[-2:] == [{"op": "unsubscribed", "id": "a"}, {"op": "pong"}]


def test_replay_keeps_to_topic_and_key(site: Site) -> None:
    mine, other = progress(execution="exe_mine"), progress(execution="exe_other")
    paused = Event("schedule.paused", mine.timestamp, data={"note": "x"})
    tell_all(site, [mine, other, paused] * 300)

    async def conversation(live: LiveClient) -> list[Frame]:
        for wanted in (
            {"id": "steps", "topic": "workflow:step:progress", "key": "exe_mine"},
            {"id": "runs", "topic": "execution:*", "key": "echo"},
            {"id": "schedules", "topic": "schedule:*"},
        ):
            await live.send({"op": "subscribe", **wanted, "after": 0})
        return await live.until(
            lambda seen: len(told(seen, "runs")) == 600 and len(told(seen, "schedules")) == 300
        )

    frames = talk(site, conversation)

    assert told(frames, "steps") == list(range(1, 900, 3))
    assert told(frames, "runs") == [seq for seq in range(1, 900) if seq % 3]
    assert told(frames, "schedules") == list(range(3, 901, 3))


def test_after_the_newest_is_from_now_on(site: Site) -> None:
    newest = tell(site, 10)

    async def conversation(live: LiveClient) -> list[Frame]:
        assert await live.subscribe(after=newest) == newest
        await asyncio.to_thread(tell, site, 2)
        return await until_seq(live, newest + 2)

    assert told(talk(site, conversation)) == [newest + 1, newest + 2]


def test_after_what_never_was_is_an_error_that_names_the_newest(site: Site) -> None:
    newest = tell(site, 10)

    async def conversation(live: LiveClient) -> tuple[Frame, list[Frame]]:
        error = await live.ask({"op": "subscribe", "id": "a", "topic": "*", "after": newest + 1})
        await live.subscribe("a")
        await asyncio.to_thread(tell, site, 1)
        return error, await until_seq(live, newest + 1)

    error, frames = talk(site, conversation)

    assert (error["op"], error["code"], error["id"]) == ("error", "ahead", "a")
    assert error["newest"] == newest
    assert told(frames) == [newest + 1]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "q.db"


def delete_events(database: Path, until: int) -> None:
    """As one that deletes what is old."""
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        connection.execute("DELETE FROM events WHERE seq <= ?", (until,))


@pytest.mark.parametrize("after", [0, 3, 98])
def test_after_deleted_events_is_an_error_that_names_the_oldest(database: Path, after: int) -> None:
    with Site([], f"sqlite:///{database}") as site:
        tell(site, 200)
    delete_events(database, 99)

    async def conversation(live: LiveClient) -> tuple[Frame, list[Frame]]:
        error = await live.ask({"op": "subscribe", "id": "a", "topic": "*", "after": after})
        await live.subscribe("a", after=error["oldest"] - 1)
        return error, await until_seq(live, 200)

    with Site([], f"sqlite:///{database}") as site:
        error, frames = talk(site, conversation)

    assert (error["op"], error["code"], error["id"]) == ("error", "gone", "a")
    assert error["oldest"] == 100
    assert told(frames) == list(range(100, 201))


def test_events_deleted_while_they_are_replayed_are_missed_by_nobody_unknowing(
    database: Path,
) -> None:
    with Site([], f"sqlite:///{database}") as site:
        connections = site.app[CONNECTIONS]
        connections.limits = replace(connections.limits, send_buffer=4_096)
        stored = tell(site, 5_000, "x" * 1_000)
        with RawWebSocket.open(site.client.url, receive_buffer=4_096) as raw:
            for key, after in [("live", None), ("old", 0), ("near", 4_950)]:
                raw.send(text({"op": "subscribe", "id": key, "topic": "*", "after": after}))
                assert raw.receive().json["op"] in ("subscribed", "event")
            delete_events(database, 4_900)
            last = tell(site, 10)
            frames: list[Frame] = []
            while last not in told(frames[-1:], "near"):
                frames.append(raw.receive().json)

    (error,) = [frame for frame in frames if frame["op"] == "error"]
    assert (error["code"], error["id"], error["oldest"]) == ("gone", "old", 4_901)
    old = told(frames, "old")
    assert old == list(range(old[0], old[-1] + 1))
    assert old[-1] < 4_900
    assert told(frames, "live") == list(range(stored + 1, last + 1))
    assert told(frames, "near") == list(range(4_951, last + 1))
