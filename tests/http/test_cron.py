"""`GET /api/cron`: what an expression means and when it is due, or which field is wrong."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_client import Answer, RestClient

from quarterjack.actors.policies import cron_words
from quarterjack.actors.policies.cron import CronExpression

AFTER = "2026-03-28T12:00:00Z"


def ask(client: RestClient, expr: str, **more: Any) -> Answer:
    """The answer for an expression."""
    return client.get("/api/cron?" + urlencode({"expr": expr, **more}))


def test_an_expression_is_described_and_its_next_instants_are_told(client: RestClient) -> None:
    answer = ask(client, "30 2 * * *", timezone="Europe/Paris", after=AFTER, count=3)

    assert answer.status == 200
    assert answer.body == {
        "description": "At 02:30 every day",
        "items": [
            "2026-03-29T01:00:00.000000Z",  # its time is left out that day
            "2026-03-30T00:30:00.000000Z",
            "2026-03-31T00:30:00.000000Z",
        ],
    }


def test_without_more_it_is_utc_and_from_now_on(client: RestClient) -> None:
    before = datetime.now(UTC)
    items = ask(client, "* * * * * *").body["items"]

    instants = [datetime.fromisoformat(item) for item in items]
    assert len(instants) == 10
    assert all(b - a == timedelta(seconds=1) for a, b in pairwise(instants))
    assert before <= instants[0] <= before + timedelta(seconds=20)


@pytest.mark.parametrize(
    ("expr", "after", "items"),
    [
        ("0 0 29 2 *", AFTER, ["2028-02-29T00:00:00.000000Z", "2032-02-29T00:00:00.000000Z"]),
        ("*/20 5 0 * * *", "2026-01-01T00:05:20Z", ["2026-01-01T00:05:40.000000Z"]),
        ("0 0 * * 5#3", AFTER, ["2026-04-17T00:00:00.000000Z"]),
        ("@hourly", "2026-03-28T14:00:00+02:00", ["2026-03-28T13:00:00.000000Z"]),
    ],
)
def test_items_are_later_than_after(
    client: RestClient, expr: str, after: str, items: list[str]
) -> None:
    assert ask(client, expr, after=after, count=len(items)).body["items"] == items


def test_what_runs_out_has_fewer_items(client: RestClient) -> None:
    found = ask(client, "0 0 1 1 *", after="9996-06-01T00:00:00Z", count=10).body["items"]

    assert found == [f"{year}-01-01T00:00:00.000000Z" for year in (9997, 9998, 9999)]
    assert ask(client, "0 0 1 1 *", after="9999-12-31T23:59:59Z").body["items"] == []


def test_h_is_what_a_schedule_with_that_id_has(client: RestClient) -> None:
    key = client.schedule("echo", {"cron": "H H * * *"})
    upcoming = client.get(f"/api/schedules/{key}/upcoming?count=3").body["items"]

    found = ask(client, "H H * * *", seed=key, count=3).body
    assert found["items"] == upcoming
    assert "H" not in found["description"]
    assert "give that as `seed`" in ask(client, "H H * * *").body["description"]


@pytest.mark.parametrize(
    ("expr", "name"),
    [
        ("61 * * * *", "minute"),
        ("* 5-3 * * *", "hour"),
        ("*/0 * * * *", "minute"),
        ("0 0 30 2 *", "day-of-month"),
        ("0 0 31 2 *", "day-of-month"),
        ("0 0 1 * 5#2", "day-of-week"),
        ("0 0 15W * 5", "day-of-month"),
        ("* * ? * *", "day-of-month"),
        ("R * * * *", "minute"),
        ("0 0 1 1 * * 2027", "year"),
        ("5\xa0* * * *", "minute"),
        ("1" * 5_000 + " * * * *", "minute"),
    ],
)
def test_the_wrong_field_of_an_expression_is_named(
    client: RestClient, expr: str, name: str
) -> None:
    answer = ask(client, expr)

    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.fields == [["query", "expr"]]
    assert answer.body["errors"][0]["msg"].startswith(f"Bad {name}: ")


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", [["query", "expr"]]),
        ("expr=", [["query", "expr"]]),
        ("expr=@reboot", [["query", "expr"]]),
        ("expr=@daily&expr=@hourly", [["query", "expr"]]),
        ("expr=@daily&timezone=Mars/Olympus", [["query", "timezone"]]),
        ("expr=@daily&timezone=../../etc/passwd", [["query", "timezone"]]),
        ("expr=@daily&timezone=Europe", [["query", "timezone"]]),
        ("expr=@daily&timezone=", [["query", "timezone"]]),
        ("expr=@dayly&timezone=nowhere", [["query", "expr"], ["query", "timezone"]]),
        ("expr=@daily&after=yesterday", [["query", "after"]]),
        ("expr=@daily&after=2026-01-01T00:00:00", [["query", "after"]]),
        ("expr=@daily&count=0", [["query", "count"]]),
        ("expr=@daily&count=1001", [["query", "count"]]),
        ("expr=@daily&cuont=3", [["query", "cuont"]]),
        ("expr=H+*+*+*+*&seed=" + "x" * 65, [["query", "seed"]]),
        ("expr=H+*+*+*+*&seed=%ed%a0%80", [["query", "seed"]]),
    ],
)
def test_each_wrong_parameter_is_named(
    client: RestClient, query: str, fields: list[list[str]]
) -> None:
    answer = client.get(f"/api/cron?{query}")

    assert answer.status == 422
    assert answer.fields == fields


def test_a_thousand_instants_are_worked_out_off_the_loop(
    client: RestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_loop: list[bool] = []

    def describe(expression: CronExpression) -> str:
        on_loop.append(asyncio._get_running_loop() is not None)
        return cron_words.describe(expression)

    monkeypatch.setattr("quarterjack.http.routes.cron.describe", describe)
    items = ask(client, "*/5 * * * * mon-fri", after=AFTER, count=1_000).body["items"]

    assert len(set(items)) == 1_000
    assert items == sorted(items)
    assert on_loop == [False]
