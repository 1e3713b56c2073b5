"""The list of schedules, as one uses it: to find some, to see them change, to steer many, to make one."""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from dashboard import LOOKS, LOOKS_IDS, NARROW, Dashboard
from playwright.sync_api import Locator, expect
from rest_client import RestClient
from waiting import eventually

Open = Callable[..., Dashboard]
MANY = 2_500
HOSTILE = "<b>bold</b> \u202eright to left\u202c 🚀 " + "endless" * 24


@pytest.fixture(scope="module")
def many(shop: RestClient) -> None:
    """Some thousands of schedules that fire in the far future."""
    rule = {"cron": "0 0 1 1 *"}
    lines = [
        {"id": f"sch_{place:05}", "workflowId": "quick", "name": f"Many {place:05}", "scheduleConfig": rule}
        for place in range(MANY)
    ]  # fmt: skip
    raw = "\n".join(json.dumps(line) for line in lines).encode()
    answer = shop.send(
        "POST", "/api/schedules/import", raw, {"Content-Type": "application/x-ndjson"}
    )
    assert answer.body["created"] == MANY, answer.raw


@pytest.fixture
def trio(shop: RestClient) -> Iterator[list[str]]:
    """Three schedules that nothing triggers."""
    made = [
        shop.schedule("quick", {"manual": True}, name=f"Trio {name}")
        for name in ("one", "two", "three")
    ]
    yield made
    for each in made:
        shop.delete(f"/api/schedules/{each}/workflow")


def row(tab: Dashboard, name: str) -> Locator:
    return tab.page.get_by_role("row").filter(has_text=name)


def statuses(shop: RestClient, ids: list[str]) -> set[str]:
    return {shop.get(f"/api/schedules/{each}/status").body["scheduleStatus"] for each in ids}


def test_what_is_searched_for_is_in_the_address_and_survives_a_reload(
    open_view: Open, shop: RestClient, trio: list[str]
) -> None:
    shop.schedule("quick", {"manual": True}, name="Another")
    tab = open_view("#/schedules")
    tab.page.get_by_role("searchbox").fill("Trio")
    expect(tab.page.get_by_text("3 schedules", exact=True)).to_be_visible()
    assert "q=Trio" in tab.page.url
    tab.page.reload()
    expect(tab.page.get_by_text("3 schedules", exact=True)).to_be_visible()
    expect(row(tab, "Another")).to_have_count(0)
    expect(tab.page.get_by_role("searchbox")).to_have_value("Trio")


def test_a_filter_by_state_shows_only_those_and_none_says_so(
    open_view: Open, shop: RestClient, trio: list[str]
) -> None:
    shop.post(f"/api/schedules/{trio[1]}/pause", {"note": "until monday"})
    tab = open_view("#/schedules?q=Trio")
    tab.page.get_by_label("Status").select_option("Paused")
    expect(tab.page.get_by_text("1 schedule", exact=True)).to_be_visible()
    expect(row(tab, "Trio two").get_by_text("paused")).to_be_visible()
    tab.page.get_by_label("Status").select_option("In error")
    expect(tab.page.get_by_text("No schedule is like that")).to_be_visible()
    tab.page.get_by_role("button", name="Show all").click()
    expect(row(tab, "Trio one")).to_be_visible()
    assert "status" not in tab.page.url


def test_a_row_follows_what_happens_to_its_schedule(
    open_view: Open, shop: RestClient, trio: list[str]
) -> None:
    tab = open_view("#/schedules?q=Trio")
    tab.wait_live()
    expect(row(tab, "Trio one").get_by_text("never")).to_be_visible()
    shop.ended(shop.trigger(trio[0]))
    expect(row(tab, "Trio one").get_by_role("link", name="succeeded")).to_be_visible()
    spark = row(tab, "Trio one").get_by_role("img")
    expect(spark).to_have_accessible_name(re.compile("^Last run: 1 succeeded"))
    shop.post(f"/api/schedules/{trio[2]}/pause")
    expect(row(tab, "Trio three").get_by_text("paused")).to_be_visible()


