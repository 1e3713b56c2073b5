"""The command `quarterjack` and its subcommands."""

import os

import click

from .command_table import TABLE
from .completion import COMPLETE
from .lazy_group import LazyGroup


@click.group(
    cls=LazyGroup,
    sections=TABLE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="quarterjack", prog_name="quarterjack")
def main() -> None:
    """Dependable cron and multi-step workflows in one process."""


if COMPLETE in os.environ:
    from .bash_completion import register

    register()
