"""The command `quarterjack` and its subcommands."""

import click

from .command_table import TABLE
from .lazy_group import LazyGroup


@click.group(
    cls=LazyGroup,
    sections=TABLE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="quarterjack", prog_name="quarterjack")
def main() -> None:
    """Dependable cron and multi-step workflows in one process."""