def test_a_new_schedule_comes_and_a_deleted_one_goes_by_themselves(
    open_view: Open, shop: RestClient, trio: list[str]
) -> None:
    tab = open_view("#/schedules?q=Trio")
    tab.wait_live()
    expect(row(tab, "Trio one")).to_be_visible()
    made = shop.schedule("quick", {"manual": True}, name="Trio four")
    expect(row(tab, "Trio four")).to_be_visible()
    shop.delete(f"/api/schedules/{made}/workflow")
    expect(row(tab, "Trio four")).to_have_count(0)


def test_many_are_paused_with_one_note_and_resumed(
    open_view: Open, shop: RestClient, trio: list[str]
) -> None:
    tab = open_view("#/schedules?q=Trio")
    tab.page.get_by_label("Select all that are loaded").check()
    expect(tab.page.get_by_text("3 schedules selected")).to_be_visible()
    tab.page.get_by_role("button", name="Pause …").click()
    dialog = tab.page.get_by_role("dialog", name="Pause 3 schedules?")
    expect(dialog.get_by_text("Trio three")).to_be_visible()
    dialog.get_by_label("Note").fill("The warehouse moves")
    dialog.get_by_role("button", name="Pause 3").click()
    expect(tab.page.get_by_text("Paused: 3 of 3")).to_be_visible()
    assert statuses(shop, trio) == {"paused"}
    assert shop.get(f"/api/schedules/{trio[0]}/status").body["note"] == "The warehouse moves"
    expect(tab.page.get_by_text("3 schedules selected")).to_be_hidden()
    for name in ("one", "two"):
        tab.page.get_by_label(f"Select Trio {name}").check()
    tab.page.get_by_role("button", name="Resume …").click()
    tab.page.get_by_role("dialog").get_by_role("button", name="Resume 2").click()
    eventually(lambda: statuses(shop, trio[:2]) == {"active"})
    assert statuses(shop, trio[2:]) == {"paused"}


def test_many_are_triggered_after_a_question_that_says_how_many(
    open_view: Open, shop: RestClient, trio: list[str]
) -> None:
    tab = open_view("#/schedules?q=Trio")
    tab.page.get_by_label("Select all that are loaded").check()
    tab.page.get_by_role("button", name="Run now …").click()
    dialog = tab.page.get_by_role("dialog", name="Run 3 schedules now?")
    expect(dialog.get_by_text("Starts 3 runs")).to_be_visible()
    dialog.get_by_role("button", name="Run 3 now").click()
    eventually(lambda: all(shop.executions(each) for each in trio))


@pytest.mark.usefixtures("many")
def test_thousands_are_scrolled_through_with_few_in_the_document(open_view: Open) -> None:
    tab = open_view("#/schedules?q=Many")
    expect(tab.page.get_by_text("2,500 schedules")).to_be_visible()
    scroller = tab.page.get_by_role("region", name="Schedules, scrolls")
    for share in (0.05, 0.1, 0.15):
        scroller.evaluate(f"element => element.scrollTop = {MANY * 56 * share}")
        expect(row(tab, f"Many {int(MANY * share):05}")).to_be_visible()
    assert tab.page.locator(".vt-body .vt-row").count() < 60


@pytest.mark.usefixtures("many")
def test_all_that_match_can_be_selected_not_only_those_that_are_loaded(open_view: Open) -> None:
    tab = open_view("#/schedules?q=Many")
    tab.page.get_by_label("Select Many 00001").check()
    tab.page.get_by_role("button", name="Select all 2,500").click()
    expect(tab.page.get_by_text("2,500 schedules selected")).to_be_visible()
    tab.page.get_by_role("button", name="Pause …").click()
    dialog = tab.page.get_by_role("dialog", name="Pause 2,500 schedules?")
    expect(dialog.get_by_text("and 2,495 more")).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    tab.page.get_by_role("button", name="Select none").click()
    expect(tab.page.get_by_text("2,500 schedules selected")).to_be_hidden()


