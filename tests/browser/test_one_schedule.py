"""The page of one schedule: when it is due, how it went, why it did not run, and what can be done with it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from dashboard import LOOKS, LOOKS_IDS, Dashboard
from playwright.sync_api import Locator, expect
from rest_client import RestClient

Open = Callable[..., Dashboard]
NIGHTLY = {"cron": "30 2 * * *", "timezone": "Europe/Paris"}


def opened(open_view: Open, schedule_id: str, query: str = "", **options: object) -> Dashboard:
    """Its page, when all of it is there and live."""
    tab = open_view(f"#/schedules/{schedule_id}{query}", **options)
    tab.page.get_by_role("grid", name="Runs by day").wait_for()
    tab.wait_live()
    return tab


def press(tab: Dashboard, name: str) -> Locator:
    """A button of the head; the dialog that it opens."""
    tab.page.locator(".schedule-head").get_by_role("button", name=name).click()
    return tab.page.get_by_role("dialog")


def rule(shop: RestClient, schedule_id: str) -> dict[str, object]:
    found: dict[str, object] = shop.get(f"/api/schedules/{schedule_id}/workflow").body
    return found


def test_the_next_ten_times_say_which_days_are_left_out(open_view: Open, shop: RestClient) -> None:
    made = shop.schedule("quick", {**NIGHTLY, "exclude": ["2020-01-01/2099-01-01"]})
    tab = opened(open_view, made)
    expect(tab.page.get_by_text("At 02:30 every day")).to_be_visible()
    times = tab.page.locator(".due-list li")
    expect(times).to_have_count(10)
    expect(times.first.get_by_text("the day is excluded")).to_be_visible()


def test_what_a_change_of_the_clock_does_is_noted_at_the_instant(
    open_view: Open, shop: RestClient
) -> None:
    made = shop.schedule("quick", {"cron": "30 2 * 3 sun", "timezone": "Europe/Paris"})
    tab = opened(open_view, made)
    expect(tab.page.locator(".due-list li")).to_have_count(10)
    expect(tab.page.get_by_text("in the gap of the clock change").first).to_be_visible()
    expect(tab.page.get_by_text("The clock goes forward").first).to_be_visible()


def test_runs_come_into_history_calendar_and_head_as_they_happen(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    made = shop.schedule("gated", {"manual": True}, executionConfig={"params": {"gate": str(gate)}})
    tab = opened(open_view, made)
    expect(tab.page.get_by_text("It has not run yet")).to_be_visible()
    dialog = press(tab, "Run now …")
    dialog.get_by_role("button", name="Run now").click()
    runs = tab.page.get_by_role("table", name="Runs")
    expect(runs.get_by_role("link", name="running")).to_be_visible()
    expect(tab.page.locator(".now-list").get_by_text("running")).to_be_visible()
    gate.touch()
    expect(runs.get_by_role("link", name="succeeded")).to_be_visible()
    expect(tab.page.get_by_text("Nothing of it runs.")).to_be_visible()
    runs.get_by_role("link", name="succeeded").click()
    tab.page.wait_for_function("location.hash.startsWith('#/executions/exe_')")


def test_a_trigger_takes_parameters_and_names_what_is_wrong_with_them(
    open_view: Open, shop: RestClient
) -> None:
    made = shop.schedule("orders", {"manual": True})
    tab = opened(open_view, made)
    dialog = press(tab, "Run now …")
    params = dialog.get_by_label("Parameters, as JSON")
    params.fill("{day}")
    dialog.get_by_role("button", name="Run now").click()
    expect(dialog.get_by_text("The parameters are no JSON")).to_be_visible()
    params.fill('{"day": "tuesday"}')
    dialog.get_by_role("button", name="Run now").click()
    expect(dialog).to_be_hidden()
    assert shop.executions(made)[0]["params"] == {"day": "tuesday"}


def test_a_pause_with_a_note_shows_it_and_a_resume_takes_it_away(
    open_view: Open, shop: RestClient
) -> None:
    made = shop.schedule("quick", NIGHTLY, name="To be paused")
    tab = opened(open_view, made)
    dialog = press(tab, "Pause …")
    dialog.get_by_label("Note").fill("Ask Jo first")
    dialog.get_by_role("button", name="Pause").click()
    head = tab.page.locator(".schedule-head")
    expect(head.get_by_text("Ask Jo first")).to_be_visible()
    expect(head.get_by_text("paused", exact=True)).to_be_visible()
    press(tab, "Resume …").get_by_role("button", name="Resume").click()
    expect(head.get_by_text("active", exact=True)).to_be_visible()
    expect(head.get_by_text("Ask Jo first")).to_be_hidden()


def test_the_ledger_says_why_a_run_did_not_happen(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    params = {"params": {"gate": str(gate)}}
    made = shop.schedule("gated", {"interval": "1s"}, executionConfig=params)
    tab = opened(open_view, made, "?tab=fires")
    ledger = tab.page.get_by_role("table", name="Fire ledger")
    expect(ledger.get_by_text("an earlier run had not ended").first).to_be_visible()
    tab.page.get_by_label("Outcome").select_option("Started")
    expect(ledger.get_by_text("Ran when it was due")).to_be_visible()
    expect(ledger.get_by_text("an earlier run had not ended")).to_have_count(0)
    assert "outcome=started" in tab.page.url
    gate.touch()
    shop.delete(f"/api/schedules/{made}/workflow?cancel=true")
    expect(tab.page.get_by_text("There is no such schedule")).to_be_visible()
    tab.expected = ("404",)


def test_an_edit_changes_only_what_was_touched(open_view: Open, shop: RestClient) -> None:
    made = shop.schedule(
        "orders", {**NIGHTLY, "jitter": "30s"}, name="To be edited", metadata={"team": "bi"}
    )
    tab = opened(open_view, made)
    dialog = press(tab, "Edit …")
    expect(dialog.get_by_role("textbox", name="Cron expression")).to_have_value("30 2 * * *")
    dialog.get_by_role("textbox", name="Cron expression").fill("0 4 * * *")
    dialog.get_by_label("Name", exact=True).fill("Edited")
    dialog.get_by_role("button", name="Save").click()
    expect(tab.page.get_by_role("heading", name="Edited", level=1)).to_be_visible()
    expect(tab.page.get_by_text("At 04:00 every day")).to_be_visible()
    after = rule(shop, made)
    assert after["scheduleConfig"]["cron"] == "0 4 * * *"  # type: ignore[index]
    assert after["scheduleConfig"]["jitter"] == 30  # type: ignore[index]
    assert (after["metadata"], after["version"]) == ({"team": "bi"}, 2)


def test_a_change_by_somebody_else_is_told_and_nothing_typed_is_lost(
    open_view: Open, shop: RestClient
) -> None:
    made = shop.schedule("orders", NIGHTLY, name="Of two")
    tab = opened(open_view, made)
    tab.expected = ("412",)
    dialog = press(tab, "Edit …")
    dialog.get_by_label("Name", exact=True).fill("My name")
    shop.put(f"/api/schedules/{made}/workflow", {"name": "Their name", "description": "Theirs"})
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Somebody else has changed this schedule")).to_be_visible()
    dialog.get_by_role("button", name="Read it again").click()
    expect(dialog.get_by_text("They wrote: Their name")).to_be_visible()
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("My name")
    dialog.get_by_role("button", name="Save").click()
    expect(tab.page.get_by_role("heading", name="My name", level=1)).to_be_visible()
    assert rule(shop, made)["description"] == "Theirs"


def test_a_wrong_field_of_an_edit_is_named_at_the_field(open_view: Open, shop: RestClient) -> None:
    made = shop.schedule("quick", NIGHTLY)
    tab = opened(open_view, made)
    tab.expected = ("422",)
    dialog = press(tab, "Edit …")
    dialog.get_by_text("Priority, limits and retries").click()
    dialog.get_by_label("Timeout").fill("soon")
    dialog.get_by_text("Priority, limits and retries").click()
    dialog.get_by_role("button", name="Save").click()
    timeout = dialog.get_by_label("Timeout")
    expect(timeout).to_be_focused()
    expect(timeout).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_text("One field is not right yet.")).to_be_visible()


def test_a_backfill_says_how_many_it_makes_and_then_how_far_it_is(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    params = {"params": {"gate": str(gate)}}
    made = shop.schedule("gated", {"cron": "0 * * * *"}, executionConfig=params)
    tab = opened(open_view, made)
    dialog = press(tab, "Backfill …")
    dialog.get_by_label("From").fill("2026-01-05T00:00:00")
    dialog.get_by_label("Until").fill("2026-01-05T03:00:00")
    expect(dialog.get_by_text("This makes 3 runs.")).to_be_visible()
    dialog.get_by_role("button", name="Start the backfill").click()
    progress = tab.page.locator(".backfill")
    expect(progress.get_by_text("0 of 3 done, 1 running, 2 queued")).to_be_visible()
    gate.touch()
    expect(progress.get_by_text("finished: 3 of 3 done")).to_be_visible()
    again = press(tab, "Backfill …")
    again.get_by_label("From").fill("2026-01-05T00:00:00")
    again.get_by_label("Until").fill("2026-01-05T05:00:00")
    expect(again.get_by_text("This makes 2 runs; 3 more have one already.")).to_be_visible()


def test_a_deletion_says_what_happens_to_what_runs(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    params = {"params": {"gate": str(gate)}}
    made = shop.schedule("gated", {"manual": True}, name="Goes", executionConfig=params)
    run = shop.trigger(made)
    tab = opened(open_view, made)
    tab.expected = ("404",)
    dialog = press(tab, "Delete …")
    expect(dialog.get_by_text("1 run of it has not ended")).to_be_visible()
    dialog.get_by_label("Cancel what runs").check()
    dialog.get_by_role("button", name="Delete the schedule").click()
    expect(tab.page.get_by_role("heading", name="Schedules", level=1)).to_be_visible()
    assert shop.ended(run)["status"] == "cancelled"
    assert shop.get(f"/api/schedules/{made}/workflow").status == 404


def test_the_calendar_is_walked_by_keys_and_leads_to_the_runs_of_a_day(
    open_view: Open, shop: RestClient
) -> None:
    made = shop.schedule("quick", {"manual": True})
    shop.ended(shop.trigger(made))
    tab = opened(open_view, made)
    day = tab.page.locator(".heat-day[tabindex='0']")
    expect(day).to_have_accessible_name(re.compile("1 succeeded"))
    day.focus()
    tab.page.keyboard.press("ArrowUp")
    expect(tab.page.locator(".heat-told")).to_contain_text("no runs")
    tab.page.keyboard.press("ArrowDown")
    expect(tab.page.locator(".heat-told")).to_contain_text("1 succeeded")
    tab.page.keyboard.press("ArrowUp")
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_text("No run is like that")).to_be_visible()
    assert "day=" in tab.page.url
    tab.page.get_by_role("button", name="All days").click()
    runs = tab.page.get_by_role("table", name="Runs")
    expect(runs.get_by_role("link", name="succeeded")).to_be_visible()


def test_metrics_settings_and_audit_have_their_tabs(open_view: Open, shop: RestClient) -> None:
    made = shop.schedule(
        "broken", {"manual": True}, description="Says <b>why</b>", metadata={"team": "bi"}
    )
    shop.ended(shop.trigger(made))
    tab = opened(open_view, made, "?tab=metrics")
    expect(tab.page.get_by_text("ValueError: no way with 1")).to_be_visible()
    tab.page.get_by_role("tab", name="Notes and settings").click()
    expect(tab.page.get_by_text("Says <b>why</b>")).to_be_visible()
    expect(tab.page.get_by_text('"team": "bi"')).to_be_visible()
    tab.page.get_by_role("tab", name="Audit").click()
    expect(tab.page.get_by_text("made the schedule")).to_be_visible()
    expect(tab.page.get_by_text("triggered a run")).to_be_visible()
    press(tab, "Pause …").get_by_role("button", name="Pause").click()
    expect(tab.page.get_by_text("paused the schedule")).to_be_visible()


def test_a_schedule_that_is_not_there_says_so(open_view: Open) -> None:
    tab = open_view("#/schedules/sch_nobody")
    tab.expected = ("404",)
    expect(tab.page.get_by_text("There is no such schedule")).to_be_visible()


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=LOOKS_IDS)
def test_the_page_is_accessible_and_fits(
    open_view: Open, shop: RestClient, scheme: str, size: tuple[int, int]
) -> None:
    made = shop.schedule("quick", NIGHTLY, name="<i>x</i> " + "endless" * 27)
    shop.ended(shop.trigger(made))
    shop.post(f"/api/schedules/{made}/pause", {"note": "A note " * 20})
    tab = opened(open_view, made, scheme=scheme, size=size)
    for name in ("History", "Fire ledger", "Metrics", "Notes and settings"):
        tab.page.get_by_role("tab", name=name).click()
        tab.check_width()
    tab.check_accessibility()
    expect(press(tab, "Backfill …")).to_be_visible()
    tab.check_width()
