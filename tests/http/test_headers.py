"""What browsers are told by each answer, also by those that no handler of ours made."""

from collections.abc import Iterator

import pytest
from aiohttp import web
from raw_http import answers, exchange
from rest_client import RestClient
from site_server import Site

from quarterjack.http.headers import API_CSP, DASHBOARD_CSP, SECURITY_HEADERS


@pytest.fixture
def more() -> Iterator[Site]:
    """A server with addresses that answer in their own way."""

    async def page(_: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": DASHBOARD_CSP, "Cache-Control": "no-cache"}
        return web.Response(text="<!doctype html>", content_type="text/html", headers=headers)

    async def busy(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]))

    site = Site()
    site.app.router.add_get("/page", page)
    site.app.router.add_get("/busy/{status}", busy)
    with site:
        yield site


def test_the_api_loads_nothing_and_is_in_no_frame(client: RestClient) -> None:
    headers = client.get("/api/schedules").headers

    assert headers["content-security-policy"] == API_CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["server"] == "Quarterjack"


def test_what_is_not_http_is_told_the_same(client: RestClient) -> None:
    (answer,) = answers(exchange(client.authority, b"nonsense\r\n\r\n"))

    assert {name: answer.headers[name.lower()] for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_a_page_has_a_policy_of_its_own(more: Site) -> None:
    headers = more.client.get("/page").headers

    assert headers["content-security-policy"] == DASHBOARD_CSP
    assert headers["cache-control"] == "no-cache"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("policy", [API_CSP, DASHBOARD_CSP], ids=["API", "dashboard"])
def test_no_policy_lets_script_in(policy: str) -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy
    assert "*" not in policy
    assert {rules.get(name, "'self'") for name in ("script-src", "connect-src")} == {"'self'"}


@pytest.mark.parametrize("status", [429, 503])
def test_who_shall_come_back_is_told_when(more: Site, status: int) -> None:
    assert int(more.client.get(f"/busy/{status}").headers["retry-after"]) > 0


def test_nobody_else_is(more: Site) -> None:
    assert "retry-after" not in more.client.get("/busy/500").headers