def test_a_schedule_is_made_with_its_expression_checked_while_one_types(
    open_view: Open, shop: RestClient
) -> None:
    tab = open_view("#/schedules")
    tab.expected = ("422",)
    tab.page.get_by_role("button", name="New schedule").click()
    dialog = tab.page.get_by_role("dialog", name="New schedule")
    expression = dialog.get_by_role("textbox", name="Cron expression")
    expression.fill("61 3 * * *")
    expect(dialog.get_by_text("Bad minute")).to_be_visible()
    assert expression.get_attribute("aria-invalid") == "true"
    expression.fill("30 3 * * mon-fri")
    expect(dialog.get_by_text("At 03:30, on Monday to Friday")).to_be_visible()
    expect(dialog.get_by_text("Bad minute")).to_be_hidden()
    expect(dialog.get_by_role("listitem")).to_have_count(5)
    dialog.get_by_role("button", name="Make the schedule").click()
    expect(dialog.get_by_text("fields are not right yet")).to_be_visible()
    expect(dialog.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Workflow").select_option("orders")
    expect(dialog.get_by_text("It takes day")).to_be_visible()
    dialog.get_by_label("Name", exact=True).fill("Made in the browser")
    dialog.get_by_label("Parameters, as JSON").fill('{"day": "monday"}')
    dialog.get_by_label("If one still runs when it is due").select_option("Queue all")
    dialog.get_by_role("button", name="Make the schedule").click()
    expect(tab.page.get_by_role("heading", name="Made in the browser", level=1)).to_be_visible()
    made = shop.get("/api/schedules?q=Made+in+the+browser").body["items"][0]
    assert made["scheduleConfig"]["cron"] == "30 3 * * mon-fri"
    assert made["scheduleConfig"]["timezone"] == "Europe/Paris"
    assert made["scheduleConfig"]["overlap"] == "queueAll"
    assert made["executionConfig"]["params"] == {"day": "monday"}


@pytest.mark.parametrize(
    ("kind", "label", "text", "rule"),
    [
        ("Interval", "Every", "15m", {"interval": 900.0}),
        ("On an event", "Name of the event", "file.arrived", {"event": "file.arrived"}),
    ],
    ids=["interval", "event"],
)
def test_each_kind_of_rule_can_be_made(
    open_view: Open, shop: RestClient, kind: str, label: str, text: str, rule: dict[str, object]
) -> None:  # fmt: skip
    tab = open_view("#/schedules")
    tab.page.get_by_role("button", name="New schedule").click()
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_label("Workflow").select_option("quick")
    dialog.get_by_label("Name", exact=True).fill(f"Of the kind {kind}")
    dialog.get_by_label(kind).check()
    dialog.get_by_label(label).fill(text)
    dialog.get_by_role("button", name="Make the schedule").click()
    expect(tab.page.get_by_role("heading", name=f"Of the kind {kind}")).to_be_visible()
    found = shop.get(f"/api/schedules?q={kind.replace(' ', '+')}").body["items"][0]
    assert rule.items() <= found["scheduleConfig"].items()


def test_names_that_are_long_and_hostile_stay_text_and_in_their_place(
    open_view: Open, shop: RestClient
) -> None:
    shop.schedule("quick", {"manual": True}, name=HOSTILE[:200])
    tab = open_view("#/schedules?q=bold", size=NARROW)
    expect(row(tab, "<b>bold</b>")).to_be_visible()
    tab.check_width()


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=LOOKS_IDS)
def test_the_list_and_its_form_are_accessible_and_fit(
    open_view: Open, trio: list[str], scheme: str, size: tuple[int, int]
) -> None:
    tab = open_view("#/schedules?q=Trio", scheme=scheme, size=size)
    tab.page.get_by_label("Select Trio one").check()
    tab.check_accessibility()
    tab.check_width()
    tab.page.get_by_role("button", name="New schedule").click()
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Cron expression").fill("@daily")
    expect(dialog.get_by_role("listitem")).to_have_count(5)
    tab.check_accessibility()
    tab.check_width()
