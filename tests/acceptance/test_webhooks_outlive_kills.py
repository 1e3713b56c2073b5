"""SIGKILL while webhooks' messages are on their way: none is lost, and each keeps its id."""

import asyncio
import json
import signal
from collections import defaultdict
from collections.abc import Iterator

import pytest
from aiohttp import web
from rest_client import RestClient
from server_process import Start
from waiting import eventually
from web_server import Asked, WebServer

SERVER_OPTIONS = ("--runner", "thread")

PRIVATE = "--webhook-allow-private"


class Moody(WebServer):
    """Refuses every second message, and keeps every third waiting, until it is well."""

    def __init__(self) -> None:
        super().__init__()
        self.is_well = False
        self.taken: list[str] = []
        self.handlers["/in"] = self.answer_in

    async def answer_in(self, request: web.Request) -> web.Response:
        seq = json.loads(await request.text())["seq"]
        if not self.is_well and seq % 3 == 0:
            await asyncio.sleep(30)
        if not self.is_well and seq % 2 == 0:
            return web.Response(status=500)
        self.taken.append(request.headers["webhook-id"])
        return web.Response(status=204)


@pytest.fixture
def receiver() -> Iterator[Moody]:
    started = Moody()
    with started:
        yield started


def ids(asked: list[Asked]) -> dict[int, set[str]]:
    """The message ids under which each event came."""
    found: dict[int, set[str]] = defaultdict(set)
    for each in asked:
        found[json.loads(each.body)["seq"]].add(each.headers["webhook-id"])
    return found


def created(client: RestClient) -> set[int]:
    return {event["seq"] for event in client.events(topic="schedule:created")}


@pytest.mark.slow
def test_no_message_is_lost_by_kills_and_each_keeps_its_id(start: Start, receiver: Moody) -> None:
    server = start(PRIVATE)
    client = server.client()
    draft = {"url": f"{receiver.url}/in", "topics": ["schedule:created"]}
    hook = client.post("/api/webhooks", draft).body["id"]
    for _ in range(30):
        client.schedule("report", {"manual": True})
    eventually(lambda: len(receiver.taken) >= 2 and len(receiver.asked) > len(receiver.taken) + 3)
    server.end(signal.SIGKILL)

    server = start(PRIVATE)
    client = server.client()
    for _ in range(10):
        client.schedule("report", {"manual": True})
    server.end(signal.SIGKILL)
    receiver.is_well = True
    client = start(PRIVATE).client()

    def all_delivered() -> bool:
        counts = client.get(f"/api/webhooks/{hook}").body["deliveries"]
        return bool(counts["delivered"] == 40)

    eventually(all_delivered, within=40)
    events = created(client)
    came = ids(receiver.asked)
    assert len(events) == 40
    assert came.keys() == events
    assert all(len(each) == 1 for each in came.values())
    assert {message for each in came.values() for message in each} == set(receiver.taken)
