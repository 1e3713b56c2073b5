"""What each command has that asks a server: where it is, who asks, and whether programs read the answer.

    @click.command()
    @click.argument("name")
    @server_options
    def show(client: Client, name: str, as_json: bool) -> None: ...

The client is made when the command begins, and closed at its end; whatever it raises becomes a line on
standard error and an exit code. Nothing of the client is loaded before.
"""

import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from .exit_codes import ExitCode
from .loading import loading
from .options import DEFAULT_PORT, config_option, json_option, option

if TYPE_CHECKING:
    from ..client import Client

DEFAULT_URL: Final = f"http://127.0.0.1:{DEFAULT_PORT}"


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`client_options`, and `--json`: the command is given a `client` and `as_json`."""
    return json_option(client_options(command))


def client_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--url`, `--token`, `--ca` and `--insecure`: the command is given a `client` of the server there."""

    @option("--url", default=DEFAULT_URL, help="Where the server is.", metavar="URL")
    @option("--token", help="For a server that wants one; better in the environment.")
    @option(
        "--ca",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Certificates to believe (PEM), for https; by default those that the system knows.",
    )
    @option("--insecure", is_flag=True, help="Believe any certificate, whoever may have made it.")
    @config_option
    @functools.wraps(command)
    def with_client(
        *, url: str, token: str | None, ca: Path | None, insecure: bool, **rest: Any
    ) -> Any:
        with loading():
            from .connection import client_of, told
        try:
            with client_of(url, token, ca=ca, verify=not insecure) as client, told():
                return command(client=client, **rest)
        except KeyboardInterrupt:
            sys.exit(ExitCode.INTERRUPTED)

    return with_client


def quick_client(given: Mapping[str, Any], seconds: float) -> "Client":
    """For what is asked while somebody types: of the server that the options so far say."""
    from .connection import client_of

    return client_of(
        given.get("url") or DEFAULT_URL,
        given.get("token"),
        ca=given.get("ca"),
        verify=not given.get("insecure"),
        timeout=seconds,
    )
