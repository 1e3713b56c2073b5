"""The page of an execution: followed, cancelled, retried; its graph, errors, items, waits and output."""

from collections.abc import Callable
from pathlib import Path

import pytest
from dashboard import LOOKS, LOOKS_IDS, WIDE, Dashboard
from playwright.sync_api import Locator, expect
from rest_client import RestClient
from server_process import Start
from waiting import eventually

Open = Callable[..., Dashboard]


@pytest.fixture(scope="module")
def shop(start_shop: Start) -> RestClient:
    """With the workflows of apps/mill.py, too."""
    return start_shop("--app", "mill").client()


def node(tab: Dashboard, step: str) -> Locator:
    """A step in the graph."""
    return tab.page.locator(f'.node[data-step="{step}"]')


def panel(tab: Dashboard) -> Locator:
    """The chosen step."""
    return tab.page.get_by_role("region", name="The chosen step")


def state(tab: Dashboard) -> Locator:
    """The state of the execution."""
    return tab.page.locator(".head-state")


def test_an_execution_is_followed_to_its_end(open_view: Open, shop: RestClient, gate: Path) -> None:
    execution_id = shop.run("gated", gate=str(gate))
    tab = open_view(f"#/executions/{execution_id}")
    tab.wait_live()
    expect(state(tab)).to_contain_text("running")
    expect(node(tab, "hold")).to_contain_text("running · 2 of 5")
    expect(panel(tab).get_by_role("heading", name="hold")).to_be_visible()
    expect(panel(tab)).to_contain_text("2 of 5 · waiting for the file")
    expect(node(tab, "finish")).to_contain_text("pending")
    gate.touch()
    expect(state(tab)).to_contain_text("succeeded")
    expect(node(tab, "finish")).to_contain_text("succeeded")
    expect(tab.page.get_by_role("region", name="Result", exact=True)).to_have_text("6")
    node(tab, "hold").click()
    expect(panel(tab)).to_contain_text("it is there")
    bar = tab.page.get_by_role("img", name="hold: Attempt 1")
    assert "succeeded" in (bar.get_attribute("aria-label") or "")


