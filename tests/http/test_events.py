"""`/api/events`: what happened, by sequence number."""

import pytest
from rest_client import RestClient
from waiting import eventually


@pytest.fixture
def ran(client: RestClient) -> str:
    """An execution that has ended."""
    key = str(client.post("/api/workflows/echo/run").body["executionId"])
    eventually(lambda: client.get(f"/api/executions/{key}").body["endedAt"])
    return key


def test_events_are_told_in_order_with_all_fields(client: RestClient, ran: str) -> None:
    items = client.get("/api/events").body["items"]

    assert [item["seq"] for item in items] == list(range(1, len(items) + 1))
    assert items[0] == {
        "seq": 1,
        "type": "workflow.started",
        "scheduleId": None,
        "workflowId": "echo",
        "executionId": ran,
        "timestamp": items[0]["timestamp"],
        "data": items[0]["data"],
    }
    assert items[0]["data"]["trigger"] == "api"


def test_events_after_a_number(client: RestClient, ran: str) -> None:
    every = client.get("/api/events").body["items"]

    assert client.get("/api/events?after=2").body["items"] == every[2:]
    assert client.get("/api/events?after=999999").body["items"] == []


def test_pages_of_a_topic_hold_each_event_once(client: RestClient, ran: str) -> None:
    wanted = client.get("/api/events?topic=workflow:step:completed").body["items"]

    first = client.get("/api/events?topic=workflow:step:completed&limit=1").body
    address = f"/api/events?topic=workflow:step:completed&limit=1&cursor={first['nextCursor']}"
    second = client.get(address).body

    assert [item["data"]["step"] for item in wanted] == ["say", "shout"]
    assert first["items"] + second["items"] == wanted
    assert second["nextCursor"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("topic=weather", "topic"),
        ("after=-1", "after"),
        ("after=x", "after"),
        ("after=1e3", "after"),
    ],
)
def test_a_wrong_question_is_named(client: RestClient, query: str, field: str) -> None:
    answer = client.get(f"/api/events?{query}")

    assert answer.status == 422
    assert answer.fields == [["query", field]]


def test_a_call_looks_at_a_bounded_number_of_events(
    client: RestClient, ran: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = client.get("/api/events").body["items"]
    monkeypatch.setattr("quarterjack.http.routes.events._CHUNK", 2)
    monkeypatch.setattr("quarterjack.http.routes.events._MOST_READ", 4)

    first = client.get("/api/events?topic=workflow:completed").body

    assert first["items"] == []
    monkeypatch.undo()
    rest = client.get(f"/api/events?topic=workflow:completed&cursor={first['nextCursor']}").body
    assert rest["items"] == every[-1:]
