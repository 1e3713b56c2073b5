"""What waits holds nothing, and goes on with its original deadline after any end of the server."""

import signal
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rest_client import RestClient
from server_process import Start
from waiting import eventually

SLEEPERS = ("nap", "family", "impatient", "order", "other order", "blink")
PROMPT = timedelta(seconds=1.5)


@dataclass
class Restart:
    """What waited before two ends of the server, and the server after them."""

    client: RestClient
    log: Path
    keys: dict[str, str]
    before: dict[str, dict[str, Any]]
    between: dict[str, Any]
    actors: list[str]
    beside: dict[str, Any]
    ready_at: datetime


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _waiting(found: dict[str, Any]) -> dict[str, Any]:
    """The step that waits."""
    return next(step for step in found["steps"] if step["status"] == "waiting")


def _rest_of(client: RestClient, key: str, step: str) -> dict[str, Any]:
    """The only attempt of a step that waited."""
    (attempt,) = client.step(key, step)["attempts"]
    return dict(attempt)


@pytest.fixture(scope="module")
def restart(start_shared: Start, shared_folder: Path) -> Restart:
    """A server that was killed, and whose successor was told to end."""
    log = shared_folder / "runs.log"
    options = ("--app", "waits", "--concurrency", "1", "--runner", "thread")
    server = start_shared(*options)
    client = server.client()
    keys = {
        "nap": client.run("nap", log=str(log)),
        "family": client.run("family", log=str(log)),
        "impatient": client.run("impatient"),
        "order": client.run("order", number=7, log=str(log)),
        "other order": client.run("order", number=8, log=str(log)),
        "blink": client.run("blink"),
    }
    for name in SLEEPERS:
        eventually(lambda key=keys[name]: client.execution(key)["status"] == "waiting")  # type: ignore[misc]
    before = {name: client.execution(key) for name, key in keys.items()}
    actors = [each["name"] for each in client.get("/api/actors").body["items"]]
    beside = client.ended(client.run("report", log=str(shared_folder / "beside.log")))

    server.end(signal.SIGKILL)
    server = start_shared(*options)
    between = server.client().execution(keys["nap"])
    assert server.end(signal.SIGTERM) == 0
    client = start_shared(*options).client()
    return Restart(client, log, keys, before, between, actors, beside, datetime.now(UTC))


def test_what_waits_holds_no_actor_and_no_place(restart: Restart) -> None:
    assert restart.beside["status"] == "succeeded"
    assert [name for name in restart.actors if name.startswith("execution:")] == []
    assert {found["status"] for found in restart.before.values()} == {"waiting"}


def test_a_sleep_ends_at_the_instant_that_it_had_from_the_beginning(restart: Restart) -> None:
    key = restart.keys["nap"]
    until = _instant(_waiting(restart.before["nap"])["awaits"]["until"])
    ended = restart.client.ended(key)

    rest = _rest_of(restart.client, key, "rest")
    assert until == _instant(rest["startedAt"]) + timedelta(seconds=6)
    assert until == _instant(restart.before["nap"]["wakeAt"])
    assert until == _instant(restart.between["wakeAt"])
    assert until <= _instant(rest["endedAt"]) < max(until, restart.ready_at) + PROMPT
    assert ended["result"] == 2
    assert restart.log.read_text().count(f"{key} before ") == 1
    assert restart.log.read_text().count(f"{key} after ") == 1


def test_a_sleep_that_was_over_meanwhile_goes_on_at_once(restart: Restart) -> None:
    key = restart.keys["blink"]
    until = _instant(_waiting(restart.before["blink"])["awaits"]["until"])
    restart.client.ended(key)

    over = _instant(_rest_of(restart.client, key, "rest")["endedAt"])
    assert until <= over < max(until, restart.ready_at) + PROMPT


def test_a_wait_for_an_event_is_over_at_the_deadline_that_it_had(restart: Restart) -> None:
    key = restart.keys["impatient"]
    until = _instant(_waiting(restart.before["impatient"])["awaits"]["until"])
    ended = restart.client.ended(key)

    rest = _rest_of(restart.client, key, "never")
    assert until == _instant(rest["startedAt"]) + timedelta(seconds=5)
    assert until <= _instant(rest["endedAt"]) < max(until, restart.ready_at) + PROMPT
    assert ended["status"] == "failed"
    assert ended["error"]["type"] == "EventTimeout"
    assert restart.client.step(key, "never")["status"] == "timedOut"


def test_an_event_reaches_the_one_that_waited_for_its_key(restart: Restart) -> None:
    client, key, other = restart.client, restart.keys["order"], restart.keys["other order"]
    strangers = client.post("/api/events/approved", {"key": "order-9"}).body
    sent = client.post("/api/events/approved", {"key": "order-7", "payload": {"who": "Ann"}})
    ended = client.ended(key)
    again = client.post("/api/events/approved", {"key": "order-7"}).body

    assert sent.status == 202
    assert sent.body == {"executionIds": [key]}
    assert strangers == again == {"executionIds": []}
    assert ended["result"] == "approved by Ann"
    assert restart.log.read_text().count(f"{key} ask ") == 1
    waits = _waiting(client.execution(other))["awaits"]
    assert waits == _waiting(restart.before["other order"])["awaits"]
    assert (waits["event"], waits["key"]) == ("approved", "order-8")


def test_a_parent_goes_on_when_its_child_has_ended(restart: Restart) -> None:
    key = restart.keys["family"]
    child = _waiting(restart.before["family"])["awaits"]["executionId"]
    ended = restart.client.ended(key)

    assert ended["result"] == restart.client.execution(child)["result"] == 2
    assert restart.client.execution(child)["parent"] == {"executionId": key, "step": "nap"}
    assert restart.log.read_text().count(f"{child} before ") == 1
