"""`/api/backfills` and `/api/schedules/{id}/backfill`, call by call."""

from typing import Any

import pytest
from gate import Gate
from rest_client import Answer, RestClient
from waiting import eventually

HOURLY = {"cron": "0 * * * *"}
DAY = {"start": "2025-03-30T00:00:00Z", "end": "2025-03-30T06:00:00+00:00"}


def backfill(client: RestClient, schedule: str, **body: Any) -> Answer:
    return client.post(f"/api/schedules/{schedule}/backfill", {**DAY, **body})


def finished(client: RestClient, key: str) -> dict[str, Any]:
    """The backfill, when nothing of it is left."""

    def look() -> dict[str, Any] | None:
        body: dict[str, Any] = client.get(f"/api/backfills/{key}").body
        return None if body["queued"] or body["running"] else body

    return eventually(look)


def test_a_backfill_answers_with_an_execution_for_each_instant(client: RestClient) -> None:
    key = client.schedule("echo", HOURLY)

    made = backfill(client, key, params={"text": "late"})

    assert made.status == 202
    assert len(made.body["executionIds"]) == 6
    shown = finished(client, made.body["backfillId"])
    assert shown.pop("createdAt")
    assert shown == {
        "id": made.body["backfillId"],
        "scheduleId": key,
        "start": "2025-03-30T00:00:00.000000Z",
        "end": "2025-03-30T06:00:00.000000Z",
        "overlap": "queueAll",
        "maxConcurrency": 1,
        "priority": 9,
        "params": {"text": "late"},
        "status": "finished",
        "total": 6,
        "queued": 0,
        "running": 0,
        "succeeded": 6,
        "failed": 0,
        "cancelled": 0,
        "cancelledAt": None,
    }
    run = client.get(f"/api/executions/{made.body['executionIds'][2]}").body
    assert run["scheduledTime"] == "2025-03-30T02:00:00.000000Z"
    assert (run["trigger"], run["status"]) == ("backfill", "succeeded")
    assert (run["backfillId"], run["result"]) == (made.body["backfillId"], "LATE")
    fires = client.get(f"/api/schedules/{key}/fires?outcome=backfilled").body["items"]
    assert [fire["executionId"] for fire in fires] == made.body["executionIds"][::-1]


def test_the_same_backfill_again_makes_nothing(client: RestClient) -> None:
    key = client.schedule("echo", HOURLY)
    backfill(client, key)

    again = backfill(client, key)

    assert (again.status, again.body["executionIds"]) == (202, [])
    assert finished(client, again.body["backfillId"])["status"] == "finished"


def test_backfills_of_a_schedule_are_listed_in_pages(client: RestClient) -> None:
    key = client.schedule("echo", HOURLY)
    made = [backfill(client, key).body["backfillId"] for _ in range(3)]

    first = client.get(f"/api/schedules/{key}/backfills?limit=2").body
    second = client.get(f"/api/schedules/{key}/backfills?cursor={first['nextCursor']}").body

    assert [each["id"] for each in first["items"] + second["items"]] == made[::-1]
    assert second["nextCursor"] is None
    assert client.get("/api/schedules/sch_nothing/backfills").status == 404
    assert client.get(f"/api/schedules/{key}/backfills?cursor=x").fields == [["query", "cursor"]]


def test_executions_can_be_chosen_by_backfill(client: RestClient) -> None:
    key = client.schedule("echo", HOURLY)
    made = backfill(client, key)
    client.post(f"/api/schedules/{key}/trigger")

    found = client.get(f"/api/executions?backfillId={made.body['backfillId']}").body["items"]

    assert {each["id"] for each in found} == set(made.body["executionIds"])


def test_a_backfill_is_cancelled_and_then_no_more(client: RestClient, gate: Gate) -> None:
    key = client.schedule("gated", HOURLY)
    made = backfill(client, key, overlap="allow", maxConcurrency=2).body["backfillId"]
    path = f"/api/backfills/{made}"
    eventually(lambda: client.get(path).body["running"] == 2)
    before = client.get(path).body

    answer = client.post(f"{path}/cancel")
    gate.open()
    shown = finished(client, made)

    assert (before["status"], before["queued"]) == ("running", 4)
    assert (answer.status, answer.body) == (202, {"backfillId": made})
    assert (shown["status"], shown["cancelled"]) == ("cancelled", 6)
    assert shown["cancelledAt"] is not None
    again = client.post(f"{path}/cancel")
    assert (again.status, again.body["type"]) == (409, "urn:quarterjack:problem:illegal-transition")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"start": "yesterday"}, [["start"]]),
        ({"start": "2025-03-30T07:00:00Z"}, [["end"]]),
        ({"start": "2025-03-30T00:00:00"}, [["start"]]),
        ({"overlap": "skip"}, [["overlap"]]),
        ({"priority": "9"}, [["priority"]]),
        ({"maxConcurrency": 1.5}, [["maxConcurrency"]]),
        ({"params": []}, [["params"]]),
        ({"params": {"volume": 1}}, [["params", "volume"]]),
        ({"until": "2026-01-01T00:00:00Z"}, [["until"]]),
        ({"start": "2999-01-01T00:00:00Z", "end": "2999-01-02T00:00:00Z"}, [["start"]]),
        ({"start": "1999-01-01T00:00:00Z"}, [["end"]]),
    ],
)
def test_a_wrong_backfill_names_the_field(
    client: RestClient, body: dict[str, Any], fields: list[list[str]]
) -> None:
    key = client.schedule("echo", HOURLY)

    refused = backfill(client, key, **body)

    assert (refused.status, refused.fields) == (422, fields)
    assert client.get(f"/api/schedules/{key}/backfills").body["items"] == []


def test_ten_years_of_minutes_are_refused_with_count_and_limit(client: RestClient) -> None:
    key = client.schedule("echo", {"cron": "* * * * *"})

    refused = backfill(client, key, start="2016-01-01T00:00:00Z", end="2026-01-01T00:00:00Z")

    assert refused.status == 422
    assert "5,260,320 times" in refused.body["errors"][0]["msg"]
    assert "at most 10,000" in refused.body["errors"][0]["msg"]
    assert client.executions(key) == []


def test_what_is_not_there_is_404(client: RestClient) -> None:
    assert backfill(client, "sch_nothing").status == 404
    assert client.get("/api/backfills/bkf_nothing").status == 404
    assert client.post("/api/backfills/bkf_nothing/cancel").status == 404
    assert client.post("/api/schedules/sch_nothing/backfill").status == 400, "there is no body"
    key = client.schedule("echo", {"manual": True})
    assert backfill(client, key).status == 422
