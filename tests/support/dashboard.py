"""The dashboard in a real Chromium, as somebody uses it; what must never happen is noted all the time."""

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
WIDE = (1280, 900)
NARROW = (390, 844)
LOOKS = [pytest.param("light", WIDE, marks=pytest.mark.slow), ("dark", NARROW)]
"""Each colour scheme and each width once: what goes wrong does so by one or the other."""
LOOKS_IDS = ["light-wide", "dark-narrow"]
MISSING = "needs Chromium: apt-get install chromium, or say where it is in CHROMIUM"
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


def chromium_path() -> str | None:
    """Where the browser is; None: nowhere."""
    named = os.environ.get("CHROMIUM", "chromium")
    return shutil.which(named)


def launch(playwright: Playwright) -> Browser:
    """A browser without a window."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=OPTIONS)


class Dashboard:
    """A tab of a browser with the dashboard of a server; `page` is playwright's."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        scheme: str = "light",
        size: tuple[int, int] = WIDE,
        zone: str = "Europe/Paris",
    ) -> None:
        self.url = url.rstrip("/")
        self.faults: list[str] = []
        self.outside: list[str] = []
        self.expected: tuple[str, ...] = ()
        """Parts of console messages that the test brings about."""
        width, height = size
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="en-GB",
            timezone_id=zone,
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", self._requested)

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.faults.append(f"{kind}: {text}")

    def _requested(self, request: Request) -> None:
        target = urlsplit(request.url)
        if target.scheme not in ("data", "blob") and target.netloc != urlsplit(self.url).netloc:
            self.outside.append(request.url)

    def open(self, place: str = "#/") -> None:
        """Go to a view, such as `#/schedules`."""
        self.page.goto(f"{self.url}/{place}")
        self.page.wait_for_selector("main h1")

    def sign_in(self, token: str) -> None:
        """Where a token is asked for."""
        self.page.get_by_label("Token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_selector("nav a")

    def wait_live(self) -> None:
        """Until events come by the WebSocket."""
        self.page.wait_for_selector('.stream[data-state="open"]', state="attached")

    def check(self) -> None:
        """Nothing went wrong in the console, and nobody but the server was asked."""
        unexpected = [
            fault for fault in self.faults if not any(part in fault for part in self.expected)
        ]
        assert not unexpected, unexpected
        assert not self.outside, self.outside

    def check_accessibility(self) -> None:
        """By axe, for what a machine can see."""
        found = Axe().run(self.page, options=_RULES)
        told = [
            f"{each['id']}: {each['help']}\n  "
            + "\n  ".join(node["html"][:200] for node in each["nodes"][:5])
            for each in found.response["violations"]
        ]
        assert not told, "\n".join(told)

    def check_width(self) -> None:
        """The page does not scroll sideways."""
        inner, whole = self.page.evaluate(
            "[document.documentElement.clientWidth, document.documentElement.scrollWidth]"
        )
        assert whole <= inner, f"{whole} px wide in {inner}"

    def screenshot(self, path: Path, *, full: bool = False) -> None:
        """A picture of what is seen."""
        self.page.screenshot(path=path, full_page=full)

    def close(self) -> None:
        """Leave."""
        self.context.close()
