"""The command `quarterjack` and its subcommands."""

import click

from .demo import demo
from .serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="quarterjack", prog_name="quarterjack")
def main() -> None:
    """Dependable cron and multi-step workflows in one process."""


main.add_command(serve)
main.add_command(demo)
