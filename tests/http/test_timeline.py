"""`/api/timeline`: what schedules did and will do in a span of time."""

from typing import Any

import pytest
from bearer import Bearer
from gate import Gate
from rest_client import RestClient
from waiting import eventually

from quarterjack.http import Client
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.schedule_summaries import SummaryFilter

MANUAL = {"manual": True}
HOURLY = {"cron": "0 * * * *"}


def _timeline(client: RestClient, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/timeline{query}")
    assert answer.status == 200, answer.raw
    found: dict[str, Any] = answer.body
    return found


def test_a_timeline_has_runs_and_what_is_to_come(client: RestClient, gate: Gate) -> None:
    fails = client.schedule("fails", HOURLY, name="flaky")
    ended = client.ended(client.trigger(fails))
    gated = client.schedule("gated", MANUAL, name="slow")
    under_way = client.trigger(gated)
    eventually(lambda: client.execution(under_way)["status"] == "running")

    found = _timeline(client)

    flaky, slow = found["items"]
    names = ("id", "status", "trigger", "scheduledTime", "startedAt", "endedAt")
    upcoming = client.get(f"/api/schedules/{fails}/upcoming?count=6").body["items"]
    assert flaky == {
        "scheduleId": fails,
        "name": "flaky",
        "workflowId": "fails",
        "status": "active",
        "runs": [{name: ended[name] for name in names}],
        "runsTruncated": False,
        "gaps": [],
        "coming": [each for each in upcoming if each < found["until"]],
        "comingTruncated": False,
    }
    assert [(each["id"], each["status"], each["endedAt"]) for each in slow["runs"]] == [
        (under_way, "running", None)
    ]
    assert slow["coming"] == []
    assert (found["total"], found["nextCursor"]) == (2, None)
    assert found["since"] < found["now"] < found["until"]
    gate.open()


def test_a_skipped_instant_is_a_gap_with_its_reason(client: RestClient, gate: Gate) -> None:
    key = client.schedule("gated", {"interval": 1})
    eventually(lambda: client.get(f"/api/schedules/{key}/fires?outcome=skipped").body["items"])

    (gap, *_) = _timeline(client)["items"][0]["gaps"]

    fires = client.get(f"/api/schedules/{key}/fires?outcome=skipped").body["items"]
    names = ("scheduledTime", "through", "outcome", "reason", "instants", "blockedBy")
    assert gap == {name: fires[-1][name] for name in names}
    assert (gap["reason"], gap["blockedBy"]) == ("overlap", client.executions(key)[0]["id"])
    gate.open()


def test_a_timeline_comes_in_pages_filtered_and_sorted(client: RestClient) -> None:
    for name in ("echo b", "echo c", "echo a"):
        client.schedule("echo", MANUAL, name=name)

    first = _timeline(client, "?sort=name&limit=2")
    second = _timeline(client, f"?sort=name&limit=2&cursor={first['nextCursor']}")
    with Client(client.url) as program:
        page = program.timeline(SummaryFilter(text="echo b"), PageRequest(1)).get(timeout=20)

    assert [each["name"] for each in first["items"] + second["items"]] == [
        "echo a",
        "echo b",
        "echo c",
    ]
    assert (first["total"], second["nextCursor"]) == (3, None)
    assert [each.name for each in page.items] == ["echo b"]


def test_nothing_is_to_come_at_the_end_of_time(client: RestClient) -> None:
    client.schedule("echo", {"interval": "1h", "jitter": "1d"})

    found = _timeline(client, "?since=9999-12-31T00:00:00Z&until=9999-12-31T23:59:59Z")

    assert found["items"][0]["coming"] == []


def test_a_span_can_be_in_the_future(client: RestClient) -> None:
    client.schedule("echo", {"cron": "0 12 * * *"})

    found = _timeline(client, "?since=2090-01-01T00:00:00Z&until=2090-01-03T00:00:00Z")

    assert [each[:13] for each in found["items"][0]["coming"]] == [
        "2090-01-01T12",
        "2090-01-02T12",
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=101", "limit"),
        ("since=2026-01-01T00:00:00Z&until=2026-01-08T00:00:01Z", "until"),
        ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "until"),
        ("since=9999-12-31T23:59:59Z", "until"),
        ("until=0001-01-01T00:00:00Z", "until"),
        ("since=yesterday", "since"),
        ("cursor=abc", "cursor"),
    ],
)
def test_a_wrong_query_is_refused(client: RestClient, query: str, field: str) -> None:
    answer = client.get(f"/api/timeline?{query}")

    assert (answer.status, answer.fields) == (422, [["query", field]])


def test_a_limited_token_sees_its_own_only(client: RestClient) -> None:
    made = client.post("/api/tokens", {"name": "root", "role": "admin"})
    root = Bearer(client.url, made.body["token"])
    limits = {"name": "limited", "role": "viewer", "workflows": ["echo"]}
    limited = Bearer(client.url, root.post("/api/tokens", limits).body["token"])
    mine = root.schedule("echo", MANUAL)
    root.schedule("fails", MANUAL)

    assert [each["scheduleId"] for each in _timeline(limited)["items"]] == [mine]
    assert _timeline(root)["total"] == 2
