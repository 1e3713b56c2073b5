"""The options that commands share: each also as `QUARTERJACK_<OPTION>`, and in a TOML file."""

import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from quarterjack.storage.durations import parse_duration

Command = TypeVar("Command", bound=Callable[..., Any])
DEFAULT_PORT: Final = 8321
_PREFIX: Final = "QUARTERJACK_"


class DurationType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """Text such as `30s` or `PT5M`, or seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def option(name: str, *more: str, **attributes: Any) -> Callable[[Command], Command]:
    """An option that can also be set by its environment variable; `more` names it otherwise."""
    variable = _PREFIX + name.partition("/")[0].removeprefix("--").replace("-", "_").upper()
    return click.option(
        name, *more, envvar=variable, show_envvar=True, show_default=True, **attributes
    )


def json_option(command: Command) -> Command:
    """`--json`: for programs, instead of what people read."""
    return option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def config_option(command: Command) -> Command:
    """`--config FILE`: a TOML file with values for the command's other options."""
    return click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        envvar=_PREFIX + "CONFIG",
        show_envvar=True,
        is_eager=True,
        expose_value=False,
        callback=_read_config,
        help="A TOML file with values for the options here, by their names.",
    )(command)


def _read_config(ctx: click.Context, param: click.Parameter, path: Path | None) -> None:
    if path is None:
        return
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"{path}: {error}", ctx, param) from None
    options = {each.name: each for each in ctx.command.params if isinstance(each, click.Option)}
    known = options.keys() - {"config", "help"}
    for name, value in found.items():
        if name.replace("-", "_") not in known:
            names = ", ".join(sorted(filter(None, known)))
            raise click.BadParameter(f"{path}: no option {name!r}; there are: {names}", ctx, param)
        if isinstance(value, dict):
            raise click.BadParameter(f"{path}: {name} is a table, not a value", ctx, param)
        if options[name.replace("-", "_")].multiple and not isinstance(value, list):
            found[name] = [value]
    ctx.default_map = {name.replace("-", "_"): value for name, value in found.items()}
