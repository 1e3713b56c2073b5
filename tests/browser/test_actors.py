"""The supervision tree in the browser: live, with crashes and restarts, gone through by keys."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dashboard import LOOKS, LOOKS_IDS, Dashboard
from playwright.sync_api import Locator, expect
from rest_client import RestClient
from server_process import ServerProcess

CRASHING = Path(__file__).parent.parent / "acceptance" / "apps"
Open = Callable[..., Dashboard]


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestClient]:
    """A server with a workflow that has its ticker crash."""
    folder = tmp_path_factory.mktemp("crashing")
    database = f"sqlite:///{folder / 'q.db'}"
    options = ("--app", "crashes", "--port", "0", "--database", database, "--runner", "thread")
    with ServerProcess(*options, cwd=CRASHING, log=folder / "log") as server:
        yield server.client()


def named(tab: Dashboard, name: str) -> Locator:
    """The row of an actor."""
    return tab.page.get_by_role("row").filter(
        has=tab.page.locator(f'.actor-name[title$="/{name}"]')
    )


def test_the_tree_shows_each_of_the_cast(open_view: Open) -> None:
    tab = open_view("#/actors")
    tree = tab.page.get_by_role("treegrid", name="Supervision tree")
    for name in ("ticker", "state", "broadcaster", "run-queue", "schedules", "executions"):
        expect(tree.get_by_text(name, exact=True).first).to_be_visible()
    expect(tab.page.get_by_text("Messages a second")).to_be_visible()


def test_a_crash_and_its_restart_are_seen(open_view: Open, crashing: RestClient) -> None:
    tab = open_view("#/actors", url=crashing.url)
    row = named(tab, "ticker")
    expect(row).to_contain_text("running")
    crashing.run("crash")
    log = tab.page.get_by_role("log")
    expect(log).to_contain_text("ticker was started again (once by now)")
    expect(log).to_contain_text("AttributeError")
    expect(row).to_contain_text("running")
    tab.page.get_by_label("Only with trouble").check()
    expect(row).to_be_visible()
    expect(named(tab, "broadcaster")).to_be_hidden()
    assert "trouble=1" in tab.page.url


def test_what_is_handled_counts_up_by_itself(open_view: Open, shop: RestClient) -> None:
    tab = open_view("#/actors")
    cell = named(tab, "state").get_by_role("gridcell").nth(5)
    expect(cell).not_to_have_text("0")
    before = cell.inner_text()
    shop.ended(shop.run("quick"))
    expect(cell).not_to_have_text(before)


def test_the_tree_is_gone_through_by_keys(open_view: Open) -> None:
    tab = open_view("#/actors?q=")
    root = tab.page.get_by_role("row").nth(1)
    root.focus()
    count = tab.page.get_by_role("row").count()
    expect(root).to_have_attribute("aria-expanded", "true")
    tab.page.keyboard.press("ArrowLeft")
    expect(tab.page.get_by_role("row")).to_have_count(2)
    tab.page.keyboard.press("ArrowRight")
    expect(tab.page.get_by_role("row")).to_have_count(count)
    tab.page.keyboard.press("ArrowDown")
    expect(tab.page.get_by_role("row").nth(2)).to_be_focused()


def test_an_actor_is_found_by_its_name(open_view: Open) -> None:
    tab = open_view("#/actors")
    tab.page.get_by_label("Find an actor").fill("tick")
    expect(named(tab, "broadcaster")).to_be_hidden()
    expect(named(tab, "ticker")).to_be_visible()
    tab.page.get_by_label("Find an actor").fill("nobody is called so")
    expect(tab.page.get_by_text("No actor is called so")).to_be_visible()


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=LOOKS_IDS)
def test_it_is_for_everybody(open_view: Open, scheme: str, size: tuple[int, int]) -> None:
    tab = open_view("#/actors", scheme=scheme, size=size)
    expect(named(tab, "ticker")).to_be_visible()
    tab.check_accessibility()
    tab.check_width()
