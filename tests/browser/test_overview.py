"""The overview: how all is, what ran and comes, what needs somebody, what runs; moved by events."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard import LOOKS, LOOKS_IDS, Dashboard
from playwright.sync_api import Locator, expect
from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

APPS = Path(__file__).parent / "apps"
Open = Callable[..., Dashboard]
expect.set_options(timeout=15_000)
HOSTILE = "<b>x</b> 🎉 שלום " + "very " * 30 + "long"


@pytest.fixture
def unused(tmp_path: Path) -> Iterator[RestClient]:
    """Of a server that has nothing to do yet. Ask for it before tabs: they are closed first."""
    database = f"sqlite:///{tmp_path / 'unused.db'}"
    options = ("--app", "shop", "--port", "0", "--database", database)
    runner = ("--runner", "thread", "--grace", "100ms")
    with ServerProcess(*options, *runner, cwd=APPS, log=tmp_path / "log") as server:
        yield server.client()


def made(client: RestClient, name: str, workflow: str = "quick", **config: Any) -> str:
    """A new schedule's id; `params` goes to its executions, the rest says when it fires."""
    params = config.pop("params", {})
    draft = {
        "name": name,
        "workflowId": workflow,
        "scheduleConfig": config or {"manual": True},
        "executionConfig": {"params": params},
    }
    answer = client.post("/api/schedules/workflows", draft)
    assert answer.status == 201, answer.raw
    return str(answer.body["id"])


def ended(client: RestClient, execution_id: str) -> str:
    """The status that the execution ends with."""
    address = f"/api/executions/{execution_id}"
    found = eventually(lambda: (now := client.get(address).body)["endedAt"] and now)
    return str(found["status"])


def failing(client: RestClient, name: str, times: int = 2) -> str:
    """A new schedule that has failed so many times in a row."""
    key = made(client, name, "broken")
    for _ in range(times):
        assert ended(client, client.trigger(key)) == "failed"
    return key


def card(tab: Dashboard, title: str) -> Locator:
    """A part of the page by its heading."""
    return tab.page.get_by_role("region", name=title, exact=True)


def row(tab: Dashboard, name: str) -> Locator:
    """A schedule's row on the timeline."""
    return card(tab, "Timeline").get_by_role("row").filter(has_text=name)


def test_an_empty_server_says_how_to_begin_and_the_first_schedule_comes_by_itself(
    unused: RestClient, open_view: Open
) -> None:
    tab = open_view("#/", url=unused.url)
    begin = card(tab, "Make the first schedule")
    expect(begin.get_by_role("link", name="Make a schedule")).to_have_attribute(
        "href", "#/schedules"
    )
    expect(begin).to_contain_text("quarterjack apply")
    tab.check_accessibility()
    tab.wait_live()
    made(unused, "The first")
    expect(row(tab, "The first")).to_be_visible()
    expect(begin).to_be_hidden()
    expect(tab.page.locator(".health")).to_have_text("The only schedule is on time")


