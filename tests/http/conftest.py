"""A server in this process, with workflows that the test can hold up and let go."""

from collections.abc import Iterator

import pytest
from gate import Gate
from rest_client import RestClient
from site_server import Site

from quarterjack.runtime import Workflow


def _workflows(gate: Gate) -> list[Workflow]:
    echo = Workflow("echo", description="Gives back what it gets.")

    @echo.step
    def say(text: str = "hello") -> str:
        return text

    @echo.step
    def shout(say: str) -> str:
        return say.upper()

    gated = Workflow("gated", max_concurrency=50, rate_limit="1000/s")

    @gated.step
    def hold() -> None:
        gate.wait()

    talks = Workflow("talks")

    @talks.step(map={"word": "words"})
    def talk(word: str) -> None:
        print(word)
        gate.wait()

    asks = Workflow("asks")

    @asks.step
    def prepare(order: str) -> str:
        return order

    asks.wait_for_event("approved", key="prepare")

    @asks.step
    def ship(approved: str) -> str:
        if approved == "broken":
            raise LookupError("nothing to ship")
        return approved

    fails = Workflow("fails")

    @fails.step
    def fail() -> None:
        raise LookupError("nothing there")

    return [echo, gated, talks, asks, fails]


@pytest.fixture
def gate() -> Iterator[Gate]:
    found = Gate()
    yield found
    found.open()


@pytest.fixture
def site(gate: Gate) -> Iterator[Site]:
    """The server; its gate is open when it is closed."""
    with Site(_workflows(gate)) as served:
        yield served
        gate.open()


@pytest.fixture
def client(site: Site) -> RestClient:
    """A client of the server."""
    return site.client
