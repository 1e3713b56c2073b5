"""Behind a reverse proxy: under a path, by the name, scheme and address that the proxy tells of.

What a proxy says is believed of those that are trusted, and of nobody else.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from aiohttp import web
from bearer import Bearer
from live_client import live_client
from rest_client import RestClient
from reverse_proxy import ReverseProxy
from site_server import Site

from quarterjack.http.forwarding import client_address, outside_of
from quarterjack.http.settings import HttpSettings
from quarterjack.runtime import Workflow

PUBLIC = "https://cron.example.org"
TRUSTED = {"trusted_proxies": ["127.0.0.0/8"], "allow_hosts": ["cron.example.org"]}


def _usual(request: web.Request) -> dict[str, str]:
    """What nginx is mostly told to say, for a client that is somewhere else."""
    before = request.headers.get("X-Forwarded-For")
    return {
        "X-Forwarded-For": f"{before}, 203.0.113.9" if before else "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "cron.example.org",
        "Forwarded": "",
    }


def _standard(_: web.Request) -> dict[str, str]:
    return {"Forwarded": 'for="[2001:db8::9]:4711";proto=https;host=cron.example.org'}


async def _who(request: web.Request) -> web.Response:
    outside = outside_of(request)
    return web.json_response([client_address(request), outside.scheme, outside.host])


@pytest.fixture
def serve() -> Iterator[Callable[..., Site]]:
    """Starts servers with settings of their front; `/who` says who calls."""
    echo = Workflow("echo")

    @echo.step
    def say() -> None:
        pass

    with ExitStack() as stack:

        def started(**front: Any) -> Site:
            site = Site([echo], front=HttpSettings.of(**front))
            for path in ("/who", "/quarterjack/who"):
                site.app.router.add_get(path, _who)
            return stack.enter_context(site)

        yield started


@pytest.mark.parametrize(("said", "address"), [(_usual, "203.0.113.9"), (_standard, "2001:db8::9")])
@pytest.mark.parametrize("strips", ["", "/quarterjack"], ids=["passes the path", "takes it off"])
def test_a_server_behind_a_proxy_is_whole(
    serve: Callable[..., Site], said: Any, address: str, strips: str
) -> None:
    site = serve(path_prefix="/quarterjack", **TRUSTED)
    with ReverseProxy(site.client.url, said, strips=strips) as proxy:
        client = _admin(site, f"{proxy.url}/quarterjack")
        own_page = {"Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"}
        bearer = {"Authorization": f"Bearer {client.secret}"}
        draft = {"workflowId": "echo", "name": "n", "scheduleConfig": {"manual": True}}

        made = client.post("/api/schedules/workflows", draft, own_page)
        assert made.status == 201
        assert made.headers["location"] == f"/quarterjack/api/schedules/{made.body['id']}/workflow"
        here = Bearer(proxy.url, client.secret)
        assert here.get(made.headers["location"]).body["id"] == made.body["id"]
        assert client.get("/api/schedules", {"Origin": "https://evil.example"}).status == 403
        assert client.send("OPTIONS", "/api/schedules").status == 204
        assert asyncio.run(_seen_live(client, {**own_page, **bearer})) == "pong"
        assert client.get("/who").body == [address, "https", "cron.example.org"]


def _admin(site: Site, url: str = "") -> Bearer:
    """A client with a token: who is somewhere else needs one."""
    made = site.runtime.create_token("tests", "admin").get(timeout=20)
    return Bearer(url or site.client.url, made.secret)


async def _seen_live(client: RestClient, headers: dict[str, str]) -> str:
    async with live_client(client.url, headers=headers) as live:
        return str((await live.ask({"op": "ping"}))["op"])


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        pytest.param({}, ["127.0.0.1", "http", "HOST"], id="nothing said"),
        pytest.param({"X-Forwarded-For": "203.0.113.9"}, ["203.0.113.9", "http", "HOST"], id="for"),
        pytest.param(
            {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"},
            ["203.0.113.9", "http", "HOST"],
            id="what the client made up is before it",
        ),
        pytest.param(
            {"X-Forwarded-For": "203.0.113.9, 127.0.0.5, 127.0.0.6"},
            ["203.0.113.9", "http", "HOST"],
            id="three trusted proxies",
        ),
        pytest.param(
            {
                "X-Forwarded-For": "6.6.6.6, 203.0.113.9, 127.0.0.5",
                "X-Forwarded-Proto": "gopher, https, http",
                "X-Forwarded-Host": "evil.example, cron.example.org, localhost",
            },
            ["203.0.113.9", "https", "cron.example.org"],
            id="the outermost trusted one counts",
        ),
        pytest.param(
            {"X-Forwarded-For": "203.0.113.9:4711"}, ["203.0.113.9", "http", "HOST"], id="a port"
        ),
        pytest.param(
            {"X-Forwarded-For": "[2001:db8::1]:4711"}, ["2001:db8::1", "http", "HOST"], id="IPv6"
        ),
        pytest.param(
            {"X-Forwarded-For": "::ffff:203.0.113.9"}, ["203.0.113.9", "http", "HOST"], id="mapped"
        ),
        pytest.param({"X-Forwarded-For": "unknown"}, ["127.0.0.1", "http", "HOST"], id="unknown"),
        pytest.param(
            {"X-Forwarded-For": "203.0.113.9, rubbish"}, ["127.0.0.1", "http", "HOST"], id="rubbish"
        ),
        pytest.param({"X-Forwarded-Proto": "https"}, ["127.0.0.1", "https", "HOST"], id="proto"),
        pytest.param({"X-Forwarded-Proto": "file"}, ["127.0.0.1", "http", "HOST"], id="no proto"),
        pytest.param(
            {"Forwarded": "for=203.0.113.9"}, ["203.0.113.9", "http", "HOST"], id="Forwarded"
        ),
        pytest.param(
            {"Forwarded": 'for=6.6.6.6;host=evil.example, For="203.0.113.9" ; Proto=HTTPS'},
            ["203.0.113.9", "https", "HOST"],
            id="Forwarded, the last of two",
        ),
        pytest.param(
            {"Forwarded": "for=_hidden;proto=https"}, ["127.0.0.1", "https", "HOST"], id="hidden"
        ),
    ],
)
def test_a_trusted_proxy_is_believed(
    serve: Callable[..., Site], headers: dict[str, str], seen: list[str]
) -> None:
    client = _admin(serve(**TRUSTED))

    answer = client.get("/who", headers)

    assert answer.body == [client.authority if part == "HOST" else part for part in seen]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "1.2.3.4", "Forwarded": "for=203.0.113.9"},
        {"Forwarded": "for=203.0.113.9, for"},
        {"Forwarded": 'for="203.0.113.9'},
    ],
    ids=["both kinds", "no value", "no end"],
)
def test_a_proxy_that_contradicts_itself_is_refused(
    serve: Callable[..., Site], headers: dict[str, str]
) -> None:
    assert serve(**TRUSTED).client.get("/who", headers).status == 400


@pytest.mark.parametrize("trusted", [[], ["10.0.0.0/8"]], ids=["nobody", "another"])
def test_nobody_else_is_believed(serve: Callable[..., Site], trusted: list[str]) -> None:
    client = serve(trusted_proxies=trusted).client
    headers = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=203.0.113.9",
    }

    assert client.get("/who", headers).body == ["127.0.0.1", "http", client.authority]
    assert client.get("/who", {**headers, "Origin": "https://evil.example"}).status == 403


def test_a_forwarded_host_is_checked_like_any(serve: Callable[..., Site]) -> None:
    client = serve(**TRUSTED).client

    assert client.get("/who", {"X-Forwarded-Host": "evil.example"}).status == 421
    assert client.get("/who", {"X-Forwarded-Host": "cron.example.org:444"}).status == 200


def test_only_the_proxy_itself_is_trusted(serve: Callable[..., Site]) -> None:
    site = serve(trusted_proxies=["127.0.0.7"])
    for source, seen in (("127.0.0.7", "203.0.113.9"), ("127.0.0.8", "127.0.0.8")):
        with ReverseProxy(
            site.client.url, lambda _: {"X-Forwarded-For": "203.0.113.9"}, source=source
        ) as proxy:
            assert _admin(site, proxy.url).get("/who").body[0] == seen


def test_while_there_is_no_token_only_this_machine_may_call(serve: Callable[..., Site]) -> None:
    client = serve(**TRUSTED).client

    assert client.get("/api/schedules", {"X-Forwarded-For": "127.0.0.9"}).status == 200
    assert client.get("/api/schedules", {"X-Forwarded-For": "203.0.113.9"}).status == 401
    assert client.get("/healthz", {"X-Forwarded-For": "203.0.113.9"}).status == 200


def test_bad_tokens_are_counted_for_who_sent_them(serve: Callable[..., Site]) -> None:
    site = serve(**TRUSTED)
    good = site.runtime.create_token("tests", "viewer").get().secret

    def status(token: str, address: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
        return site.client.get("/api/schedules", headers).status

    assert [status("qj_bad", "203.0.113.9") for _ in range(20)][-1] == 429
    assert status("qj_bad", "203.0.113.10") == 401
    assert status(good, "203.0.113.9") == 200


def test_tokens_and_roles_hold_under_the_prefix(serve: Callable[..., Site]) -> None:
    site = serve(path_prefix="/quarterjack", **TRUSTED)
    viewer = {"Authorization": f"Bearer {site.runtime.create_token('t', 'viewer').get().secret}"}

    for prefix in ("", "/quarterjack"):
        assert site.client.get(f"{prefix}/api/schedules").status == 401
        assert site.client.get(f"{prefix}/api/schedules", viewer).status == 200
        assert site.client.post(f"{prefix}/api/workflows/echo/run", headers=viewer).status == 403
        assert site.client.get(f"{prefix}/healthz").status == 200
