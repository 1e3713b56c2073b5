"""`/api/schedules`, call by call."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from gate import Gate
from rest_client import RestClient
from site_server import Site
from waiting import eventually

from quarterjack.runtime import Workflow

CRON = {"cron": "0 3 * * *", "timezone": "Europe/Paris"}
FULL: dict[str, Any] = {
    "workflowId": "echo",
    "name": "Nightly report",
    "description": "For the team",
    "enabled": True,
    "scheduleConfig": {
        **CRON,
        "overlap": "queueOne",
        "catchUp": "all",
        "catchUpWindow": "1h",
    },
    "executionConfig": {
        "params": {"text": "hi"},
        "priority": 2,
        "timeout": "10m",
        "maxConcurrency": 3,
        "retryPolicy": {"attempts": 3, "backoff": "2s", "factor": 2, "maxBackoff": "1m"},
    },
    "metadata": {"team": "bi"},
}


def test_a_created_schedule_is_answered_and_read_alike(client: RestClient) -> None:
    created = client.post("/api/schedules/workflows", FULL)
    read = client.get(created.headers["location"])

    body = created.body
    assert created.status == 201
    assert read.body == body
    assert created.headers["location"] == f"/api/schedules/{body['id']}/workflow"
    assert created.headers["etag"] == read.headers["etag"] == '"1"'
    assert body["scheduleId"] == body["id"]
    assert {name: body[name] for name in ("workflowId", "name", "description", "enabled")} == {
        name: FULL[name] for name in ("workflowId", "name", "description", "enabled")
    }
    assert body["scheduleConfig"] == {
        **CRON,
        "startAt": None,
        "endAt": None,
        "jitter": 0.0,
        "maxRuns": None,
        "exclude": [],
        "overlap": "queueOne",
        "catchUp": "all",
        "catchUpWindow": 3600.0,
    }
    assert body["executionConfig"] == {
        "params": {"text": "hi"},
        "priority": 2,
        "timeout": 600.0,
        "maxConcurrency": 3,
        "retryPolicy": {
            "attempts": 3,
            "backoff": 2.0,
            "factor": 2.0,
            "maxBackoff": 60.0,
            "jitter": 0.0,
            "retryOn": [],
            "noRetryOn": [],
        },
        "pauseOnFailure": None,
    }
    assert body["metadata"] == {"team": "bi"}
    assert body["version"] == 1
    assert body["createdAt"] == body["updatedAt"]
    assert body["createdAt"].endswith("Z")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"cron": ["0 3 * * *", "0 4 * * *"]}, {"cron": ["0 3 * * *", "0 4 * * *"]}),
        ({"cron": "@hourly"}, {"cron": "@hourly"}),
        ({"interval": "PT5M"}, {"interval": 300.0}),
        (
            {"interval": 90, "anchor": "2026-01-01T01:00:00+01:00"},
            {"interval": 90.0, "anchor": "2026-01-01T00:00:00.000000Z"},
        ),
        ({"at": "2999-01-01T00:00:00Z"}, {"at": "2999-01-01T00:00:00.000000Z"}),
        ({"manual": True}, {"manual": True}),
    ],
)
def test_each_kind_of_rule_is_shown_as_it_is(
    client: RestClient, given: dict[str, Any], shown: dict[str, Any]
) -> None:
    key = client.schedule("echo", given)

    config = client.get(f"/api/schedules/{key}/workflow").body["scheduleConfig"]

    kinds = {"cron", "interval", "anchor", "at", "manual", "event"}
    assert {name: config[name] for name in config.keys() & kinds} == shown


def test_a_change_keeps_what_it_does_not_name(client: RestClient) -> None:
    created = client.post("/api/schedules/workflows", FULL).body
    address = f"/api/schedules/{created['id']}/workflow"

    changed = client.put(
        address, {"name": "Other", "scheduleConfig": {"cron": "0 4 * * *"}}, {"If-Match": '"1"'}
    )

    expected = {**created["scheduleConfig"], "cron": "0 4 * * *"}
    assert changed.status == 200
    assert changed.headers["etag"] == '"2"'
    assert changed.body["name"] == "Other"
    assert changed.body["scheduleConfig"] == expected
    assert changed.body["executionConfig"] == created["executionConfig"]
    assert client.get(address).body == changed.body


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PAUSE", "RESUME"])
@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"1"', None),
        ("*", None),
        ('"7", "1"', None),
        ('"2"', 412),
        ('W/"1"', 412),
        ('"other"', 412),
        ('"7", "8"', 412),
        ("1", 422),
    ],
)
def test_a_change_is_made_only_to_the_version_seen(
    client: RestClient, method: str, tag: str, status: int | None
) -> None:
    key, match = client.schedule("echo", CRON), {"If-Match": tag}
    send = {
        "PUT": lambda: client.put(f"/api/schedules/{key}/workflow", {"name": "x"}, match),
        "DELETE": lambda: client.delete(f"/api/schedules/{key}/workflow", match),
        "PAUSE": lambda: client.post(f"/api/schedules/{key}/pause", headers=match),
        "RESUME": lambda: client.post(f"/api/schedules/{key}/resume", headers=match),
    }

    answer = send[method]()

    assert answer.status == (status or (204 if method == "DELETE" else 200))


def test_a_change_of_what_is_gone_is_not_found_whatever_was_seen(client: RestClient) -> None:
    answer = client.put("/api/schedules/sch_gone/workflow", {"name": "x"}, {"If-Match": '"1", "2"'})

    assert answer.status == 404


def test_a_deleted_schedule_is_gone_but_its_history_stays(client: RestClient) -> None:
    key = client.schedule("echo", {"manual": True})
    run = client.post(f"/api/schedules/{key}/trigger").body["executionId"]
    eventually(lambda: client.get(f"/api/executions/{run}").body["endedAt"])

    assert client.delete(f"/api/schedules/{key}/workflow").status == 204

    assert client.get(f"/api/schedules/{key}/workflow").status == 404
    assert client.get("/api/schedules").body["items"] == []
    assert client.get(f"/api/executions/{run}").body["status"] == "succeeded"


@pytest.mark.parametrize(("query", "status"), [("", "succeeded"), ("?cancel=true", "cancelled")])
def test_running_executions_of_a_deleted_schedule(
    client: RestClient, gate: Gate, query: str, status: str
) -> None:
    key = client.schedule("gated", {"manual": True})
    run = client.post(f"/api/schedules/{key}/trigger").body["executionId"]
    eventually(lambda: client.get(f"/api/executions/{run}").body["status"] == "running")

    client.delete(f"/api/schedules/{key}/workflow{query}")
    gate.open()

    ended = eventually(
        lambda: (found := client.get(f"/api/executions/{run}").body)["endedAt"] and found
    )
    assert ended["status"] == status


def test_a_trigger_passes_on_what_it_says(client: RestClient) -> None:
    key = client.schedule("echo", {"manual": True}, executionConfig={"params": {"text": "a"}})

    body = {"params": {"text": "b"}, "context": {"who": "me"}, "priority": 1}
    answer = client.post(f"/api/schedules/{key}/trigger", body)

    run = answer.body["executionId"]
    found = eventually(
        lambda: (seen := client.get(f"/api/executions/{run}").body)["endedAt"] and seen
    )
    assert answer.status == 202
    assert answer.body.keys() == {"executionId"}
    assert found["result"] == "B"
    assert found["params"] == {"text": "b"}
    assert found["context"] == {"who": "me"}
    assert found["priority"] == 1
    assert found["trigger"] == "manual"
    assert found["scheduleId"] == key


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"params": {"colour": 1}}, ["params", "colour"]),
        ({"params": []}, ["params"]),
        ({"priority": 10}, ["priority"]),
        ({"priority": "5"}, ["priority"]),
        ({"now": True}, ["now"]),
    ],
)
def test_a_wrong_trigger_runs_nothing(
    client: RestClient, body: dict[str, Any], field: list[str]
) -> None:
    key = client.schedule("echo", {"manual": True})

    answer = client.post(f"/api/schedules/{key}/trigger", body)

    assert answer.status == 422
    assert answer.fields == [field]
    assert client.executions(key) == []


def test_a_trigger_can_respect_the_overlap_policy(client: RestClient, gate: Gate) -> None:
    key = client.schedule("gated", {"manual": True})
    client.post(f"/api/schedules/{key}/trigger")

    refused = client.post(f"/api/schedules/{key}/trigger", {"respectOverlap": True})
    passed = client.post(f"/api/schedules/{key}/trigger")
    gate.open()

    assert refused.status == 409
    assert refused.body["type"].endswith(":overlap")
    assert passed.status == 202


def test_pause_and_resume_tell_the_combined_status(client: RestClient) -> None:
    key = client.schedule("echo", CRON)

    paused = client.post(f"/api/schedules/{key}/pause", {"note": "lunch"})
    resumed = client.post(f"/api/schedules/{key}/resume")

    assert paused.status == resumed.status == 200
    assert paused.body["scheduleStatus"] == "paused"
    assert paused.body["note"] == "lunch"
    assert paused.body["nextExecution"] is None
    assert resumed.body["scheduleStatus"] == "active"
    assert resumed.body["nextExecution"] is not None
    assert resumed.headers["etag"] == '"3"'


def test_a_disabled_schedule_can_not_be_paused(client: RestClient) -> None:
    key = client.schedule("echo", CRON, enabled=False)

    answer = client.post(f"/api/schedules/{key}/pause")

    assert answer.status == 409
    assert client.get(f"/api/schedules/{key}/status").body["scheduleStatus"] == "disabled"


def test_the_combined_status_counts_good_and_bad(client: RestClient) -> None:
    key = client.schedule("fails", {"manual": True})
    empty = client.get(f"/api/schedules/{key}/status").body
    run = client.post(f"/api/schedules/{key}/trigger").body["executionId"]
    eventually(lambda: client.get(f"/api/schedules/{key}/status").body["executionCount"])

    status = client.get(f"/api/schedules/{key}/status").body

    assert empty["metrics"] == {
        "totalExecutions": 0,
        "successfulExecutions": 0,
        "failedExecutions": 0,
        "averageExecutionTime": None,
        "lastExecutionDuration": None,
        "uptime": None,
    }
    assert status["errorCount"] == status["executionCount"] == 1
    assert status["lastError"]["type"] == "LookupError"
    assert status["lastError"]["message"] == "nothing there"
    assert status["metrics"]["uptime"] == 0
    assert status["metrics"]["averageExecutionTime"] > 0
    assert [each["id"] for each in status["executionHistory"]] == [run]
    assert status["running"] == status["queued"] == []


def test_running_and_queued_are_told_apart(client: RestClient, gate: Gate) -> None:
    key = client.schedule("gated", {"manual": True})
    run = client.post(f"/api/schedules/{key}/trigger").body["executionId"]

    status = eventually(
        lambda: (found := client.get(f"/api/schedules/{key}/status").body)["running"] and found
    )
    gate.open()

    assert [each["id"] for each in status["running"]] == [run]
    assert status["queued"] == []


def test_lists_come_in_pages_that_hold_each_item_once(client: RestClient) -> None:
    keys = [client.schedule("echo", CRON, name=f"n{number}") for number in range(5)]

    first = client.get("/api/schedules?limit=2").body
    second = client.get(f"/api/schedules?limit=2&cursor={first['nextCursor']}").body
    third = client.get(f"/api/schedules?limit=2&cursor={second['nextCursor']}").body

    pages = [first, second, third]
    assert [item["id"] for page in pages for item in page["items"]] == keys
    assert third["nextCursor"] is None


def test_schedules_are_found_by_status_workflow_and_text(client: RestClient) -> None:
    one = client.schedule("echo", CRON, name="Nightly 100%")
    two = client.schedule("gated", CRON, name="Daily")
    client.post(f"/api/schedules/{two}/pause")

    def found(query: str) -> list[str]:
        return [item["id"] for item in client.get(f"/api/schedules?{query}").body["items"]]

    assert found("status=active") == [one]
    assert found("status=paused") == [two]
    assert found("workflowId=gated") == [two]
    assert found("q=night") == [one]
    assert found("q=%25") == [one]
    assert found("status=paused&workflowId=echo") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=many", "limit"),
        ("status=asleep", "status"),
        ("colour=red", "colour"),
        ("cursor=forged", "cursor"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_a_wrong_query_is_named(client: RestClient, query: str, field: str) -> None:
    answer = client.get(f"/api/schedules?{query}")

    assert answer.status == 422
    assert answer.fields == [["query", field]]


def test_a_cursor_of_another_list_is_refused(client: RestClient) -> None:
    key = client.schedule("echo", CRON)
    client.schedule("echo", CRON)
    cursor = client.get("/api/schedules?limit=1").body["nextCursor"]

    answers = [
        client.get(f"/api/executions?cursor={cursor}"),
        client.get(f"/api/schedules/{key}/executions?cursor={cursor}"),
        client.get(f"/api/workflows/echo/schedules?cursor={cursor}"),
    ]

    assert [answer.status for answer in answers] == [422, 422, 422]


def test_the_history_of_a_schedule_is_filtered_and_newest_first(client: RestClient) -> None:
    key = client.schedule("echo", {"manual": True})
    runs = [client.post(f"/api/schedules/{key}/trigger").body["executionId"] for _ in range(3)]
    eventually(lambda: client.get(f"/api/schedules/{key}/status").body["executionCount"] == 3)
    address = f"/api/schedules/{key}/executions"

    items = client.get(address).body["items"]
    middle = items[1]["queuedAt"]

    assert [item["id"] for item in items] == runs[::-1]
    assert client.get(f"{address}?status=failed").body["items"] == []
    since = client.get(f"{address}?since={middle}").body["items"]
    until = client.get(f"{address}?until={middle}").body["items"]
    assert [item["id"] for item in since] == [runs[2], runs[1]]
    assert [item["id"] for item in until] == [runs[0]]
    assert "steps" not in items[0]


def test_upcoming_tells_the_next_instants(client: RestClient) -> None:
    key = client.schedule("echo", {"cron": "0 12 1 1 *", "timezone": "UTC"})

    items = client.get(f"/api/schedules/{key}/upcoming?count=3").body["items"]

    years = [int(item[:4]) for item in items]
    assert [item[4:] for item in items] == ["-01-01T12:00:00.000000Z"] * 3
    assert years == [years[0], years[0] + 1, years[0] + 2]


def test_the_fire_ledger_tells_why_each_instant_ran_or_not(client: RestClient, gate: Gate) -> None:
    key = client.schedule("gated", {"cron": "* * * * * *"})
    address = f"/api/schedules/{key}/fires"
    eventually(lambda: len(client.get(address).body["items"]) >= 2)
    client.post(f"/api/schedules/{key}/pause")
    gate.open()

    *_, blocked, started = client.get(address).body["items"]

    assert started["outcome"] == "started"
    assert started["executionId"].startswith("exe_")
    assert started["lateness"] >= 0
    assert blocked["outcome"] == "skipped"
    assert blocked["reason"] == "overlap"
    assert blocked["blockedBy"] == started["executionId"]
    assert client.get(f"{address}?outcome=started").body["items"] == [started]


def test_sync_counts_again_what_is_stored(tmp_path: Path) -> None:
    workflow = Workflow("sometimes")

    @workflow.step
    def maybe(fail: bool) -> None:
        assert not fail, "as asked"

    path = tmp_path / "q.db"
    with Site([workflow], f"sqlite:///{path}") as site:
        client = site.client
        key = client.schedule("sometimes", {"manual": True})
        for fail in (False, True, False):
            client.post(f"/api/schedules/{key}/trigger", {"params": {"fail": fail}})
        address = f"/api/schedules/{key}/status"
        eventually(lambda: client.get(address).body["executionCount"] == 3)
        right = client.get(address).body
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE schedules SET executions = 99, failed = 7, last_error = NULL")
        wrong = client.get(address).body

        synced = client.post(f"/api/schedules/{key}/sync")

        assert wrong["executionCount"] == 99
        assert synced.status == 200
        assert synced.body == right
        assert client.get(address).body == right
