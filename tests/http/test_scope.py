"""A token that is limited to a workflow sees and touches nothing of another by any way."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bearer import Bearer
from rest_client import RestClient
from site_server import Site

from quarterjack.http.auth import Caller
from quarterjack.runtime import Workflow
from quarterjack.storage import Event, Role, WorkflowId

SPAN = {"start": "2020-01-01T00:00:00Z", "end": "2020-01-03T00:00:00Z"}
YEARLY = {"cron": "0 0 1 1 *"}
DAILY = {"cron": "0 0 * * *"}


class Pair:
    """A server with the same things of the workflows `mine` and `other`, and a token for `mine`."""

    def __init__(self, site: Site) -> None:
        client = site.client
        made = client.post("/api/tokens", {"name": "root", "role": "admin"})
        self.root = Bearer(client.url, made.body["token"])
        limited = {"name": "limited", "role": "admin", "workflows": ["mine"]}
        made = self.root.post("/api/tokens", limited)
        self.limited = Bearer(client.url, made.body["token"])
        self.of = {each: self._things(each) for each in ("mine", "other")}

    def _things(self, workflow: str) -> dict[str, str]:
        root = self.root
        key = root.schedule(workflow, DAILY)
        execution = root.trigger(key)
        root.ended(execution)
        made = root.post(f"/api/schedules/{key}/backfill", SPAN)
        failed = root.run(workflow, broken=True)
        assert root.ended(failed)["status"] == "failed"
        return {
            "schedule_id": key,
            "execution_id": execution,
            "failed_id": failed,
            "backfill_id": made.body["backfillId"],
            "workflow_id": workflow,
        }

    def all(self, path: str) -> list[dict[str, Any]]:
        """All pages of a list, an item each, as the limited token sees it."""
        found: list[dict[str, Any]] = []
        cursor = ""
        mark = "&" if "?" in path else "?"
        while True:
            answer = self.limited.get(f"{path}{mark}limit=1{cursor}")
            assert answer.status == 200, answer.raw
            found += answer.body["items"]
            if answer.body["nextCursor"] is None:
                return found
            assert len(answer.body["items"]) <= 1
            cursor = f"&cursor={answer.body['nextCursor']}"


def _workflow(name: str) -> Workflow:
    found = Workflow(name)

    @found.step
    def work(broken: bool = False) -> str:
        if broken:
            raise LookupError
        return "done"

    return found


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with Site([_workflow("mine"), _workflow("other")]) as site:
        yield Pair(site)


CALLS: list[tuple[str, str, Any]] = [
    ("GET", "/api/schedules/{schedule_id}/workflow", None),
    ("PUT", "/api/schedules/{schedule_id}/workflow", {"name": "taken"}),
    ("DELETE", "/api/schedules/{schedule_id}/workflow", None),
    ("POST", "/api/schedules/{schedule_id}/trigger", None),
    ("GET", "/api/schedules/{schedule_id}/executions", None),
    ("GET", "/api/schedules/{schedule_id}/status", None),
    ("POST", "/api/schedules/{schedule_id}/pause", None),
    ("POST", "/api/schedules/{schedule_id}/resume", None),
    ("POST", "/api/schedules/{schedule_id}/backfill", SPAN),
    ("GET", "/api/schedules/{schedule_id}/backfills", None),
    ("POST", "/api/schedules/{schedule_id}/sync", None),
    ("GET", "/api/schedules/{schedule_id}/upcoming", None),
    ("GET", "/api/schedules/{schedule_id}/fires", None),
    ("GET", "/api/schedules/{schedule_id}/days", None),
    ("GET", "/api/workflows/{workflow_id}/statistics", None),
    ("GET", "/api/schedules/{schedule_id}/audit", None),
    ("POST", "/api/schedules/preview", {"scheduleId": "{schedule_id}", "scheduleConfig": DAILY}),
    ("GET", "/api/workflows/{workflow_id}", None),
    ("GET", "/api/workflows/{workflow_id}/schedules", None),
    ("POST", "/api/workflows/{workflow_id}/schedule", {"name": "n", "scheduleConfig": DAILY}),
    ("POST", "/api/workflows/{workflow_id}/run", None),
    ("GET", "/api/executions/{execution_id}", None),
    ("GET", "/api/executions/{execution_id}/steps/work/logs", None),
    ("POST", "/api/executions/{execution_id}/cancel", None),
    ("POST", "/api/executions/{failed_id}/retry", None),
    ("GET", "/api/backfills/{backfill_id}", None),
    ("POST", "/api/backfills/{backfill_id}/cancel", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_what_is_another_s_is_as_if_it_were_not_there(
    pair: Pair, method: str, path: str, body: Any
) -> None:
    def sent(things: dict[str, str]) -> tuple[int, bytes]:
        filled = body
        if body and "scheduleId" in body:
            filled = {**body, "scheduleId": things["schedule_id"]}
        answer = pair.limited.send_json(method, path.format_map(things), filled)
        named = [things[key] for key in ("schedule_id", "execution_id", "failed_id", "backfill_id")]
        raw = answer.raw.decode()
        for key in [*named, things["workflow_id"]]:
            raw = raw.replace(key, "…")
        return answer.status, raw.encode()

    nobody = dict.fromkeys(pair.of["other"], "nothing")

    assert sent(pair.of["other"]) == sent(nobody)
    assert sent(nobody)[0] == 404


def test_its_own_is_there(pair: Pair) -> None:
    mine, limited = pair.of["mine"], pair.limited
    key = mine["schedule_id"]
    body = {"scheduleId": key, "scheduleConfig": DAILY}

    assert limited.get(f"/api/schedules/{key}/workflow").status == 200
    assert limited.post("/api/schedules/preview", body).status == 200
    assert limited.get(f"/api/executions/{mine['execution_id']}").status == 200
    assert limited.get(f"/api/backfills/{mine['backfill_id']}").status == 200
    assert limited.post(f"/api/executions/{mine['failed_id']}/retry").status == 202
    assert limited.run("mine")
    assert limited.trigger(key)


def test_lists_leave_others_out_and_their_pages_are_whole(pair: Pair) -> None:
    schedules = pair.all("/api/schedules")
    executions = pair.all("/api/executions")
    wanted = [
        each["id"]
        for each in pair.root.get("/api/executions?limit=500").body["items"]
        if each["workflowId"] == "mine"
    ]

    assert {each["workflowId"] for each in schedules} == {"mine"}
    assert [each["id"] for each in executions] == wanted
    assert [each["id"] for each in pair.all("/api/workflows")] == ["mine"]
    assert pair.all("/api/schedules?workflowId=other") == []
    assert pair.all("/api/schedules?q=test") == schedules
    other = pair.of["other"]
    for name in ("schedule_id", "backfill_id", "workflow_id"):
        asked = name.replace("_id", "Id")
        assert pair.all(f"/api/executions?{asked}={other[name]}") == []


def test_statistics_count_only_its_own(pair: Pair) -> None:
    def failed(query: str = "") -> int:
        items = pair.limited.get(f"/api/statistics?by=day{query}").body["items"]
        return sum(each["failed"] for each in items)

    of_mine = pair.root.get("/api/executions?limit=500&workflowId=mine&status=failed").body["items"]
    assert failed() == failed("&workflowId=mine") == len(of_mine)
    assert failed("&workflowId=other") == 0
    other = pair.of["other"]["schedule_id"]
    found = pair.limited.get(f"/api/statistics?by=day&scheduleId={other}")
    assert found.body == {"by": "day", "items": []}


def test_events_of_others_are_left_out(pair: Pair) -> None:
    events = pair.all("/api/events")
    wanted = [each for each in pair.root.events() if each["workflowId"] == "mine"]

    assert events[: len(wanted)] == wanted[: len(events)]
    assert {each["workflowId"] for each in events} == {"mine"}


def test_an_export_has_only_its_own(pair: Pair) -> None:
    lines = pair.limited.get("/api/schedules/export").raw.splitlines()

    assert lines
    assert all(b'"mine"' in line and b'"other"' not in line for line in lines)


@pytest.mark.parametrize(
    "draft",
    [
        {"workflowId": "other", "scheduleConfig": YEARLY},
        {"workflowId": "unheard-of", "scheduleConfig": YEARLY},
        {"workflowId": "mine", "scheduleConfig": {"event": "workflow.failed:other"}},
        {"workflowId": "mine", "scheduleConfig": {"event": "workflow.succeeded:*"}},
    ],
)
def test_no_schedule_is_made_or_moved_beyond_it(pair: Pair, draft: dict[str, Any]) -> None:
    key = pair.of["mine"]["schedule_id"]

    made = pair.limited.post("/api/schedules/workflows", {"name": "n", **draft})
    moved = pair.limited.put(f"/api/schedules/{key}/workflow", draft)

    assert (made.status, moved.status) == (403, 403)
    assert made.body["type"] == "urn:quarterjack:problem:not-permitted"


def test_a_schedule_may_wait_for_the_end_of_its_own_workflow(pair: Pair) -> None:
    draft = {"workflowId": "mine", "name": "n", "scheduleConfig": {"event": "workflow.failed:mine"}}

    assert pair.limited.post("/api/schedules/workflows", draft).status == 201


def test_a_schedule_that_was_anothers_does_not_show_what_it_did_then(pair: Pair) -> None:
    root, limited = pair.root, pair.limited
    key = root.schedule("other", YEARLY)
    before = root.trigger(key)
    root.ended(before)
    moved = root.put(f"/api/schedules/{key}/workflow", {"workflowId": "mine"})
    assert moved.status == 200
    after = root.trigger(key)
    root.ended(after)

    status = limited.get(f"/api/schedules/{key}/status")
    listed = limited.get(f"/api/schedules/{key}/executions")

    assert [each["id"] for each in status.body["executionHistory"]] == [after]
    assert [each["id"] for each in listed.body["items"]] == [after]
    assert before.encode() not in status.raw + limited.get("/api/executions").raw


def test_a_deleted_schedule_still_belongs_to_its_workflow(pair: Pair) -> None:
    found = {}
    for workflow in ("mine", "other"):
        key = pair.root.schedule(workflow, YEARLY)
        pair.root.ended(pair.root.trigger(key))
        assert pair.root.delete(f"/api/schedules/{key}/workflow").status == 204
        found[workflow] = pair.limited.get(f"/api/schedules/{key}/executions").status

    assert found == {"mine": 200, "other": 404}


def test_may_see_goes_by_the_workflow_of_the_event() -> None:
    def event(workflow: str | None) -> Event:
        key = None if workflow is None else WorkflowId(workflow)
        return Event("schedule.created", datetime(2026, 1, 1, tzinfo=UTC), None, key, None, {})

    limited = Caller(None, "n", Role.ADMIN, frozenset({WorkflowId("mine")}), "127.0.0.1")
    everybody = Caller(None, "n", Role.VIEWER, None, "127.0.0.1")

    assert [limited.may_see(event(each)) for each in ("mine", "other", None)] == [
        True,
        False,
        False,
    ]
    assert all(everybody.may_see(event(each)) for each in ("mine", "other", None))


def test_a_token_of_many_workflows_has_all_of_them(pair: Pair) -> None:
    body = {"name": "both", "role": "viewer", "workflows": ["other", "mine"]}
    both: RestClient = Bearer(pair.root.url, pair.root.post("/api/tokens", body).body["token"])

    assert len(both.get("/api/workflows").body["items"]) == 2
    assert len(both.get("/api/schedules").body["items"]) >= 2