def test_cancelling_says_what_it_does_and_does_it(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    execution_id = shop.run("gated", gate=str(gate))
    eventually(lambda: shop.step(execution_id, "hold")["status"] == "running")
    tab = open_view(f"#/executions/{execution_id}")
    tab.wait_live()
    tab.page.get_by_role("button", name="Cancel").click()
    dialog = tab.page.get_by_role("dialog", name="Cancel this execution of gated?")
    expect(dialog).to_contain_text("Told to stop: hold. Never begun: finish.")
    dialog.get_by_role("button", name="Keep it as it is").click()
    expect(state(tab)).to_contain_text("running")
    tab.page.get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Cancel the execution").click()
    expect(state(tab)).to_contain_text("cancelled")
    expect(node(tab, "finish")).to_contain_text("skipped")
    expect(tab.page.get_by_role("button", name="Retry")).to_be_visible()


def test_a_retry_says_what_it_keeps_and_leads_to_the_new_execution(
    open_view: Open, shop: RestClient, gate: Path
) -> None:
    execution_id = shop.run("mended", gate=str(gate))
    shop.ended(execution_id)
    gate.touch()
    tab = open_view(f"#/executions/{execution_id}")
    tab.wait_live()
    tab.page.get_by_role("button", name="Retry").click()
    dialog = tab.page.get_by_role("dialog", name="Retry this execution of mended?")
    expect(dialog).to_contain_text("The results of these steps are kept: first.")
    expect(dialog).to_contain_text("These run when it is their turn: needs_file.")
    dialog.get_by_role("button", name="Retry it").click()
    expect(state(tab)).to_contain_text("succeeded")
    assert execution_id not in tab.page.url
    tab.page.get_by_role("link", name=execution_id).click()
    expect(state(tab)).to_contain_text("failed")


def test_an_error_has_its_traceback_folded(open_view: Open, shop: RestClient) -> None:
    execution_id = shop.run("broken")
    shop.ended(execution_id)
    tab = open_view(f"#/executions/{execution_id}")
    expect(tab.page.get_by_text("ValueError: no way with 1").first).to_be_visible()
    expect(panel(tab).get_by_role("heading", name="raises")).to_be_visible()
    traceback = panel(tab).get_by_role("region", name="Traceback of ValueError").first
    expect(traceback).to_be_hidden()
    panel(tab).get_by_text("Traceback").first.click()
    expect(traceback).to_contain_text('raise ValueError(f"no way with {fine}")')
    expect(panel(tab).get_by_role("log")).to_contain_text("this will not go well")
    expect(panel(tab).get_by_role("log")).to_contain_text("Attempt 2")


def test_the_graph_goes_by_the_keyboard(open_view: Open, shop: RestClient) -> None:
    execution_id = shop.run("orders")
    shop.ended(execution_id)
    tab = open_view(f"#/executions/{execution_id}?step=read")
    node(tab, "read").focus()
    tab.page.keyboard.press("ArrowDown")
    tab.page.keyboard.press("ArrowRight")
    expect(node(tab, "largest")).to_be_focused()
    tab.page.keyboard.press("Enter")
    expect(panel(tab).get_by_role("heading", name="largest")).to_be_visible()
    assert "step=largest" in tab.page.url
    tab.page.get_by_role("button", name="List", exact=True).click()
    assert "view=list" in tab.page.url
    steps = tab.page.get_by_role("region", name="Steps as a list")
    expect(steps.get_by_role("row")).to_have_count(5)
    steps.get_by_role("button", name="write").click()
    expect(panel(tab)).to_contain_text('"total": 6')


def test_two_hundred_steps_are_drawn_and_the_chosen_one_is_in_view(
    open_view: Open, shop: RestClient
) -> None:
    execution_id = shop.run("wide")
    shop.ended(execution_id)
    tab = open_view(f"#/executions/{execution_id}?step=step_199")
    expect(tab.page.locator(".node")).to_have_count(200)
    expect(node(tab, "step_199")).to_be_in_viewport()
    expect(node(tab, "step_0")).not_to_be_in_viewport()
    assert overlapping(tab) == 0
    tab.check_width()


def overlapping(tab: Dashboard) -> int:
    """How many pairs of steps in the graph lie on one another."""
    found: int = tab.page.evaluate(
        """() => {
          const all = [...document.querySelectorAll(".node")].map((each) => each.getBoundingClientRect());
          const crosses = (a, b) => a.left < b.right && a.top < b.bottom;
          const touch = (a, b) => crosses(a, b) && crosses(b, a);
          return all.flatMap((a, place) => all.slice(place + 1).filter((b) => touch(a, b))).length;
        }"""
    )
    return found


def test_the_items_of_a_mapped_step_are_steps_of_their_own(
    open_view: Open, shop: RestClient
) -> None:
    execution_id = shop.run("pictures")
    shop.ended(execution_id)
    tab = open_view(f"#/executions/{execution_id}")
    expect(node(tab, "shrink")).to_contain_text("failed · 2 of 3")
    expect(panel(tab)).to_contain_text("2 succeeded, 1 failed")
    panel(tab).get_by_role("button", name="shrink[1]").click()
    expect(panel(tab).get_by_role("heading", name="shrink[1]")).to_be_visible()
    expect(panel(tab)).to_contain_text("b can't be read")
    expect(panel(tab).get_by_role("log")).to_contain_text("shrinking b")
    panel(tab).get_by_role("button", name="shrink", exact=True).click()
    expect(panel(tab)).to_contain_text("2 succeeded, 1 failed")
    bars = tab.page.get_by_role("img", name="shrink[1]: Attempt 1")
    assert "Attempt 2" in (bars.get_attribute("aria-label") or "")


def test_what_a_step_waits_for_is_said_in_words(open_view: Open, shop: RestClient) -> None:
    execution_id = shop.run("approval", number=7)
    tab = open_view(f"#/executions/{execution_id}")
    tab.wait_live()
    expect(state(tab)).to_contain_text("waiting")
    expect(panel(tab)).to_contain_text("Waits for the event approved with the key order-7, until")
    shop.post("/api/events/approved", {"key": "order-7", "payload": {"who": "Ann"}})
    expect(state(tab)).to_contain_text("succeeded")
    expect(tab.page.get_by_role("region", name="Result", exact=True)).to_have_text('"by Ann"')


def test_the_output_follows_what_a_step_writes(
    open_view: Open, shop: RestClient, tmp_path: Path
) -> None:
    execution_id = shop.run("chatty", folder=str(tmp_path))
    tab = open_view(f"#/executions/{execution_id}")
    tab.wait_live()
    expect(panel(tab).get_by_role("log")).to_contain_text("it begins")
    expect(panel(tab)).to_contain_text("Follows what is written")
    for number in range(2):  # no event tells of these
        (tmp_path / f"line-{number}").touch()
        expect(panel(tab).get_by_role("log")).to_contain_text(f"line {number} was wanted")
    expect(panel(tab).locator(".log-line")).to_have_count(3)
    (tmp_path / "end").touch()
    expect(state(tab)).to_contain_text("succeeded")
    expect(panel(tab)).to_contain_text("3 lines")


def test_an_execution_that_there_is_not_is_said_so(open_view: Open) -> None:
    tab = open_view("#/executions/exe_nothing")
    tab.expected = ("404 (Not Found)",)
    expect(tab.page.get_by_role("heading", name="There is no such execution")).to_be_visible()


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=LOOKS_IDS)
def test_the_page_is_for_everybody(
    open_view: Open, shop: RestClient, scheme: str, size: tuple[int, int]
) -> None:
    execution_id = shop.run("pictures")
    shop.ended(execution_id)
    view = "" if size == WIDE else "?view=list&step=shrink[1]"
    tab = open_view(f"#/executions/{execution_id}{view}", scheme=scheme, size=size)
    expect(panel(tab).get_by_text("b can't be read").first).to_be_visible()
    tab.check_accessibility()
    tab.check_width()
