"""`/api/statistics`, `/api/schedules/{id}/days`, `/api/workflows/{id}/statistics`."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from gate import Gate
from rest_client import RestClient

HOURS = "since=2026-01-01T00:00:00Z&until=2026-02-11T16:00:00Z"
"""A thousand."""
NAMES = ("succeeded", "failed", "timedOut", "cancelled", "skipped", "missed")


def sums(items: list[dict[str, Any]]) -> Counter[str]:
    """What all of them have together: the tests may run across midnight."""
    found: Counter[str] = Counter()
    for item in items:
        found.update({name: item[name] for name in NAMES})
    return +found


@pytest.fixture
def schedule_id(client: RestClient, gate: Gate) -> str:
    """Two executions that succeeded and one that was cancelled; another workflow's has failed."""
    key = client.schedule("echo", {"manual": True})
    for _ in range(2):
        client.ended(client.trigger(key))
    client.ended(client.run("fails"))
    held = client.schedule("gated", {"manual": True})
    execution = client.trigger(held)
    client.cancel(execution)
    gate.open()
    client.ended(execution)
    return key


def test_hours_say_how_executions_ended(client: RestClient, schedule_id: str) -> None:
    answer = client.get("/api/statistics")

    assert answer.status == 200
    assert answer.body["by"] == "hour"
    assert set(answer.body["items"][0]) == {"start", *NAMES}
    start = datetime.fromisoformat(answer.body["items"][0]["start"])
    assert (start.minute, start.second, start.microsecond) == (0, 0, 0)
    assert sums(answer.body["items"]) == {"succeeded": 2, "failed": 1, "cancelled": 1}


def test_statistics_can_be_of_a_workflow_or_a_schedule(
    client: RestClient, schedule_id: str
) -> None:
    def of(query: str) -> Counter[str]:
        return sums(client.get(f"/api/statistics?{query}").body["items"])

    assert of("workflowId=fails") == {"failed": 1}
    assert of("workflowId=nope") == {}
    assert of(f"by=day&scheduleId={schedule_id}") == {"succeeded": 2}
    assert of(f"by=day&scheduleId={schedule_id}&workflowId=fails") == {}
    assert of("by=day&since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z") == {}


def test_a_schedule_has_days(client: RestClient, schedule_id: str) -> None:
    path = f"/api/schedules/{schedule_id}/days"
    answer = client.get(path)

    assert answer.status == 200
    assert sums(answer.body["items"]) == {"succeeded": 2}
    day = answer.body["items"][-1]
    assert set(day) == {"day", "averageDuration", *NAMES}
    assert date.fromisoformat(day["day"]) <= datetime.now(UTC).date()
    assert 0 < day["averageDuration"] < 60
    assert client.get(f"{path}?since=2020-01-01&until=2020-12-31").body == {"items": []}
    assert client.get(f"{path}?since={day['day']}&until={day['day']}").body == {"items": [day]}


def test_a_workflow_has_rates_and_percentiles(client: RestClient, schedule_id: str) -> None:
    found = client.get("/api/workflows/echo/statistics?days=7").body
    none = client.get("/api/workflows/asks/statistics").body

    since, until = (datetime.fromisoformat(found[name]) for name in ("since", "until"))
    assert timedelta(days=6) <= until - since < timedelta(days=7)
    assert (found["executions"], found["succeeded"], found["successRate"]) == (2, 2, 1.0)
    assert 0 < found["p50"] <= found["p95"] < 60
    assert 0 < found["averageDuration"] < 60
    assert sums(found["days"]) == {"succeeded": 2}
    assert client.get("/api/workflows/fails/statistics").body["successRate"] == 0
    nothing = ("successRate", "averageDuration", "p50", "p95")
    assert [none[name] for name in nothing] == [None] * 4
    assert (none["executions"], none["days"]) == (0, [])


def test_a_thousand_buckets_are_answered(client: RestClient) -> None:
    assert client.get(f"/api/statistics?{HOURS}").body == {"by": "hour", "items": []}
    assert client.get(f"/api/statistics?{HOURS}&by=day").body == {"by": "day", "items": []}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/api/statistics?by=week", [["query", "by"]]),
        ("/api/statistics?since=yesterday", [["query", "since"]]),
        ("/api/statistics?until=2026-01-01", [["query", "until"]]),
        ("/api/statistics?until=17", [["query", "until"]]),
        ("/api/statistics?scheduleId=sch_1", [["query", "scheduleId"]]),
        ("/api/statistics?since=2090-01-01T00:00:00Z", [["query", "since"]]),
        (f"/api/statistics?{HOURS.replace('T16', 'T17')}", [["query", "since"]]),
        ("/api/statistics?since=2020-01-01T00:00:00Z&by=day", [["query", "since"]]),
        ("/api/statistics?limit=5", [["query", "limit"]]),
        ("/api/statistics?by=day&by=day", [["query", "by"]]),
        (f"/api/statistics?workflowId={'w' * 201}", [["query", "workflowId"]]),
        ("/api/schedules/{id}/days?since=2026-02-30", [["query", "since"]]),
        ("/api/schedules/{id}/days?since=17", [["query", "since"]]),
        ("/api/schedules/{id}/days?until=2026-01-01T00:00:00Z", [["query", "until"]]),
        ("/api/schedules/{id}/days?since=2026-01-02&until=2026-01-01", [["query", "since"]]),
        ("/api/schedules/{id}/days?days=3", [["query", "days"]]),
        ("/api/workflows/echo/statistics?days=0", [["query", "days"]]),
        ("/api/workflows/echo/statistics?days=367", [["query", "days"]]),
        ("/api/workflows/echo/statistics?days=many", [["query", "days"]]),
    ],
)
def test_a_wrong_query_is_named(
    client: RestClient, path: str, fields: list[list[str | int]]
) -> None:
    key = client.schedule("echo", {"manual": True})

    answer = client.get(path.replace("{id}", key))

    assert answer.status == 422
    assert answer.fields == fields


@pytest.mark.parametrize(
    "query",
    [
        "until=0001-01-01T00:00:00Z",
        "until=9999-12-31T23:59:59Z",
        "until=9999-12-31T23:59:59Z&by=day",
        "since=0001-01-01T00:00:00Z&until=0001-01-01T05:00:00Z",
    ],
)
def test_the_ends_of_time_are_no_trouble(client: RestClient, query: str) -> None:
    assert client.get(f"/api/statistics?{query}").status in (200, 422)


def test_the_days_at_the_ends_of_time_are_no_trouble(client: RestClient) -> None:
    path = f"/api/schedules/{client.schedule('echo', {'manual': True})}/days"

    assert client.get(f"{path}?until=0001-01-01").body == {"items": []}
    assert client.get(f"{path}?since=0001-01-01&until=9999-12-31").body == {"items": []}


def test_what_is_unknown_is_not_found(client: RestClient) -> None:
    assert client.get("/api/schedules/sch_nope/days").status == 404
    assert client.get("/api/workflows/nope/statistics").status == 404
