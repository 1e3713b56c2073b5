"""The client that commands have of a running server; its errors reach the user as one line, exit code 1.

Nothing is retried: who types a command sees at once why it failed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from quarterjack.storage import InvalidInput, QuarterjackError

from ..client import (
    Client,
    NoServer,
    NotAQuarterjackServer,
    Refused,
    ServerUnreachable,
    Unauthorized,
)
from .terminal_text import shown


class ClientError(click.ClickException):
    """What the user asked for was not done; the message says why."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        told = "\n".join(map(shown, self.message.split("\n")))
        click.echo(f"quarterjack: {told}", err=True, file=file)


def client_of(url: str, token: str | None) -> Client:
    """A client of the server there. Raises `click.UsageError` for what is no address."""
    try:
        return Client(url, token=token, retries=0)
    except InvalidInput as error:
        raise click.UsageError(f"--url {url}: {error.errors[0].msg}") from None


@contextmanager
def told() -> Iterator[None]:
    """What a client raises as `ClientError`, with what the user can do about it."""
    try:
        yield
    except QuarterjackError as error:
        raise ClientError(_sentence(error)) from None


def _sentence(error: QuarterjackError) -> str:
    match error:
        case NoServer():
            return f"{error}; start one with `quarterjack serve`, or say where it is with --url"
        case NotAQuarterjackServer():
            return f"{error}; see --url"
        case ServerUnreachable(sent=False):
            return f"{error.url}: {error.reason}; see --url"
        case Refused():
            hint = " Give a token with --token or QUARTERJACK_TOKEN."
            more = hint if isinstance(error, Unauthorized) else ""
            return " ".join(f"{error.title}: {error.detail}{more}".split())
    return str(error)