def test_each_number_of_the_sentence_filters_the_page_and_lets_go_again(
    open_view: Open, shop: RestClient
) -> None:
    failing(shop, "fails for the sentence")
    paused = made(shop, "paused for the sentence")
    assert shop.post(f"/api/schedules/{paused}/pause", {"note": ""}).status == 200
    tab = open_view("#/")
    number = tab.page.get_by_role("button", name="failing", exact=False)
    number.click()
    expect(row(tab, "fails for the sentence")).to_be_visible()
    expect(row(tab, "paused for the sentence")).to_have_count(0)
    assert "show=failing" in tab.page.url
    expect(number).to_have_attribute("aria-pressed", "true")
    expect(card(tab, "Needs attention")).to_contain_text("fails for the sentence")
    number.click()
    assert "show=" not in tab.page.url
    tab.page.get_by_role("button", name="1 paused").click()
    expect(row(tab, "paused for the sentence")).to_be_visible()
    expect(row(tab, "fails for the sentence")).to_have_count(0)
    expect(card(tab, "Needs attention")).to_contain_text("Nothing among those")
    tab.page.reload()
    expect(tab.page.get_by_role("button", name="1 paused")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_a_new_run_grows_on_the_timeline_and_ends_there_without_a_reload(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    key = made(shop, "watched live", "gated", params={"gate": str(gate)})
    tab = open_view("#/?q=watched")
    expect(row(tab, "watched live")).to_be_visible()
    tab.wait_live()
    execution_id = shop.trigger(key)
    run = row(tab, "watched live").get_by_role("link", name="Running since")
    expect(run).to_have_count(1)
    gate.touch()
    done = row(tab, "watched live").get_by_role("link", name="Succeeded")
    expect(done).to_have_count(1)
    done.press("Enter")
    tab.page.wait_for_function(f"location.hash === '#/executions/{execution_id}'")


def test_what_runs_shows_its_step_and_is_cancelled_after_a_question(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    key = made(shop, "to be cancelled", "gated", params={"gate": str(gate)})
    tab = open_view("#/")
    tab.wait_live()
    execution_id = shop.trigger(key)
    running = card(tab, "Running now").get_by_role("listitem").filter(has_text="to be cancelled")
    expect(running).to_contain_text("waiting for the file")
    expect(running.get_by_role("progressbar")).to_have_attribute("value", "2")
    expect(running.get_by_role("meter")).to_have_attribute(
        "aria-valuetext", re.compile("no usual time yet")
    )
    running.get_by_role("button", name="Cancel").click()
    question = tab.page.get_by_role("dialog")
    expect(question).to_contain_text("told to stop")
    question.get_by_role("button", name="Keep it as it is").click()
    assert shop.get(f"/api/executions/{execution_id}").body["status"] == "running"
    running.get_by_role("button", name="Cancel").click()
    question.get_by_role("button", name="Cancel the execution").click()
    expect(running).to_have_count(0)
    assert ended(shop, execution_id) == "cancelled"


def test_a_schedule_that_fails_again_and_again_is_retried_with_one_press(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    key = made(shop, "mended by a retry", "mended", params={"gate": str(gate)})
    for _ in range(2):
        ended(shop, shop.trigger(key))
    tab = open_view("#/")
    tab.wait_live()
    entry = (
        card(tab, "Needs attention").get_by_role("listitem").filter(has_text="mended by a retry")
    )
    expect(entry).to_contain_text("Failed 2 times in a row")
    expect(entry).to_contain_text("FileNotFoundError")
    gate.touch()
    entry.get_by_role("button", name="Retry").click()
    expect(tab.page.get_by_role("link", name="See it run")).to_be_visible()
    expect(entry).to_have_count(0)


def test_a_fire_that_was_skipped_says_why_on_hover_and_to_who_uses_the_keyboard(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    key = made(shop, "skips", "gated", interval="1s", params={"gate": str(gate)})
    eventually(lambda: shop.get(f"/api/schedules/{key}/fires?outcome=skipped").body["items"])
    tab = open_view("#/?q=skips&range=1h")
    skipped = row(tab, "skips").get_by_role("img", name="an earlier run had not ended").first
    skipped.hover()
    tip = tab.page.locator(".tl-tip:visible")
    expect(tip).to_contain_text("an earlier run had not ended")
    tab.page.mouse.move(0, 0)
    expect(tip).to_have_count(0)
    row(tab, "skips").get_by_role("link", name="skips").focus()
    focused = "document.activeElement.getAttribute('aria-label') ?? ''"
    for _ in range(10):
        tab.page.keyboard.press("ArrowRight")
        if "an earlier run had not ended" in tab.page.evaluate(focused):
            break
    expect(tip).to_contain_text("an earlier run had not ended")
    tab.page.keyboard.press("Escape")
    expect(tip).to_have_count(0)
    shop.post(f"/api/schedules/{key}/pause", {"note": ""})
    expect(row(tab, "skips").locator(".mark.coming")).to_have_count(0)
    gate.touch()
    shop.delete(f"/api/schedules/{key}/workflow")
    expect(row(tab, "skips")).to_have_count(0)


def test_the_span_of_time_is_in_the_address_and_coming_fires_lie_in_it(
    open_view: Open, shop: RestClient
) -> None:
    made(shop, "fires daily", cron="0 0 * * *")
    tab = open_view("#/?q=fires daily&range=1h")
    expect(row(tab, "fires daily")).to_be_visible()
    tab.page.get_by_role("button", name="3 days back and ahead").click()
    expect(row(tab, "fires daily").locator(".mark.coming")).to_have_count(3)
    assert "range=3d" in tab.page.url
    tab.page.reload()
    chosen = tab.page.get_by_role("button", name="3 days back and ahead")
    expect(chosen).to_have_attribute("aria-pressed", "true")
    expect(row(tab, "fires daily").get_by_role("img", name="Fires at").first).to_be_visible()


def test_frequent_runs_become_bands_and_many_schedules_stay_few_rows(
    unused: RestClient, open_view: Open
) -> None:
    lines = [
        json.dumps(
            {
                "id": f"sch_many_{number:03}",
                "workflowId": "quick",
                "name": f"one of many {number:03}",
                "scheduleConfig": {"cron": "* * * * *"},
            }
        )
        for number in range(250)
    ]
    body = "\n".join(lines).encode()
    answer = unused.send(
        "POST", "/api/schedules/import", body, {"Content-Type": "application/x-ndjson"}
    )
    assert answer.status == 200, answer.raw
    tab = open_view("#/", url=unused.url)
    expect(card(tab, "Timeline")).to_contain_text("250 schedules")
    rows = tab.page.locator(".timeline .vt-body .vt-row")
    expect(rows.first).to_be_visible()
    assert rows.count() < 60
    assert tab.page.locator(".timeline .mark.coming").count() < 3 * rows.count()
    tab.page.get_by_role("region", name="Timeline, scrolls").evaluate(
        "it => it.scrollTop = it.scrollHeight"
    )
    expect(row(tab, "one of many 249")).to_be_visible()
    assert rows.count() < 60


def test_the_columns_of_the_day_grow_and_a_series_can_be_taken_out(
    open_view: Open, shop: RestClient
) -> None:
    ended(shop, shop.run("broken"))
    tab = open_view("#/")
    tab.wait_live()
    columns = card(tab, "Executions per hour")
    failed = columns.get_by_role("button", name="failed")
    expect(failed).not_to_have_text("failed 0")
    before = int(failed.inner_text().split()[-1])
    ended(shop, shop.run("broken"))
    expect(failed).to_have_text(f"failed {before + 1}")
    columns.get_by_text("As a table").click()
    cell = columns.get_by_role("table").get_by_role("row").nth(1).get_by_role("cell").last
    expect(cell).to_have_text(re.compile(r"[1-9]"))
    chart = columns.get_by_role("img")
    expect(chart).to_have_attribute("aria-label", re.compile("failed"))
    failed.click()
    expect(failed).to_have_attribute("aria-pressed", "false")
    expect(chart).not_to_have_attribute("aria-label", re.compile("failed"))
    assert "hide=failed" in tab.page.url
    chart.press("ArrowLeft")
    expect(columns.get_by_role("status")).to_contain_text(" to ")


def test_who_may_only_look_is_offered_nothing_that_changes_anything(
    unused: RestClient, open_view: Open, gate: Path
) -> None:
    failing(unused, "somebody else's to mend")
    unused.trigger(made(unused, "somebody else's to stop", "gated", params={"gate": str(gate)}))
    token = unused.post("/api/tokens", {"name": "guest", "role": "viewer"}).body["token"]
    tab = open_view("#/", url=unused.url)
    tab.expected = ("401 (Unauthorized)",)
    tab.sign_in(token)
    expect(card(tab, "Needs attention").get_by_role("link", name="See why")).to_be_visible()
    expect(card(tab, "Running now")).to_contain_text("somebody else's to stop")
    gate.touch()
    for title in ("Needs attention", "Running now"):
        expect(card(tab, title).get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=LOOKS_IDS)
def test_the_overview_is_fit_for_everybody_on_every_screen(
    open_view: Open, shop: RestClient, gate: Path, scheme: str, size: tuple[int, int]
) -> None:
    key = made(shop, HOSTILE[:200], "gated", params={"gate": str(gate)})
    failing(shop, f"failing {scheme} {size[0]}")
    shop.trigger(key)
    tab = open_view("#/", scheme=scheme, size=size)
    expect(card(tab, "Running now").get_by_role("listitem").first).to_be_visible()
    expect(card(tab, "Timeline").locator(".mark.run").first).to_be_visible()
    tab.check_accessibility()
    tab.check_width()
    gate.touch()
