"""How a server binds, and how it ends when its root supervisor gives up."""

import asyncio
import socket

import pytest
from rest_client import RestClient

from quarterjack.http.errors import BadOption
from quarterjack.http.server import ExitCode, bind, check_host, serve, url_of
from quarterjack.http.settings import HttpSettings
from quarterjack.runtime import Runtime


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("localhost", None), ("::1", "[::1]")]
)
def test_a_free_port_is_picked_and_told(host: str, shown: str | None) -> None:
    try:
        listener = bind(host, 0)
    except BadOption:
        pytest.skip(f"this machine has no {host}")
    with listener:
        port = listener.getsockname()[1]
        assert url_of(listener).endswith(f":{port}")
        assert shown is None or url_of(listener) == f"http://{shown}:{port}"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_without_tokens_only_loopback_addresses_are_listened_on(host: str) -> None:
    with pytest.raises(BadOption, match="loopback addresses only"):
        check_host(Runtime(), HttpSettings.of(host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1"])
def test_loopback_addresses_need_no_token(host: str) -> None:
    check_host(Runtime(), HttpSettings.of(host=host))


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(BadOption, match=r"can't listen on 192\.0\.2\.1"):
        bind("192.0.2.1", 0)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadOption, match=str(port)):
            bind("127.0.0.1", port)


def test_when_the_root_gives_up_the_server_ends_with_70() -> None:
    runtime = Runtime()
    answered: list[int] = []

    async def ready(url: str) -> None:
        answered.append((await asyncio.to_thread(RestClient(url).get, "/readyz")).status)
        assembly = runtime._assembly
        assert assembly is not None
        ticker = assembly.system.find("quarterjack/ticker")
        assert ticker is not None
        while runtime.readiness().ready:
            if ticker.cell.actor is not None:
                ticker.cell.fail(RuntimeError("for a test"))
            await asyncio.sleep(0.01)

    async def served() -> ExitCode:
        return await serve(runtime, bind("127.0.0.1", 0), ready)

    assert asyncio.run(served()) is ExitCode.SOFTWARE
    assert answered == [200]
    assert not runtime.readiness().ready
