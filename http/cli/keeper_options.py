"""Options of the commands that work on the database itself, or have the server do it that has it open."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from quarterjack.runtime import DatabaseError
from quarterjack.storage import DatabaseInUse, InvalidInput, NotFound

from ..client import Client
from .connection import client_of, told
from .failure import ClientError
from .options import DEFAULT_PORT, config_option, option

Command = Callable[..., Any]


def keeper_options(
    in_file: Callable[[str], Any], at_server: Callable[[Client], Any]
) -> Callable[[Command], Command]:
    """`--database`, or `--url` and `--token`: the command is given a `keeper`, made by one of these."""

    def with_options(command: Command) -> Command:
        @option(
            "--database", default="sqlite:///quarterjack.db", metavar="URL", help="sqlite:///FILE"
        )
        @click.option(
            "--url", metavar="URL", help="Ask the server there instead, which is running."
        )
        @option("--token", help="For --url, of an admin; better in the environment.")
        @config_option
        @functools.wraps(command)
        def with_keeper(*, database: str, url: str | None, token: str | None, **rest: Any) -> Any:
            if url is None:
                return command(keeper=in_file(database), **rest)
            with client_of(url, token) as client, told():
                return command(keeper=at_server(client), **rest)

        return with_keeper

    return with_options


@contextmanager
def explained() -> Iterator[None]:
    """What is wrong with the file as `ClientError`, with what the user can do about it."""
    try:
        yield
    except DatabaseInUse as error:
        instead = f"--url http://127.0.0.1:{DEFAULT_PORT}, with the token of an admin as --token"
        raise ClientError(f"{error} Or have a running server do it: {instead}.") from None
    except (DatabaseError, InvalidInput, NotFound) as error:
        raise ClientError(str(error)) from None
