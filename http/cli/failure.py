"""How a command says that it failed: on standard error, and by its exit code."""

from typing import Any

import click

from .exit_codes import ExitCode
from .terminal_text import shown


class ClientError(click.ClickException):
    """What the user asked for was not done; the message says why."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.exit_code = int(code)  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: Any = None) -> None:
        told = "\n".join(map(shown, self.message.split("\n")))
        click.echo(f"quarterjack: {told}", err=True, file=file)
