"""A real server process, and a real browser that looks at its dashboard."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from dashboard import MISSING, Dashboard, chromium_path, launch
from playwright.sync_api import Browser, expect, sync_playwright
from rest_client import RestClient
from server_process import ServerProcess, Start

APPS = Path(__file__).parent / "apps"
expect.set_options(timeout=15_000)
Open = Callable[..., Dashboard]
"""Opens a view in a tab of its own: `open_view("#/schedules", scheme="dark")`."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One a module: playwright's loop must be gone before tests that have loops of their own."""
    if chromium_path() is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        found = launch(playwright)
        yield found
        found.close()


@pytest.fixture(scope="module")
def start_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts `quarterjack serve` with the workflows in apps/shop.py, on one database for the module."""
    folder = tmp_path_factory.mktemp("shop")
    database = f"sqlite:///{folder / 'q.db'}"
    always = ("--app", "shop", "--database", database, "--runner", "thread", "--grace", "100ms")
    with ExitStack() as stack:

        def started(*arguments: str, port: str = "0", **more: Any) -> ServerProcess:
            every = (*always, "--port", port, *arguments)
            server = ServerProcess(*every, cwd=APPS, log=folder / "log", **more)
            return stack.enter_context(server)

        yield started


@pytest.fixture(scope="module")
def shop(start_shop: Start) -> RestClient:
    """A client of the server that the tests of a module share."""
    return start_shop().client()


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A file for whose coming the workflow `gated` waits."""
    return tmp_path / "gate"


@pytest.fixture
def open_view(browser: Browser, shop: RestClient) -> Iterator[Open]:
    """At the end of the test it is looked whether anything went wrong in any of them."""
    opened: list[Dashboard] = []

    def in_tab(place: str = "#/", *, url: str | None = None, **options: Any) -> Dashboard:
        tab = Dashboard(browser, url or shop.url, **options)
        opened.append(tab)
        tab.open(place)
        return tab

    yield in_tab
    for tab in opened:
        tab.close()
    for tab in opened:
        tab.check()
