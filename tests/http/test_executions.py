"""`/api/executions`: lists, details, cancelling."""

from typing import Any

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


def _logs(client: RestClient, key: str, step: str, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(
        f"/api/executions/{key}/steps/{step}/logs{query}"
    ).body["items"]
    return items


def test_what_steps_write_can_be_read_while_they_run(client: RestClient, gate: Gate) -> None:
    body = {"params": {"words": ["one", "two"]}}
    key = client.post("/api/workflows/talks/run", body).body["executionId"]
    eventually(lambda: any(each["lines"] for each in _logs(client, key, "talk%5B1%5D")))

    (running,) = _logs(client, key, "talk%5B1%5D")
    gate.open()
    eventually(lambda: _ended(client, key))
    (ended,) = _logs(client, key, "talk[1]", "?attempt=1")

    assert (running["attempt"], running["running"], running["dropped"]) == (1, True, 0)
    (line,) = running["lines"]
    assert (line["stream"], line["text"], line["level"], line["logger"]) == (
        "stdout",
        "two",
        "",
        "",
    )
    assert line["time"].endswith("Z")
    assert ended == {**running, "running": False}
    assert _logs(client, key, "talk[1]", "?attempt=2") == []
    assert client.get(f"/api/executions/{key}/steps/shout/logs").status == 404
    assert client.get("/api/executions/exe_none/steps/talk/logs").status == 404
    assert client.get(f"/api/executions/{key}/steps/talk/logs?attempt=0").status == 422


def test_items_stand_with_their_step(client: RestClient, gate: Gate) -> None:
    gate.open()
    body = {"params": {"words": ["one", "two"]}}
    key = client.post("/api/workflows/talks/run", body).body["executionId"]
    eventually(lambda: _ended(client, key))

    (step,) = client.get(f"/api/executions/{key}").body["steps"]

    assert step["result"] == [None, None]
    assert [item["name"] for item in step["items"]] == ["talk[0]", "talk[1]"]
    assert [len(item["attempts"]) for item in step["items"]] == [1, 1]


def _waits(client: RestClient, key: str) -> bool:
    return bool(client.get(f"/api/executions/{key}").body["status"] == "waiting")


def _asked(client: RestClient, order: str) -> str:
    body = {"params": {"order": order}}
    key = str(client.post("/api/workflows/asks/run", body).body["executionId"])
    eventually(lambda: _waits(client, key))
    return key


def test_an_event_ends_the_waiting_of_those_with_its_key(client: RestClient) -> None:
    one, two = _asked(client, "one"), _asked(client, "two")
    waiting = client.get(f"/api/executions/{one}").body
    sent = client.post("/api/events/approved", {"key": "one", "payload": "yes"})
    eventually(lambda: _ended(client, one))

    assert (waiting["wakeAt"], waiting["parent"]) == (None, None)
    assert waiting["steps"][1]["awaits"] == {
        "until": None,
        "event": "approved",
        "key": "one",
        "executionId": None,
    }
    assert (sent.status, sent.body) == (202, {"executionIds": [one]})
    assert client.get(f"/api/executions/{one}").body["result"] == "yes"
    assert _waits(client, two)
    assert client.post("/api/events/unheard").body == {"executionIds": []}
    assert client.post("/api/events/approved", {"key": ""}).status == 422
    assert client.post("/api/events/approved", {"why": ""}).status == 422


def test_a_waiting_execution_is_cancelled(client: RestClient) -> None:
    key = _asked(client, "one")

    assert client.post(f"/api/executions/{key}/cancel").status == 202
    eventually(lambda: _ended(client, key))
    found = client.get(f"/api/executions/{key}").body
    assert found["status"] == "cancelled"
    assert found["steps"][1]["status"] == "cancelled"


def test_a_failed_execution_is_retried_with_what_was_finished(client: RestClient) -> None:
    key = _asked(client, "one")
    client.post("/api/events/approved", {"key": "one", "payload": "broken"})
    eventually(lambda: _ended(client, key))
    retried = client.post(f"/api/executions/{key}/retry")
    again = retried.body["executionId"]
    eventually(lambda: _ended(client, again))

    found = client.get(f"/api/executions/{again}").body
    assert retried.status == 202
    assert (found["retryOf"], found["trigger"]) == (key, "retry")
    assert [len(step["attempts"]) for step in found["steps"]] == [0, 0, 1]
    assert client.post("/api/executions/exe_none/retry").status == 404


def test_what_succeeded_is_not_retried(client: RestClient) -> None:
    key = _run(client, "echo")
    eventually(lambda: _ended(client, key))

    refused = client.post(f"/api/executions/{key}/retry")
    assert refused.status == 409
    assert "can't become retried" in refused.body["detail"]
