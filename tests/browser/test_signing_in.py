"""Where tokens are made: one is asked for, kept for the tab, and its role decides what is offered."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bearer import Bearer
from dashboard import Dashboard
from playwright.sync_api import Browser
from server_process import ServerProcess
from waiting import eventually

APPS = Path(__file__).parent / "apps"
REFUSED = "401 (Unauthorized)"
Visit = Callable[..., Dashboard]


def made_token(database: str, role: str) -> str:
    """A new token's text, from the command line."""
    command = [sys.executable, "-m", "quarterjack.http", "token", "create", role]
    options = ["--role", role, "--database", database]
    made = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    return next(word for word in made.stdout.split() if word.startswith("qj_"))


@pytest.fixture(scope="module")
def tokens_and_url(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[dict[str, str], str]]:
    """A token of each role, and a server that needs one, below a path as behind a proxy."""
    folder = tmp_path_factory.mktemp("guarded")
    database = f"sqlite:///{folder / 'q.db'}"
    tokens = {role: made_token(database, role) for role in ("viewer", "operator", "admin")}
    options = (
        "--app",
        "shop",
        "--port",
        "0",
        "--database",
        database,
        "--runner",
        "thread",
        "--path-prefix",
        "/cron",
    )
    with ServerProcess(*options, cwd=APPS, log=folder / "log") as server:
        yield tokens, server.line().rpartition(" ")[2] + "/cron"


@pytest.fixture
def visit(browser: Browser, tokens_and_url: tuple[dict[str, str], str]) -> Iterator[Visit]:
    """Opens a tab; signed in with a role's token, if one is given."""
    tokens, url = tokens_and_url
    opened: list[Dashboard] = []

    def in_tab(place: str = "#/", role: str | None = None) -> Dashboard:
        tab = Dashboard(browser, url)
        tab.expected = (REFUSED,)
        opened.append(tab)
        tab.open(place)
        if role is not None:
            tab.sign_in(tokens[role])
        return tab

    yield in_tab
    for tab in opened:
        tab.close()
        tab.check()


def test_a_wrong_token_is_told_and_another_can_be_tried(
    visit: Visit, tokens_and_url: tuple[dict[str, str], str]
) -> None:
    tab = visit()
    tab.page.get_by_label("Token").fill("qj_nobody")
    tab.page.get_by_role("button", name="Sign in").click()
    tab.page.get_by_text("does not know this token").wait_for()
    tab.check_accessibility()
    tab.sign_in(tokens_and_url[0]["viewer"])
    tab.wait_live()


def test_a_token_is_kept_for_the_tab_and_not_for_others(visit: Visit) -> None:
    tab = visit(role="viewer")
    tab.page.reload()
    tab.page.wait_for_selector("nav a")
    tab.wait_live()
    other = visit()
    assert other.page.get_by_role("heading", name="Sign in to Quarterjack").is_visible()


def test_signing_out_forgets_the_token(visit: Visit) -> None:
    tab = visit(role="viewer")
    tab.page.get_by_role("button", name="Sign out").click()
    tab.page.get_by_role("heading", name="Sign in to Quarterjack").wait_for()
    tab.page.reload()
    tab.page.get_by_role("heading", name="Sign in to Quarterjack").wait_for()


def test_a_token_that_is_revoked_leads_back_to_the_sign_in(
    visit: Visit, tokens_and_url: tuple[dict[str, str], str]
) -> None:
    tokens, url = tokens_and_url
    admin = Bearer(url, tokens["admin"])
    made = admin.post("/api/tokens", {"name": "guest", "role": "viewer"})
    assert made.status == 201, made.raw
    tab = visit()
    tab.sign_in(made.body["token"])
    tab.wait_live()
    assert admin.delete(f"/api/tokens/{made.body['id']}").status == 204
    tab.page.get_by_role("heading", name="Sign in to Quarterjack").wait_for()


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_the_role_is_shown(visit: Visit, role: str) -> None:
    tab = visit(role=role)
    assert tab.page.get_by_text(f"{role} · {role}").is_visible()


@pytest.mark.parametrize(("role", "offered"), [("viewer", False), ("operator", True)])
def test_running_and_retrying_are_offered_to_who_may(
    visit: Visit, tokens_and_url: tuple[dict[str, str], str], role: str, offered: bool
) -> None:
    tokens, url = tokens_and_url
    client = Bearer(url, tokens["operator"])
    begun = client.post("/api/workflows/broken/run", {}).body["executionId"]
    eventually(lambda: client.get(f"/api/executions/{begun}").body["status"] == "failed")
    tab = visit("#/workflows/broken", role=role)
    tab.page.get_by_role("heading", name="Newest executions").wait_for()
    assert tab.page.get_by_role("button", name="Run").is_visible() is offered
    tab.page.evaluate(f"location.hash = '#/executions/{begun}'")
    tab.page.get_by_role("heading", name="Why it ended so").wait_for()
    assert tab.page.get_by_role("button", name="Retry").is_visible() is offered


@pytest.mark.parametrize(
    ("role", "offered"),
    [("viewer", []), ("operator", ["Run now …", "Pause …", "Backfill …", "Sync"])],
)
def test_of_a_schedule_a_role_is_offered_what_it_may_do(
    visit: Visit, tokens_and_url: tuple[dict[str, str], str], role: str, offered: list[str]
) -> None:
    tokens, url = tokens_and_url
    draft = {"workflowId": "quick", "name": role, "scheduleConfig": {"cron": "@yearly"}}
    made = Bearer(url, tokens["admin"]).post("/api/schedules/workflows", draft)
    tab = visit(f"#/schedules/{made.body['id']}", role=role)
    tab.page.get_by_role("heading", name=role, level=1).wait_for()
    buttons = tab.page.locator(".schedule-head").get_by_role("button")
    assert [text.strip() for text in buttons.all_inner_texts()] == offered
