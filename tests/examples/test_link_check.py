"""Link check: a small site with what goes wrong on real ones."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from waiting import eventually
from web_server import WebServer

from quarterjack.examples.link_check import link_check
from quarterjack.examples.report_file import read_json
from quarterjack.runtime import Execution, Runtime

Play = Callable[..., Execution]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HTML = "text/html; charset=utf-8"


@pytest.fixture
def site() -> Iterator[WebServer]:
    with WebServer() as server:
        page(server, "/docs/", '<a href="a.html">a</a> <a href="#top">up</a> <img src="/logo.png">')
        page(server, "/docs/a.html", '<a href="/docs/">home</a> <a href="b.html#part">b</a>')
        page(server, "/docs/b.html", '<a href="mailto:a@b">mail</a> <a href="../beside.html">x</a>')
        page(server, "/beside.html", '<a href="/never-asked">outside of the folder</a>')
        yield server


def page(server: WebServer, path: str, text: str) -> None:
    server.answer(path, 200, text, Content_Type=HTML)


def given(site: WebServer, tmp_path: Path, **more: Any) -> dict[str, Any]:
    return {"start": f"{site.url}/docs/", "output": str(tmp_path / "out"), **more}


def test_a_site_without_broken_links_has_no_list_of_them(
    tmp_path: Path, site: WebServer, play: Play
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/broken-links.txt").write_text("of last week")

    found = play(link_check, NOW, **given(site, tmp_path))

    assert found.error is None
    assert found.result["broken"] == []
    items = read_json(tmp_path / "out/link-check.json")["items"]
    assert [item["url"].removeprefix(site.url) for item in items] == [
        "/beside.html",
        "/docs/",
        "/docs/a.html",
        "/docs/b.html",
        "/logo.png",
    ]
    assert "/never-asked" not in [asked.path for asked in site.asked]
    assert not (tmp_path / "out/broken-links.txt").exists()


def test_a_broken_link_is_listed_with_its_pages(
    tmp_path: Path, site: WebServer, play: Play
) -> None:
    site.answer("/docs/b.html", 404, "gone")
    page(site, "/docs/", '<a href="a.html">a</a> <a href="b.html">b</a>')

    found = play(link_check, NOW, **given(site, tmp_path))

    assert found.status == "succeeded"
    assert found.result["broken"] == [f"{site.url}/docs/b.html"]
    text = (tmp_path / "out/broken-links.txt").read_text(encoding="utf-8")
    assert text.splitlines() == [
        f"{site.url}/docs/b.html: status 404",
        f"    on {site.url}/docs/",
        f"    on {site.url}/docs/a.html",
    ]


def test_a_server_that_is_busy_is_asked_again(tmp_path: Path, site: WebServer, play: Play) -> None:
    counts: Counter[str] = Counter()

    async def busy_at_first(request: web.Request) -> web.Response:
        counts[request.path] += 1
        return web.Response(status=503 if counts[request.path] < 3 else 200)

    async def always_busy(request: web.Request) -> web.Response:
        counts[request.path] += 1
        return web.Response(status=429)

    site.handlers["/logo.png"] = busy_at_first
    site.handlers["/beside.html"] = always_busy

    found = play(link_check, NOW, **given(site, tmp_path))

    assert counts == {"/logo.png": 3, "/beside.html": 3}
    assert found.result["broken"] == [f"{site.url}/beside.html"]


def test_a_server_that_is_not_there_is_a_result(
    tmp_path: Path, site: WebServer, play: Play
) -> None:
    with WebServer() as gone:
        address = f"{gone.url}/x"
    page(site, "/docs/", f'<a href="{address}">elsewhere</a>')

    inside = play(link_check, NOW, **given(site, tmp_path))
    outside = play(link_check, NOW, **given(site, tmp_path, external=True))

    assert inside.result["links"] == 1
    assert outside.result["broken"] == [address]
    problems = [item["problem"] for item in read_json(tmp_path / "out/link-check.json")["items"]]
    assert any(problem.startswith("ClientConnectorError") for problem in problems)


def test_no_more_pages_are_read_than_allowed(tmp_path: Path, site: WebServer, play: Play) -> None:
    found = play(link_check, NOW, **given(site, tmp_path, limit=1))

    assert found.result["links"] == 3  # the start, a.html, logo.png


def test_a_cancelled_check_writes_down_what_it_has_seen(tmp_path: Path, site: WebServer) -> None:
    left = threading.Event()

    async def never(request: web.Request) -> web.Response:
        while request.transport is not None:  # noqa: ASYNC110  (aiohttp tells it in no other way)
            await asyncio.sleep(0.01)
        left.set()
        return web.Response()

    site.handlers["/docs/b.html"] = never
    with Runtime(workflows=[link_check]) as runtime:
        key = runtime.run("link-check", params=given(site, tmp_path)).get(timeout=10)
        eventually(lambda: [asked for asked in site.asked if asked.path == "/docs/b.html"])
        runtime.cancel_scheduled_execution(key).get(timeout=10)
        ended = runtime.wait_for(key).get(timeout=10)

    assert ended.status == "cancelled"
    eventually(left.is_set)  # the connection is closed
    text = (tmp_path / "out/link-check-cancelled.txt").read_text(encoding="utf-8")
    assert text.splitlines() == [
        "Cancelled after 2 pages.",
        f"{site.url}/docs/",
        f"{site.url}/docs/a.html",
    ]
