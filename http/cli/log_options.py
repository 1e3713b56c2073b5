"""The options of a command that writes a log: they set it up before the command begins."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, TypeVar, get_args

import click

from quarterjack.runtime import logs

from .options import option

Result = TypeVar("Result")


def log_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command `--log-format`, `--log-level` and `--access-log`; it does not see them."""

    @option(
        "--log-format",
        default="text",
        type=click.Choice(list(logs.FORMATS)),
        help="Lines for people, or a JSON object a line.",
    )
    @option(
        "--log-level",
        default="info",
        type=click.Choice(get_args(logs.Level)),
        help="From which level on records are written.",
    )
    @option("--access-log", is_flag=True, help="Write a line for each request, too.")
    @wraps(command)
    def with_log(
        log_format: Literal["text", "json"], log_level: logs.Level, access_log: bool, **rest: Any
    ) -> Result:
        logs.set_up(log_format, log_level, access=access_log)
        return command(**rest)

    return with_log
