"""Takes a picture of each page of the dashboard, light and dark, wide and narrow.

python tests/browser/pictures.py FOLDER [NAME ...]
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from dashboard import NARROW, WIDE, Dashboard, launch
from lived_in import APPS, live_in
from playwright.sync_api import Browser, sync_playwright
from rest_client import RestClient
from server_process import ServerProcess

LOOKS = {
    "light": {"scheme": "light", "size": WIDE},
    "dark": {"scheme": "dark", "size": WIDE},
    "narrow": {"scheme": "light", "size": NARROW},
    "narrow-dark": {"scheme": "dark", "size": NARROW},
}


def places(client: RestClient) -> dict[str, str]:
    """Name of the picture → address of the view."""
    schedules = client.get("/api/schedules?limit=100").body["items"]
    by_name = {each["name"]: each["id"] for each in schedules}
    report = by_name["Nightly sales report, Europe"]
    training = client.trigger(by_name["Recommendation model"])
    failed = client.get("/api/executions?status=failed&limit=1").body["items"][0]["id"]
    done = client.get("/api/executions?workflowId=daily-report&limit=1").body["items"][0]["id"]
    return {
        "overview": "#/",
        "schedules": "#/schedules",
        "schedule": f"#/schedules/{report}",
        "schedule-fires": f"#/schedules/{by_name['Orders from the shop']}?tab=fires",
        "executions": "#/executions",
        "execution": f"#/executions/{done}",
        "execution-failed": f"#/executions/{failed}",
        "execution-running": f"#/executions/{training}",
        "workflows": "#/workflows",
        "workflow": "#/workflows/daily-report",
        "actors": "#/actors",
        "events": "#/events",
        "nothing": "#/nothing",
    }


def take(browser: Browser, client: RestClient, folder: Path, wanted: list[str]) -> None:
    """Take those that are wanted, or all."""
    found = places(client)
    for look, options in LOOKS.items():
        tab = Dashboard(browser, client.url, **options)  # type: ignore[arg-type]
        for name, place in found.items():
            if wanted and name not in wanted:
                continue
            tab.open(place)
            tab.page.wait_for_load_state("networkidle")
            tab.page.wait_for_timeout(700)  # for animations; a picture is no test
            tab.screenshot(folder / f"{name}-{look}.png", full=look in ("light", "narrow"))
        for fault in tab.faults:
            print(look, fault)
        tab.close()


def main(folder: Path, wanted: list[str]) -> None:
    """Make the database, serve it, look at it."""
    folder.mkdir(parents=True, exist_ok=True)
    memory = Path("/dev/shm")  # a month of commits, none of which is to survive a power cut
    with tempfile.TemporaryDirectory(dir=memory if memory.exists() else None) as scratch:
        database = Path(scratch) / "q.db"
        live_in(database)
        options = ("--app", "works", "--port", "0", "--database", f"sqlite:///{database}")
        runner = ("--runner", "thread", "--grace", "100ms")
        server = ServerProcess(*options, *runner, cwd=APPS, log=Path(scratch) / "log")
        with server, sync_playwright() as playwright:
            browser = launch(playwright)
            take(browser, server.client(), folder, wanted)
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
