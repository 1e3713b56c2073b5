"""SIGKILL while events come: each that was accepted fires each schedule exactly once, and so do those
that steps and ends of workflows lead to."""

import random
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

SERVER_OPTIONS = ("--runner", "thread")

Start = Callable[..., ServerProcess]
pytestmark = pytest.mark.timeout(120)
KILLS = 4
SENDERS = 4


class Senders:
    """Send numbered events, each until it is accepted; those that got no answer come again."""

    def __init__(self) -> None:
        self.answers: dict[int, list[str]] = {}
        self._numbers: Iterator[int] = iter(range(1_000_000))
        self._again: list[int] = []
        self._lock = threading.Lock()

    def send_until_it_is_gone(self, client: RestClient) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._work, args=[client]) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        return threads

    def send_the_rest(self, client: RestClient) -> None:
        """All that were tried are accepted then."""
        while self._again:
            assert self._send(client, self._again.pop())

    def _work(self, client: RestClient) -> None:
        while True:
            with self._lock:
                number = self._again.pop() if self._again else next(self._numbers)
            try:
                accepted = self._send(client, number)
            except Exception:  # the server is gone
                accepted = False
            if not accepted:
                with self._lock:
                    self._again.append(number)
                return

    def _send(self, client: RestClient, number: int) -> bool:
        headers = {"Idempotency-Key": f"number-{number}"}
        answer = client.post("/api/events/number", {"payload": number}, headers)
        if answer.status == 202:
            self.answers[number] = answer.body["executionIds"]
        return answer.status == 202


def _schedule(client: RestClient, workflow: str, event: str, **more: object) -> str:
    config = {"event": event, "overlap": "allow"}
    return client.schedule(workflow, config, executionConfig=more)


def _all_ended(client: RestClient, key: str, count: int) -> bool:
    found = client.executions(key)
    return len(found) >= count and all(each["endedAt"] for each in found)


@pytest.mark.slow
def test_whatever_is_killed_when_an_event_fires_each_schedule_once(start: Start, log: Path) -> None:
    chance, senders = random.Random(7), Senders()
    server = start()
    client = server.client()
    plain = _schedule(client, "tally", "number")
    relays = _schedule(client, "relay", "number", params={"log": str(log)})
    relayed = _schedule(client, "tally", "relayed")
    after = _schedule(client, "tally", "workflow.succeeded:relay")

    for _ in range(KILLS):
        threads = senders.send_until_it_is_gone(client)
        threading.Event().wait(chance.uniform(0.3, 1.0))
        server.end(signal.SIGKILL)
        for thread in threads:
            thread.join(20)
        server = start()
        client = server.client()
    senders.send_the_rest(client)
    numbers = sorted(senders.answers)
    for key in (plain, relays, relayed, after):
        eventually(lambda key=key: _all_ended(client, key, len(numbers)), within=60)  # type: ignore[misc]

    runs = {key: client.executions(key) for key in (plain, relays, relayed, after)}
    assert {run["status"] for found in runs.values() for run in found} == {"succeeded"}
    assert len(numbers) > 4 * KILLS
    for key in (plain, relays, relayed):
        assert sorted(run["result"] for run in runs[key]) == numbers
    ends = [run["result"]["executionId"] for run in runs[after]]
    assert sorted(ends) == sorted(run["id"] for run in runs[relays])
    made = {run["id"]: run["result"] for key in (plain, relays) for run in runs[key]}
    for number, answer in senders.answers.items():
        assert len(answer) == 2
        assert {made[key] for key in answer} == {number}
    fires = client.get(f"/api/schedules/{relayed}/fires?limit=500").body["items"]
    assert {fire["outcome"] for fire in fires} == {"started"}
    assert len({fire["scheduledTime"] for fire in fires}) == len(fires)
