"""A client of the server in this process."""

from collections.abc import Iterator

import pytest
from site_server import Site

from quarterjack.http import Client


@pytest.fixture
def remote(site: Site) -> Iterator[Client]:
    """It is closed before the server is."""
    with Client(site.client.url) as found:
        yield found
