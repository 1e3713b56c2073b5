"""Commands that show something, on terminals of several widths and through pipes."""

from collections.abc import Callable

import pytest
from command_line import CommandLine
from pseudo_terminal import PseudoTerminal
from rest_client import RestClient

OnTerminal = Callable[[int], PseudoTerminal]


@pytest.fixture
def cli(client: RestClient) -> CommandLine:
    """Through pipes."""
    return CommandLine(client.url)


@pytest.fixture
def on_terminal(client: RestClient) -> OnTerminal:
    """On a terminal that has so many columns."""
    return lambda columns: PseudoTerminal(client.url, columns)
