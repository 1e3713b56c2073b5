"""Where requests may go: nowhere private unless allowed, however the address is written or found."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from web_server import WebServer
from yarl import URL

from quarterjack.runtime.builtin.host_rules import (
    AddressRefused,
    HostRules,
    checked_host,
    is_public,
)
from quarterjack.runtime.builtin.http_request import http_workflow

if TYPE_CHECKING:
    from tests.runtime.builtin.conftest import Attempt

    Try = Callable[..., Attempt]

PUBLIC = "93.184.216.34"


class Fickle(AbstractResolver):
    """A name server that answers as it likes: each name's addresses in turn, the last one for ever."""

    def __init__(self, answers: dict[str, list[str]]) -> None:
        self.answers = answers

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        found = self.answers[host]
        address = found.pop(0) if len(found) > 1 else found[0]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Nothing to give back."""


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.8.8.8",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_addresses_that_are_not_of_the_internet_are_refused(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    assert not is_public(address)
    with pytest.raises(AddressRefused, match="is no public address"):
        HostRules().open_socket((family, socket.SOCK_STREAM, 0, "", (address, 80)))


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_not(address: str) -> None:
    assert is_public(address)


def test_only_internet_addresses_are_connected_to() -> None:
    with pytest.raises(AddressRefused, match="only internet addresses"):
        HostRules(allow_private=True).open_socket(
            (socket.AF_UNIX, socket.SOCK_STREAM, 0, "", "/socket")
        )


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "127.0.0.1.",
        "\uff11\uff12\uff17.0.0.1",
    ],
)
def test_this_machine_is_refused_however_it_is_written(
    attempt: "Try", web: WebServer, host: str
) -> None:
    failure = attempt(http_workflow(HostRules()), url=f"http://{host}:{web.port}/").failure

    # Numbers that only the system's resolver takes for an address are refused by aiohttp.
    assert failure.type in ("AddressRefused", "InvalidUrlClientError"), failure
    assert web.asked == []


def test_a_refusal_says_which_setting_would_allow_it(attempt: "Try", web: WebServer) -> None:
    failure = attempt(http_workflow(HostRules()), url=web.url).failure

    assert failure.message == (
        "127.0.0.1 is no public address; allow private ones with --http-allow-private"
    )


def test_this_machine_can_be_allowed(attempt: "Try", web: WebServer) -> None:
    workflow = http_workflow(HostRules(allow_private=True))

    assert attempt(workflow, url=f"http://localhost:{web.port}/").result["body"] == "hello"


def test_a_name_that_means_something_private_the_second_time_is_refused(
    attempt: "Try", web: WebServer
) -> None:
    """Whoever looked the name up before, as a check would have, was told a public address."""
    resolver = Fickle({"rebind.example": [PUBLIC, "127.0.0.1"]})
    assert resolver.answers["rebind.example"].pop(0) == PUBLIC

    workflow = http_workflow(HostRules(), lambda: resolver)
    failure = attempt(workflow, url=f"http://rebind.example:{web.port}/").failure

    assert failure.type == "AddressRefused"
    assert failure.message.startswith("127.0.0.1 is no public address")
    assert web.asked == []


class NearbyIsPublic(HostRules):
    """Takes 127.0.0.1 for an address of the internet, and other addresses for what they are."""

    def open_socket(self, address: tuple[Any, ...]) -> socket.socket:
        if address[4][0] == "127.0.0.1":
            return socket.socket(address[0], address[1], address[2])
        return super().open_socket(address)


@pytest.mark.parametrize(
    ("location", "told"),
    [
        pytest.param("http://127.0.0.2:{port}/", "127.0.0.2 is no public address", id="address"),
        pytest.param("http://[::1]:{port}/", "::1 is no public address", id="IPv6"),
        pytest.param("//inside.example:{port}/", "10.0.0.1 is no public address", id="name"),
        pytest.param("http://outside.example:{port}/", "10.0.0.1 is no", id="the same name"),
    ],
)
def test_a_redirect_to_a_private_address_is_refused(
    attempt: "Try", web: WebServer, location: str, told: str
) -> None:
    web.answer("/", 307, Location=location.format(port=web.port))
    answers = {"outside.example": ["127.0.0.1", "10.0.0.1"], "inside.example": ["10.0.0.1"]}
    workflow = http_workflow(NearbyIsPublic(), lambda: Fickle(answers))

    failure = attempt(
        workflow, url=f"http://outside.example:{web.port}/", follow_redirects=True
    ).failure

    assert failure.type == "AddressRefused", failure
    assert failure.message.startswith(told)
    assert len(web.asked) == 1


def test_a_redirect_to_another_scheme_is_refused(attempt: "Try", web: WebServer) -> None:
    web.answer("/", 302, Location="file:///etc/passwd")
    workflow = http_workflow(HostRules(allow_private=True))

    failure = attempt(workflow, url=web.url, follow_redirects=True).failure

    assert failure.type == "NonHttpUrlRedirectClientError"


def test_a_redirect_to_a_host_that_is_not_allowed_is_refused(
    attempt: "Try", web: WebServer
) -> None:
    web.answer("/", 302, Location=f"http://localhost:{web.port}/")
    workflow = http_workflow(HostRules(("127.0.0.1",), allow_private=True))

    failure = attempt(workflow, url=web.url, follow_redirects=True).failure

    assert failure.type == "AddressRefused"
    assert failure.message == (
        "the host 'localhost' is not among the allowed ones (--http-allow-host)"
    )
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    ("allowed", "url", "passes"),
    [
        ((), "http://any.example/", True),
        (("example.org",), "http://EXAMPLE.org./", True),
        (("example.org",), "http://www.example.org/", False),
        (("example.org",), "http://example.org.evil.example/", False),
        (("example.org",), "http://evil.example/?example.org", False),
        ((".example.org",), "http://www.example.org/", True),
        ((".example.org",), "http://example.org/", False),
        ((".example.org",), "http://notexample.org/", False),
        (("other", "xn--bcher-kva.example"), "https://bücher.example/", True),
        (("::1",), "http://[0::1]/", True),
        (("127.0.0.1",), "http://2130706433/", False),
    ],
)
def test_a_list_of_allowed_hosts_leaves_out_all_others(
    allowed: tuple[str, ...], url: str, passes: bool
) -> None:
    rules = HostRules(allowed)

    assert (rules.refusal(URL(url)) is None) is passes
    assert (http_workflow(rules).check_params({"url": url}) == []) is passes


@pytest.mark.parametrize(
    "text", ["", ".", "*.example.org", "http://x", "a/b", "a:80", "a..b", "a b"]
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no host"):
        checked_host(text)
