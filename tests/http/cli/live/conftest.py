"""A server with workflows that can be followed, and a command line for it."""

from collections.abc import Iterator

import pytest
from gate import Gate
from rest_client import RestClient
from site_server import Site
from steered_workflows import steered_workflows


@pytest.fixture
def gate() -> Gate:
    """Holds up the workflows `counts` and `many`."""
    return Gate()


@pytest.fixture
def rest(gate: Gate) -> Iterator[RestClient]:
    """Of a server with those workflows."""
    with Site(steered_workflows(gate)) as served:
        try:
            yield served.client
        finally:
            gate.open()
