"""`/api/executions`: lists, details, cancelling."""

from gate import Gate
from rest_client import RestClient
from waiting import eventually


def _run(client: RestClient, workflow: str) -> str:
    return str(client.post(f"/api/workflows/{workflow}/run").body["executionId"])


def _ended(client: RestClient, key: str) -> bool:
    return bool(client.get(f"/api/executions/{key}").body["endedAt"])


def test_an_execution_is_told_with_steps_attempts_and_results(client: RestClient) -> None:
    key = _run(client, "echo")
    eventually(lambda: _ended(client, key))

    found = client.get(f"/api/executions/{key}").body

    say, shout = found["steps"]
    assert found["id"] == key
    assert found["status"] == "succeeded"
    assert found["duration"] > 0
    assert found["queuedAt"] <= found["startedAt"] <= found["endedAt"]
    assert found["error"] is None
    assert found["retryOf"] is None
    assert (say["result"], shout["result"]) == ("hello", "HELLO")
    assert shout["dependsOn"] == ["say"]
    assert [attempt["number"] for attempt in say["attempts"]] == [1]
    assert say["attempts"][0]["error"] is None


def test_a_failure_is_told_with_type_message_and_traceback(client: RestClient) -> None:
    key = _run(client, "fails")
    eventually(lambda: _ended(client, key))

    found = client.get(f"/api/executions/{key}").body

    assert found["status"] == "failed"
    assert found["error"]["type"] == "LookupError"
    assert found["error"]["message"] == "nothing there"
    assert found["error"]["traceback"].startswith("Traceback (most recent call last)")
    assert "thread.py" not in found["error"]["traceback"]
    assert found["steps"][0]["attempts"][0]["error"] == found["error"]


def test_executions_are_filtered(client: RestClient) -> None:
    schedule_id = client.schedule("echo", {"manual": True})
    scheduled = client.post(f"/api/schedules/{schedule_id}/trigger").body["executionId"]
    failed = _run(client, "fails")
    eventually(lambda: _ended(client, scheduled) and _ended(client, failed))

    def found(query: str) -> list[str]:
        return [item["id"] for item in client.get(f"/api/executions?{query}").body["items"]]

    assert found("") == [failed, scheduled]
    assert found("status=failed") == [failed]
    assert found("workflowId=echo") == [scheduled]
    assert found(f"scheduleId={schedule_id}") == [scheduled]
    assert found("until=2000-01-01T00:00:00Z") == []
    assert found("since=2000-01-01T00:00:00Z&limit=1") == [failed]


def test_a_running_execution_is_cancelled_once(client: RestClient, gate: Gate) -> None:
    key = _run(client, "gated")
    eventually(lambda: client.get(f"/api/executions/{key}").body["status"] == "running")

    answer = client.post(f"/api/executions/{key}/cancel")
    gate.open()
    eventually(lambda: _ended(client, key))
    again = client.post(f"/api/executions/{key}/cancel")

    assert answer.status == 202
    assert client.get(f"/api/executions/{key}").body["status"] == "cancelled"
    assert again.status == 409
    assert "cancelled" in again.body["detail"]


def test_an_unknown_execution_is_404(client: RestClient) -> None:
    assert client.get("/api/executions/exe_nothing").status == 404
    assert client.post("/api/executions/exe_nothing/cancel").status == 404


def test_a_body_where_none_belongs_is_refused(client: RestClient) -> None:
    answer = client.post("/api/executions/exe_nothing/cancel", {"why": "because"})

    assert answer.status == 422
    assert answer.fields == [["why"]]
