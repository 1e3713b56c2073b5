"""The dashboard's page and files as they are served: to anybody, and with nothing from elsewhere."""

import gzip
import re

import pytest
from rest_client import RestClient
from site_server import Site

from quarterjack.http.dashboard_files import DASHBOARD_FILES
from quarterjack.http.settings import HttpSettings
from quarterjack.runtime import Workflow

_LINKED = re.compile(r'(?:href|src)="(dashboard/[^"]+)"')
_IMPORTED = re.compile(r'from "(\.[^"]+)"')


def test_the_page_is_there_with_all_that_it_links(client: RestClient) -> None:
    page = client.get("/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    linked = _LINKED.findall(page.raw.decode())
    assert linked
    for name in linked:
        assert client.get(f"/{name}").status == 200, name


def test_every_module_that_is_imported_is_there() -> None:
    for name, file in DASHBOARD_FILES.items():
        for target in _IMPORTED.findall(file.body.decode()) if name.endswith(".js") else ():
            folder = name.rpartition("/")[0]
            parts = [*folder.split("/"), *target.split("/")] if folder else target.split("/")
            found: list[str] = []
            for part in parts:
                if part == "..":
                    found.pop()
                elif part != ".":
                    found.append(part)
            assert "/".join(found) in DASHBOARD_FILES, f"{name} imports {target}"


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("pages/events.js", "text/javascript; charset=utf-8"),
        ("colors.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_files_have_their_types(client: RestClient, name: str, media: str) -> None:
    assert client.get(f"/dashboard/{name}").headers["content-type"] == media


def test_the_page_loads_nothing_from_elsewhere(client: RestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    for name, file in DASHBOARD_FILES.items():
        addresses = set(re.findall(rb"https?://[^\s\"'`)]+", file.body))
        assert addresses <= {b"http://www.w3.org/2000/svg"}, name


def test_a_browser_that_has_it_is_not_sent_it_again(client: RestClient) -> None:
    first = client.get("/dashboard/app.js")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/dashboard/app.js", {"If-None-Match": first.headers["etag"]})
    assert (again.status, again.raw) == (304, b"")
    assert client.get("/dashboard/app.js", {"If-None-Match": 'W/"other"'}).status == 200


def test_files_are_compressed_for_who_takes_it(client: RestClient) -> None:
    plain = client.get("/dashboard/live.js")
    packed = client.get("/dashboard/live.js", {"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.raw) == plain.raw
    assert len(packed.raw) < len(plain.raw) / 2


@pytest.mark.parametrize("name", ["nothing.js", "pages/nothing.js", "..%2fapp.py", "%2e%2e/app.py"])
def test_what_is_no_file_of_it_is_not_found(client: RestClient, name: str) -> None:
    assert client.get(f"/dashboard/{name}").status == 404


def test_it_is_served_without_a_token_below_a_path() -> None:
    echo = Workflow("echo")

    @echo.step
    def say() -> str:
        return "hello"

    front = HttpSettings.of(path_prefix="/cron")
    with Site(workflows=[echo], front=front) as site:
        assert site.client.post("/api/tokens", {"name": "a", "role": "admin"}).status == 201
        for path in ("/cron/", "/cron/dashboard/app.js", "/", "/dashboard/app.js"):
            assert site.client.get(path).status == 200, path
        assert site.client.get("/cron/api/session").status == 401
