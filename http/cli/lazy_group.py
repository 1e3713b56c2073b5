"""A group of commands that are loaded one by one, when they are called: its own help needs none of them."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from .command_table import Row
from .loading import loading


class LazyGroup(click.Group):
    """Has the commands of a table; `sections` are its headings with their rows."""

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[Row]] = {}, **more: Any) -> None:
        super().__init__(*args, **more)
        self._sections = sections
        self._rows = {row.name: row for rows in sections.values() for row in rows}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self._rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        row = self._rows.get(cmd_name)
        if row is None:
            return None
        module, _, attribute = row.place.partition(":")
        with loading():
            found = getattr(import_module(f".{module}", __package__), attribute)
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = get_close_matches(args[0], self._rows) if args else []
        if near and args[0] not in self._rows and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {' or '.join(near)}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for heading, rows in self._sections.items():
            with formatter.section(heading):
                formatter.write_dl([(row.name, row.help) for row in rows])
