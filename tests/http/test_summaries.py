"""`/api/schedules/summaries`: schedules as a list of many shows them."""

from typing import Any

import pytest
from bearer import Bearer
from gate import Gate
from rest_client import RestClient
from site_server import Site
from waiting import eventually

from quarterjack.http import Client
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.schedule_summaries import SummaryFilter, SummaryOrder

ADDRESS = "/api/schedules/summaries"
DAILY = {"cron": "0 3 * * *", "timezone": "Europe/Paris"}
MANUAL = {"manual": True}


def _all(client: RestClient, query: str = "") -> list[dict[str, Any]]:
    """The items of all pages, one each."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = client.get(f"{ADDRESS}?limit=1{query}{cursor}")
        assert answer.status == 200, answer.raw
        found += answer.body["items"]
        if answer.body["nextCursor"] is None:
            assert answer.body["total"] == len(found)
            return found
        cursor = f"&cursor={answer.body['nextCursor']}"


def test_a_schedule_that_never_ran_says_when_it_will(client: RestClient) -> None:
    key = client.schedule("echo", DAILY, name="Nightly")

    (found,) = _all(client)

    (upcoming,) = client.get(f"/api/schedules/{key}/upcoming?count=1").body["items"]
    assert found == {
        "scheduleId": key,
        "workflowId": "echo",
        "name": "Nightly",
        "enabled": True,
        "status": "active",
        "note": "",
        "rule": "At 03:00 every day",
        "timezone": "Europe/Paris",
        "nextExecution": upcoming,
        "lastExecution": None,
        "running": 0,
        "queued": 0,
        "failuresInRow": 0,
        "late": False,
        "lost": 0,
        "recent": [],
    }


def test_an_excluded_day_is_not_when_it_fires_next(client: RestClient) -> None:
    key = client.schedule("echo", DAILY)
    first, second = client.get(f"/api/schedules/{key}/upcoming?count=2").body["items"]
    client.put(f"/api/schedules/{key}/workflow", {"scheduleConfig": {"exclude": [first[:10]]}})

    assert _all(client)[0]["nextExecution"] == second


def test_a_summary_tells_how_the_newest_runs_went(client: RestClient, gate: Gate) -> None:
    key = client.schedule("fails", MANUAL)
    runs = [client.ended(client.trigger(key)) for _ in range(3)]
    held = client.schedule("gated", MANUAL)
    open_run = client.trigger(held)
    eventually(lambda: client.execution(open_run)["status"] == "running")

    failing, running = _all(client)

    brief = ("id", "status", "scheduledTime", "duration")
    assert failing["recent"] == [{name: run[name] for name in brief} for run in runs]
    last = ("id", "status", "trigger", "scheduledTime", "startedAt", "endedAt", "duration")
    assert failing["lastExecution"] == {name: runs[-1][name] for name in last}
    assert failing["failuresInRow"] == 3
    assert (running["running"], running["recent"]) == (1, [])
    assert running["lastExecution"]["status"] == "running"
    gate.open()


def test_lists_come_in_each_order_and_through_the_client(site: Site, client: RestClient) -> None:
    keys = {
        name: client.schedule("echo", config, name=name)
        for name, config in (
            ("beta", MANUAL),
            ("Alpha", {"cron": "0 0 1 1 *"}),
            ("😀" * 200, {"cron": "* * * * *"}),
        )
    }
    emoji = "😀" * 200

    by_name = [each["name"] for each in _all(client, "&sort=name")]
    by_next = [each["name"] for each in _all(client, "&sort=next")]
    backwards = [each["name"] for each in _all(client, "&sort=next&order=desc")]
    with Client(site.client.url) as program:
        wanted = SummaryFilter(order=SummaryOrder.NAME, descending=True)
        listing = program.list_schedule_summaries(wanted, PageRequest(1)).all()
        listed = [each.schedule_id for each in listing]

    assert by_name == ["Alpha", "beta", emoji]
    assert by_next == [emoji, "Alpha", "beta"]
    assert backwards == ["Alpha", emoji, "beta"]
    assert listed == [keys[name] for name in reversed(by_name)]


def test_a_list_is_filtered(client: RestClient) -> None:
    echo = client.schedule("echo", MANUAL, name="one")
    fails = client.schedule("fails", MANUAL, name="two")
    for _ in range(2):
        client.ended(client.trigger(fails))
    client.post(f"/api/schedules/{echo}/pause", {"note": "lunch"})

    def found(query: str) -> list[str]:
        return [each["name"] for each in _all(client, f"&{query}")]

    assert found("status=paused") == ["one"]
    assert found("workflowId=fails") == ["two"]
    assert found("q=TW") == ["two"]
    assert found("attention=failing") == ["two"]
    assert found("attention=late") == []
    assert found(f"ids={fails},{echo},nobody") == ["one", "two"]
    assert _all(client, "&q=one")[0]["note"] == "lunch"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=size", "sort"),
        ("order=up", "order"),
        ("attention=none", "attention"),
        ("ids=", "ids"),
        ("ids=" + ",".join(["x"] * 501), "ids"),
        ("limit=501", "limit"),
        ("cursor=abc", "cursor"),
    ],
)
def test_a_wrong_query_is_refused(client: RestClient, query: str, field: str) -> None:
    answer = client.get(f"{ADDRESS}?{query}")

    assert (answer.status, answer.fields) == (422, [["query", field]])


def test_a_cursor_belongs_to_its_order(client: RestClient) -> None:
    for _ in range(2):
        client.schedule("echo", MANUAL)
    cursor = client.get(f"{ADDRESS}?limit=1&sort=name").body["nextCursor"]

    assert client.get(f"{ADDRESS}?sort=name&cursor={cursor}").status == 200
    assert client.get(f"{ADDRESS}?sort=name&order=desc&cursor={cursor}").status == 422
    assert client.get(f"{ADDRESS}?cursor={cursor}").status == 422


def test_a_limited_token_sees_its_own_only(client: RestClient) -> None:
    made = client.post("/api/tokens", {"name": "root", "role": "admin"})
    root = Bearer(client.url, made.body["token"])
    limits = {"name": "limited", "role": "viewer", "workflows": ["echo"]}
    limited = Bearer(client.url, root.post("/api/tokens", limits).body["token"])
    mine = root.schedule("echo", MANUAL)
    other = root.schedule("fails", MANUAL)

    assert [each["scheduleId"] for each in _all(limited)] == [mine]
    assert _all(limited, f"&ids={other}") == []
    assert _all(limited, "&workflowId=fails") == []
