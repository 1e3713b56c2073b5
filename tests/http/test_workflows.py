"""`/api/workflows`: definitions, their schedules, and runs without one."""

from typing import Any

import pytest
from rest_client import RestClient
from waiting import eventually


def test_definitions_are_listed_by_id_in_pages(client: RestClient) -> None:
    first = client.get("/api/workflows?limit=3").body
    rest = client.get(f"/api/workflows?limit=3&cursor={first['nextCursor']}").body

    assert [item["id"] for item in first["items"]] == ["asks", "echo", "fails"]
    assert [item["id"] for item in rest["items"]] == ["gated", "talks"]
    assert rest["nextCursor"] is None


def test_a_definition_tells_steps_and_parameters(client: RestClient) -> None:
    found = client.get("/api/workflows/echo").body

    assert found["description"] == "Gives back what it gets."
    assert found["params"] == [{"name": "text", "required": False, "secret": False}]
    assert [(step["name"], step["dependsOn"]) for step in found["steps"]] == [
        ("say", []),
        ("shout", ["say"]),
    ]


def test_a_definition_tells_the_limits(client: RestClient) -> None:
    limited, free = (client.get(f"/api/workflows/{name}").body for name in ("gated", "echo"))

    assert (limited["maxConcurrency"], limited["rateLimit"]) == (50, "1000/s")
    assert (free["maxConcurrency"], free["rateLimit"]) == (None, None)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/schedules"), ("POST", "/schedule"), ("POST", "/run")],
)
def test_an_unknown_workflow_is_404(client: RestClient, method: str, path: str) -> None:
    body = {"name": "x"} if path == "/schedule" else None

    answer = client.send_json(method, f"/api/workflows/nothing{path}", body)

    assert answer.status == 404
    assert "nothing" in answer.body["detail"]


def test_a_schedule_is_made_of_the_workflow_in_the_address(client: RestClient) -> None:
    draft = {"name": "n", "scheduleConfig": {"manual": True}}

    created = client.post("/api/workflows/echo/schedule", draft)
    other = client.schedule("gated", {"manual": True})

    assert created.status == 201
    assert created.body["workflowId"] == "echo"
    assert created.headers["location"] == f"/api/schedules/{created.body['id']}/workflow"
    listed = client.get("/api/workflows/echo/schedules").body["items"]
    assert listed == [created.body]
    assert other not in [item["id"] for item in listed]


def test_another_workflow_in_the_body_is_refused(client: RestClient) -> None:
    draft = {"workflowId": "gated", "name": "n", "scheduleConfig": {"manual": True}}

    answer = client.post("/api/workflows/echo/schedule", draft)

    assert answer.status == 422
    assert answer.fields == [["workflowId"]]


def test_a_run_needs_no_schedule(client: RestClient) -> None:
    answer = client.post("/api/workflows/echo/run", {"params": {"text": "hi"}, "priority": 0})

    key = answer.body["executionId"]
    found = eventually(
        lambda: (seen := client.get(f"/api/executions/{key}").body)["endedAt"] and seen
    )
    assert answer.status == 202
    assert found["result"] == "HI"
    assert found["trigger"] == "api"
    assert found["scheduleId"] is None
    assert found["priority"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"params": {"colour": 1}}, ["params", "colour"]),
        ({"priority": -1}, ["priority"]),
        ({"respectOverlap": True}, ["respectOverlap"]),
        ({"params": {"text": {"deep": [float(2**70)] * 2}}, "context": 3}, ["context"]),
    ],
)
def test_a_wrong_run_is_refused(client: RestClient, body: dict[str, Any], field: list[str]) -> None:
    answer = client.post("/api/workflows/echo/run", body)

    assert answer.status == 422
    assert answer.fields == [field]
    assert client.get("/api/executions").body["items"] == []
