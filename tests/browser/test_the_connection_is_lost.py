"""The server is killed and comes back: the page says so, and catches up what happened meanwhile."""

import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from dashboard import Dashboard
from playwright.sync_api import Browser, expect
from server_process import Start

LOST = ("ERR_CONNECTION_REFUSED", "WebSocket connection to", "ERR_CONNECTION_RESET")
Look = Callable[[str, str], Dashboard]


@pytest.fixture
def look(browser: Browser) -> Iterator[Look]:
    """Opens a view of a server that will be killed."""
    opened: list[Dashboard] = []

    def in_tab(url: str, place: str) -> Dashboard:
        tab = Dashboard(browser, url)
        tab.expected = LOST
        opened.append(tab)
        tab.page.clock.install()
        tab.open(place)
        tab.wait_live()
        return tab

    yield in_tab
    for tab in opened:
        tab.close()
        tab.check()


def _stop_the_clock(tab: Dashboard) -> None:
    """From here on the page's timers do not run, so it does not try again by itself."""
    now = tab.page.evaluate("Date.now()")
    tab.page.clock.pause_at(datetime.fromtimestamp(now / 1000 + 1, UTC))


def test_events_go_on_where_they_were_after_a_kill(start_shop: Start, look: Look) -> None:
    server = start_shop()
    client = server.client()
    port = str(urlsplit(client.url).port)
    tab = look(client.url, "#/events?after=0")
    first = client.run("quick")
    client.ended(first)
    expect(tab.page.get_by_role("listitem").filter(has_text=first).first).to_be_visible()

    server.end(signal.SIGKILL)
    expect(tab.page.get_by_text("Connection lost")).to_be_visible()
    _stop_the_clock(tab)
    client = start_shop(port=port).client()
    unseen = client.run("quick")
    client.ended(unseen)
    tab.page.get_by_role("button", name="Try now").click()
    tab.wait_live()
    tab.page.clock.resume()
    later = client.run("quick")
    client.ended(later)

    for key in (unseen, later):
        rows = tab.page.get_by_role("listitem").filter(has_text=key)
        expect(rows.filter(has_text="workflow.completed")).to_have_count(1)
    numbers = [int(text) for text in tab.page.locator(".event-seq").all_inner_texts()]
    assert numbers == list(range(numbers[0], 0, -1))
