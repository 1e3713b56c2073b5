"""The command line against a server in this process."""

import socket
from collections.abc import Iterator

import pytest
from command_line import CommandLine
from rest_client import RestClient
from site_server import Site

from quarterjack.runtime import Workflow


def echo() -> Workflow:
    """A workflow of the test's."""
    found = Workflow("echo")

    @found.step
    def say(text: str = "hello") -> str:
        return text

    return found


@pytest.fixture
def rest() -> Iterator[RestClient]:
    """Of a server that has the command workflow, too."""
    with Site([echo()], builtins=["command"]) as served:
        yield served.client


@pytest.fixture
def cli(rest: RestClient) -> CommandLine:
    """The command line as a client of that server."""
    return CommandLine(rest.url)


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
