"""The command `quarterjack` and its subcommands."""

import click

from .apply import apply
from .demo import demo
from .import_crontab import import_crontab
from .maintenance import backup, check, prune
from .next_times import next_command
from .openapi import openapi
from .secret_key import secret_key
from .serve import serve
from .tokens import token
from .transfer import export_schedules, import_schedules


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="quarterjack", prog_name="quarterjack")
def main() -> None:
    """Dependable cron and multi-step workflows in one process."""


for command in (
    serve,
    demo,
    next_command,
    import_crontab,
    apply,
    export_schedules,
    import_schedules,
    openapi,
    token,
    secret_key,
    backup,
    check,
    prune,
):
    main.add_command(command)
