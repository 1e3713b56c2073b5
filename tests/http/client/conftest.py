"""A client of the server in this process."""

from collections.abc import Iterator

import pytest
from site_server import Site
from tcp_proxy import TcpProxy

from quarterjack.http import Client


@pytest.fixture
def remote(site: Site) -> Iterator[Client]:
    """It is closed before the server is."""
    with Client(site.client.url) as found:
        yield found


@pytest.fixture
def proxy(site: Site) -> Iterator[TcpProxy]:
    """Between a client and that server."""
    with TcpProxy(site.client.url) as found:
        yield found


@pytest.fixture
def shaky(proxy: TcpProxy) -> Iterator[Client]:
    """A client whose connections can be cut."""
    with Client(proxy.url) as found:
        yield found
