"""The list of executions: live, filtered by the address, of any length."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from dashboard import LOOKS, LOOKS_IDS, WIDE, Dashboard
from playwright.sync_api import Locator, expect
from rest_client import RestClient
from server_process import Start

Open = Callable[..., Dashboard]
HOSTILE = "<b>bold</b> \u202eright to left\u202c 🎉 " + "unbreakable" * 14


@pytest.fixture(scope="module")
def shop(start_shop: Start) -> RestClient:
    """With the workflows of apps/mill.py, too."""
    return start_shop("--app", "mill").client()


def rows(tab: Dashboard) -> Locator:
    """The rows in view, without that of the titles."""
    return tab.page.locator(".vt-body .vt-row")


def row_of(tab: Dashboard, execution_id: str) -> Locator:
    """The row with the link to that execution."""
    return rows(tab).filter(has=tab.page.get_by_role("link", name=execution_id))


def test_a_new_execution_comes_to_the_top_and_changes_in_place(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    shop.ended(shop.run("quick"))
    tab = open_view("#/executions")
    tab.wait_live()
    expect(rows(tab).first).to_contain_text("quick")
    execution_id = shop.run("gated", gate=str(gate))
    expect(rows(tab).first).to_contain_text("gated")
    expect(row_of(tab, execution_id)).to_contain_text("running")
    gate.touch()
    expect(row_of(tab, execution_id)).to_contain_text("succeeded")


def test_an_execution_that_waits_says_so_in_the_list(open_view: Open, shop: RestClient) -> None:
    tab = open_view("#/executions")
    tab.wait_live()
    execution_id = shop.run("approval", number=99)
    expect(row_of(tab, execution_id)).to_contain_text("waiting")
    shop.cancel(execution_id)
    expect(row_of(tab, execution_id)).to_contain_text("cancelled")


def test_filters_live_in_the_address(open_view: Open, shop: RestClient) -> None:
    broken = shop.run("broken")
    shop.ended(broken)
    shop.ended(shop.run("quick"))
    tab = open_view("#/executions")
    tab.page.get_by_label("State").select_option("failed")
    tab.page.get_by_label("Workflow").select_option("broken")
    expect(row_of(tab, broken)).to_be_visible()
    expect(rows(tab).filter(has_text="succeeded")).to_have_count(0)
    assert "status=failed" in tab.page.url
    assert "workflowId=broken" in tab.page.url
    tab.page.reload()
    expect(row_of(tab, broken)).to_be_visible()
    expect(tab.page.get_by_label("Workflow")).to_have_value("broken")
    tab.page.get_by_role("button", name="Clear filters").click()
    expect(rows(tab).filter(has_text="succeeded").first).to_be_visible()
    assert tab.page.url.endswith("#/executions")


def test_what_does_not_match_the_filter_any_more_leaves(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    execution_id = shop.run("gated", gate=str(gate))
    tab = open_view("#/executions?status=running&workflowId=gated")
    tab.wait_live()
    expect(row_of(tab, execution_id)).to_be_visible()
    gate.touch()
    expect(row_of(tab, execution_id)).to_have_count(0)
    expect(tab.page.get_by_text("No execution is like that")).to_be_visible()


def test_a_schedule_is_chosen_by_a_part_of_its_name(open_view: Open, shop: RestClient) -> None:
    schedule_id = shop.schedule("quick", {"manual": True}, name="The night's work")
    execution_id = shop.trigger(schedule_id)
    shop.ended(execution_id)
    tab = open_view("#/executions")
    tab.page.get_by_role("button", name="Schedule all").click()
    tab.page.get_by_label("Part of its name").fill("night's")
    tab.page.get_by_role("radio", name="The night's work").check()
    tab.page.get_by_role("button", name="Show its executions").click()
    expect(rows(tab)).to_have_count(1)
    link = row_of(tab, execution_id).get_by_role("link", name="The night's work")
    expect(link).to_have_attribute("href", f"#/schedules/{schedule_id}")
    assert f"scheduleId={schedule_id}" in tab.page.url


def test_a_range_of_ones_own_is_checked_and_kept(open_view: Open, shop: RestClient) -> None:
    shop.ended(shop.run("quick"))
    tab = open_view("#/executions")
    tab.page.get_by_label("Queued", exact=True).select_option("own")
    tab.page.get_by_label("From").fill("2020-02-01T10:00:00")
    tab.page.get_by_label("To").fill("2020-01-01T10:00:00")
    tab.page.get_by_role("button", name="Show them").click()
    expect(tab.page.get_by_text("The end is not after the beginning.")).to_be_visible()
    tab.page.get_by_label("To").fill("2020-03-01T10:00:00")
    tab.page.get_by_role("button", name="Show them").click()
    expect(tab.page.get_by_text("No execution is like that")).to_be_visible()
    assert "since=2020-02-01T09%3A00%3A00.000Z" in tab.page.url  # an hour from UTC
    tab.page.get_by_label("Queued", exact=True).select_option("1h")
    expect(rows(tab).first).to_be_visible()
    assert "since" not in tab.page.url


def test_many_executions_are_read_while_one_scrolls(open_view: Open, shop: RestClient) -> None:
    minutes = {"cron": "* * * * *"}
    schedule_id = shop.schedule("quick", minutes, name="Each minute", enabled=False)
    span = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T05:00:00Z"}
    made = shop.post(f"/api/schedules/{schedule_id}/backfill", {**span, "maxConcurrency": 50}).body
    assert len(made["executionIds"]) == 300
    tab = open_view(f"#/executions?backfillId={made['backfillId']}")
    expect(rows(tab).first).to_be_visible()
    scroller = tab.page.get_by_role("region", name="Executions, scrolls")
    heard: list[str] = []
    tab.page.on("request", lambda request: heard.append(request.url))
    tab.page.wait_for_function(
        """each => {
          each.scrollTop = each.scrollHeight;
          return each.querySelector(".vt-grid").getAttribute("aria-rowcount") === "301";
        }""",
        arg=scroller.element_handle(),
    )
    assert rows(tab).count() < 60
    assert sum("cursor=" in each for each in heard) >= 2


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=LOOKS_IDS)
def test_the_list_is_for_everybody(
    open_view: Open, shop: RestClient, scheme: str, size: tuple[int, int]
) -> None:
    schedule_id = shop.schedule("quick", {"manual": True}, name=HOSTILE)
    shop.ended(shop.trigger(schedule_id))
    tab = open_view(f"#/executions?scheduleId={schedule_id}", scheme=scheme, size=size)
    expect(rows(tab).first).to_contain_text("quick")
    if size == WIDE:
        expect(rows(tab).first).to_contain_text(re.compile("<b>bold</b>"))
    tab.check_accessibility()
    tab.check_width()
