"""`quarterjack emit`: an event is sent once, and the executions because of it are told."""

import json

import pytest
from command_line import CommandLine
from rest_client import RestClient


@pytest.fixture(autouse=True)
def waits(rest: RestClient) -> None:
    """A schedule that fires on an event."""
    body = {"workflowId": "echo", "name": "Load", "scheduleConfig": {"event": "loaded"}}
    assert rest.post("/api/schedules/workflows", body).status == 201


def test_an_event_fires_what_waits_for_it(cli: CommandLine, rest: RestClient) -> None:
    done = cli("emit", "loaded", "--payload", '{"rows": 3}', "--key", "a")

    assert done.exit_code == 0
    assert done.stderr == "loaded is sent; 1 execution begins or goes on\n"
    found = rest.get(f"/api/executions/{done.stdout.strip()}").body
    assert found["context"]["event"] == {"name": "loaded", "key": "a", "payload": {"rows": 3}}


def test_the_same_event_is_sent_once(cli: CommandLine, rest: RestClient) -> None:
    given = ["loaded", "--idempotency-key", "2026-12-24", "--json"]

    first, second = cli("emit", *given), cli("emit", *given)
    other = cli("emit", *given, "--payload", "1")

    assert json.loads(first.stdout) == json.loads(second.stdout)
    assert other.exit_code == 1
    assert len(rest.get("/api/executions").body["items"]) == 1


def test_it_is_told_when_nothing_waits_for_it(cli: CommandLine) -> None:
    done = cli("emit", "unheard", "--payload", "@-", stdin=b"[1]")

    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "unheard is sent; nothing waits for it\n"


def test_a_payload_that_is_not_json_is_not_sent(cli: CommandLine) -> None:
    assert cli("emit", "loaded", "--payload", "{").exit_code == 2
