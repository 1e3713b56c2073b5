"""Which names the server answers for, and which other origins may call it."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from rest_client import RestClient
from site_server import Site

from quarterjack.http.settings import HttpSettings
from quarterjack.storage import InvalidInput

TOOLS = "https://tools.example.org"


@pytest.fixture
def serve() -> Iterator[Callable[..., RestClient]]:
    """Starts servers with settings of their front."""
    with ExitStack() as stack:
        yield lambda **front: stack.enter_context(Site(front=HttpSettings.of(**front))).client


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("cron.example.org", 200),
        ("CRON.example.org.:443", 200),
        ("192.0.2.7:8321", 200),
        ("[2001:db8::7]", 200),
        ("localhost", 200),
        ("evil.example", 421),
        ("x.cron.example.org", 421),
        ("cron.example.org.evil.example", 421),
        ("192.0.2.8", 421),
    ],
)
def test_names_that_are_allowed_are_answered(
    serve: Callable[..., RestClient], host: str, status: int
) -> None:
    client = serve(allow_hosts=["Cron.example.org", "192.0.2.7", "2001:db8::7"])

    assert client.get("/healthz", {"Host": host}).status == status


def test_the_name_that_is_bound_is_answered(serve: Callable[..., RestClient]) -> None:
    name = socket.gethostname().lower()
    try:
        address = socket.gethostbyname(name)
    except OSError:
        pytest.skip("this machine's name has no address")
    if not address.startswith("127."):
        pytest.skip("this machine's name is no loopback one, and tests stay on loopback")
    client = serve(host=name)

    assert client.get("/healthz", {"Host": name}).status == 200
    assert client.get("/healthz", {"Host": "evil.example"}).status == 421


def test_an_allowed_origin_may_read_and_change(serve: Callable[..., RestClient]) -> None:
    client = serve(allow_origins=[TOOLS, "http://other.example:8080"])
    headers = {"Origin": TOOLS, "Sec-Fetch-Site": "cross-site"}

    answer = client.post("/api/events/a", {"payload": 1}, headers)

    assert answer.status == 202
    assert answer.headers["access-control-allow-origin"] == TOOLS
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers
    other = client.get("/healthz", {"Origin": "http://other.example:8080"})
    assert other.headers["access-control-allow-origin"] == "http://other.example:8080"


def test_an_allowed_origin_may_read_errors(serve: Callable[..., RestClient]) -> None:
    answer = serve(allow_origins=[TOOLS]).get("/api/nothing", {"Origin": TOOLS})

    assert answer.status == 404
    assert answer.headers["access-control-allow-origin"] == TOOLS


def test_its_browser_is_told_what_it_may_send(serve: Callable[..., RestClient]) -> None:
    asked = {
        "Origin": TOOLS,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,content-type,if-match",
        "Sec-Fetch-Site": "cross-site",
    }

    answer = serve(allow_origins=[TOOLS]).send(
        "OPTIONS", "/api/schedules/sch_x/workflow", headers=asked
    )

    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == TOOLS
    assert "PUT" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert {"authorization", "content-type", "if-match", "idempotency-key"} <= set(
        allowed.split(", ")
    )


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://tools.example.org",
        "https://tools.example.org:8443",
        "https://tools.example.org.evil.example",
        "https://tools.example.org/",
        "null",
        "",
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "GET", "POST"])
def test_other_origins_stay_out(serve: Callable[..., RestClient], origin: str, method: str) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    answer = serve(allow_origins=[TOOLS]).send(method, "/api/events/a", headers=headers)

    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers


def test_without_an_origin_a_foreign_page_changes_nothing(serve: Callable[..., RestClient]) -> None:
    client = serve(allow_origins=[TOOLS])

    assert client.post("/api/events/a", headers={"Sec-Fetch-Site": "cross-site"}).status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"path_prefix": "quarterjack"},
        {"path_prefix": "/a b"},
        {"path_prefix": "/a/../b"},
        {"path_prefix": "//evil.example"},
        {"path_prefix": "/{x}"},
        {"trusted_proxies": ["proxy.example.org"]},
        {"trusted_proxies": ["10.0.0.1/8"]},
        {"allow_hosts": ["https://cron.example.org"]},
        {"allow_hosts": ["*"]},
        {"allow_hosts": [""]},
        {"allow_origins": ["tools.example.org"]},
        {"allow_origins": ["*"]},
        {"allow_origins": ["null"]},
        {"allow_origins": ["https://tools.example.org/path"]},
        {"tls_cert": "cert.pem"},
        {"tls_key": "key.pem"},
        {"connections": 0},
        {"colour": "red"},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        HttpSettings.of(**wrong)
