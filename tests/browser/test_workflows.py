"""The workflows, one by one with how it went, and running one by hand."""

from collections.abc import Callable

import pytest
from dashboard import LOOKS, LOOKS_IDS, Dashboard
from playwright.sync_api import Locator, expect
from rest_client import RestClient
from server_process import Start

Open = Callable[..., Dashboard]


@pytest.fixture(scope="module")
def shop(start_shop: Start) -> RestClient:
    """With the workflows of apps/mill.py, too."""
    return start_shop("--app", "mill").client()


def part(tab: Dashboard, name: str) -> Locator:
    """A part of the page."""
    return tab.page.get_by_role("region", name=name, exact=True)


def test_the_list_says_how_each_went(open_view: Open, shop: RestClient) -> None:
    shop.schedule("orders", {"cron": "0 3 * * *"}, name="Nightly orders")
    shop.ended(shop.run("orders"))
    shop.ended(shop.run("broken"))
    tab = open_view("#/workflows")
    row = tab.page.get_by_role("row").filter(has=tab.page.get_by_role("link", name="orders"))
    expect(row).to_contain_text("Reads orders, works out two things")
    expect(row).to_contain_text("100 %")
    expect(row.get_by_role("cell").nth(3)).to_have_text("1")
    broken = tab.page.get_by_role("row").filter(has=tab.page.get_by_role("link", name="broken"))
    expect(broken).to_contain_text("0 %")
    row.get_by_role("link", name="orders").click()
    expect(tab.page.get_by_role("heading", name="orders", level=1)).to_be_visible()


def test_the_options_of_a_step_are_said_in_words(open_view: Open) -> None:
    tab = open_view("#/workflows/pictures?step=shrink")
    chosen = part(tab, "The chosen step")
    expect(chosen).to_contain_text("item that picture takes, at most 2 at once")
    expect(chosen).to_contain_text("2 attempts; 10 ms between them")
    part(tab, "Steps").get_by_role("button", name="tidy").click()
    expect(chosen).to_contain_text("all that it depends on has ended, whatever came of it")
    expect(chosen).to_contain_text("30 s")
    tab.page.evaluate("location.hash = '#/workflows/approval?step=approved'")
    expect(chosen).to_contain_text("waits for the event approved whose key is the value of ask")


def test_a_run_takes_json_and_text_and_leads_to_its_execution(
    open_view: Open, shop: RestClient
) -> None:
    tab = open_view("#/workflows/approval")
    tab.page.get_by_role("button", name="Run").click()
    dialog = tab.page.get_by_role("dialog", name="Run approval")
    dialog.get_by_role("button", name="Run it").click()
    expect(dialog).to_contain_text("number is needed.")
    dialog.get_by_label("number").fill("42")
    dialog.get_by_role("button", name="Run it").click()
    expect(tab.page.locator(".head-state")).to_contain_text("waiting")
    execution_id = tab.page.url.rpartition("/")[2]
    assert shop.execution(execution_id)["params"] == {"number": 42}
    shop.cancel(execution_id)


def test_what_runs_shows_in_the_statistics_and_the_newest(
    open_view: Open, shop: RestClient
) -> None:
    tab = open_view("#/workflows/quick")
    tab.wait_live()
    expect(part(tab, "Newest executions")).to_contain_text("It has not run yet")
    shop.ended(shop.run("quick"))
    expect(part(tab, "Newest executions").get_by_role("row")).to_have_count(2)
    expect(part(tab, "Last 30 days")).to_contain_text("100 %")
    days = part(tab, "Last 30 days").get_by_role(
        "img", name="Executions of each of the last 30 days"
    )
    assert "1 succeeded, 0 failed" in (days.get_attribute("aria-label") or "")


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=LOOKS_IDS)
def test_the_pages_are_for_everybody(
    open_view: Open, shop: RestClient, scheme: str, size: tuple[int, int]
) -> None:
    shop.ended(shop.run("orders"))
    shop.schedule("orders", {"cron": "0 3 * * *"}, name="unbreakable" * 18)
    for place in ("#/workflows", "#/workflows/orders"):
        tab = open_view(place, scheme=scheme, size=size)
        expect(tab.page.get_by_text("100 %").first).to_be_visible()
        tab.page.wait_for_load_state("networkidle")
        tab.check_accessibility()
        tab.check_width()
