"""The client that commands have of a running server; its errors reach the user as a line with an exit code.

Nothing is retried: who types a command sees at once why it failed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from quarterjack.storage import InvalidInput, NotFound, QuarterjackError

from ..client import (
    Client,
    Forbidden,
    NoServer,
    NotAQuarterjackServer,
    Refused,
    ServerUnreachable,
    Unauthorized,
)
from .exit_codes import ExitCode
from .failure import ClientError


def client_of(
    url: str, token: str | None, *, ca: Path | None = None, verify: bool = True, **options: Any
) -> Client:
    """A client of the server there. Raises `click.UsageError` for what is no address."""
    try:
        return Client(url, token=token, retries=0, ca=ca, verify=verify, **options)
    except InvalidInput as error:
        raise click.UsageError(f"--url {url}: {error.errors[0].msg}") from None
    except OSError as error:  # also what OpenSSL can't read
        raise click.UsageError(f"--ca {ca}: {error.strerror or error}") from None


@contextmanager
def told() -> Iterator[None]:
    """What a client raises as `ClientError`, with what the user can do about it."""
    try:
        yield
    except QuarterjackError as error:
        raise ClientError(_sentence(error), _code(error)) from None


def _code(error: QuarterjackError) -> ExitCode:
    match error:
        case ServerUnreachable() | NotAQuarterjackServer():
            return ExitCode.NO_SERVER
        case Unauthorized() | Forbidden():
            return ExitCode.NOT_ALLOWED
        case NotFound():
            return ExitCode.NOT_FOUND
    return ExitCode.FAILED


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
