"""HEAD is GET without its body, and OPTIONS says what an address takes; on every address."""

import pytest
from rest_client import RestClient
from site_server import Site

HEADERS_THAT_DIFFER = {"date", "x-request-id"}


def _addresses(site: Site) -> dict[str, set[str]]:
    """Each address with its methods, its parameters filled in."""
    found: dict[str, set[str]] = {}
    for route in site.app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical.replace("{", "x").replace("}", "")
        found.setdefault(path, set()).add(route.method)
    return found


def test_options_says_what_each_address_takes(site: Site) -> None:
    addresses = _addresses(site)
    assert len(addresses) > 30

    for path, methods in addresses.items():
        answer = site.client.send("OPTIONS", path)
        allowed = set(answer.headers["allow"].split(", "))
        assert (path, answer.status, answer.raw) == (path, 204, b"")
        assert methods | {"OPTIONS"} <= allowed
        assert ("GET" in allowed) == ("HEAD" in allowed)


def test_options_of_nothing_is_404(client: RestClient) -> None:
    assert client.send("OPTIONS", "/api/nothing").status == 404


def test_a_method_that_is_not_for_an_address_is_405_with_those_that_are(site: Site) -> None:
    for path in _addresses(site):
        allowed = site.client.send("OPTIONS", path).headers["allow"]
        answer = site.client.send("PATCH", path)
        assert (path, answer.status, answer.headers["allow"]) == (path, 405, allowed)
        assert answer.body["type"].endswith(":method-not-allowed")


def test_head_is_get_without_its_body_on_each_address(site: Site) -> None:
    site.client.schedule("echo", {"manual": True})
    paths = {path for path, methods in _addresses(site).items() if "GET" in methods}
    moving = {"/healthz", "/api/actors", "/api/overview", "/metrics", "/api/schedules/export"}

    for path in sorted(paths - moving):
        got, head = site.client.get(path), site.client.send("HEAD", path)
        assert (path, head.status, head.raw) == (path, got.status, b"")
        differing = {
            name for name in got.headers if got.headers[name] != head.headers.get(name)
        } - HEADERS_THAT_DIFFER
        assert (path, differing) == (path, set())


def test_head_of_what_changes_has_no_body(site: Site) -> None:
    for path in ("/healthz", "/api/actors", "/api/schedules/export"):
        answer = site.client.send("HEAD", path, headers={"Accept-Encoding": "gzip"})
        assert (answer.status, answer.raw) == (200, b"")


def test_head_changes_nothing(client: RestClient) -> None:
    assert client.send("HEAD", "/api/workflows/echo/run").status == 405
    assert client.get("/api/executions").body["items"] == []


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD"])
def test_foreign_pages_get_neither(client: RestClient, method: str) -> None:
    headers = {"Origin": "http://evil.example"}

    assert client.send(method, "/healthz", headers=headers).status == 403
