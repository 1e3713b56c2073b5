"""What every page has: the bar, the state of the stream, the theme, the skip link, no page."""

from collections.abc import Callable

import pytest
from dashboard import NARROW, Dashboard

Open = Callable[..., Dashboard]
PAGES = ["Overview", "Schedules", "Executions", "Workflows", "Actors", "Events"]


def test_every_page_is_reached_from_the_bar(open_view: Open) -> None:
    tab = open_view("#/")
    tab.wait_live()
    for name in PAGES:
        link = tab.page.get_by_role("navigation").get_by_role("link", name=name)
        link.click()
        tab.page.wait_for_function(f"document.title.startsWith({name!r})")
        assert link.get_attribute("aria-current") == "page"


def test_an_address_that_leads_nowhere_says_so(open_view: Open) -> None:
    tab = open_view("#/nonsense")
    assert tab.page.get_by_role("heading", name="There is no such page").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_goes_with_the_system_until_it_is_chosen(open_view: Open, scheme: str) -> None:
    tab = open_view("#/", scheme=scheme)
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    before = tab.page.evaluate(ground)
    button = tab.page.get_by_role("button", name="Theme:")
    for _ in range(1 if scheme == "dark" else 2):  # system, light, dark
        button.click()
    assert tab.page.evaluate(ground) != before
    tab.page.reload()
    tab.page.wait_for_selector("nav a")
    assert tab.page.evaluate(ground) != before


def test_the_frame_fits_a_narrow_screen(open_view: Open) -> None:
    tab = open_view("#/", size=NARROW)
    tab.check_width()
    assert tab.page.get_by_role("link", name="Events").is_visible()
