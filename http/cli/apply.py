"""`quarterjack apply`: makes the server's schedules as files say, after showing the difference."""

import sys
from pathlib import Path
from socket import gethostname
from typing import Any, Final

import click

from .. import json_text
from ..client import Client
from .failure import ClientError
from .help_text import examples
from .options import json_option, option
from .plan_view import plan_form, plan_lines, plan_notes, plan_summary
from .planned_import import carry_out, fail_for, planned
from .schedule_files import SUFFIXES, files_in, read_schedules
from .schedule_plan import SchedulePlan, Wish
from .server_options import client_options

SOMETHING_TO_DO: Final = 3
"""The exit code of a dry run that found a difference."""


@click.command(
    epilog=examples(
        "quarterjack apply schedules/ --dry-run",
        "quarterjack apply schedules/ --prune --yes",
        "quarterjack apply nightly.toml --json",
    )
)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--prune", is_flag=True, help="Delete what an earlier apply made and no file has now."
)
@click.option(
    "--dry-run", is_flag=True, help="Only show it; ends with 3 if there is something to do."
)
@option("--yes", is_flag=True, help="Do not ask on the terminal.")
@click.option(
    "--take-over", is_flag=True, help="Change schedules of another origin, and keep them."
)
@option("--origin", help="By which --prune knows them again; by default this machine and the path.")
@json_option
@client_options
def apply(
    client: Client,
    path: Path,
    prune: bool,
    dry_run: bool,
    yes: bool,
    take_over: bool,
    origin: str | None,
    as_json: bool,
) -> None:
    """Make the schedules of TOML or JSON files so: create and change them, and with --prune delete.

    PATH is a file, or a folder with all in it. The difference is shown first. Schedules that are
    made get the mark `metadata.appliedFrom`.
    """
    if not files_in(path):
        raise ClientError(f"{path} has no {' or '.join(SUFFIXES)} files")
    wanted, problems = read_schedules(path)
    fail_for(problems)
    known_as = origin or f"{gethostname()}:{path.resolve()}"
    plan = planned(client, [Wish(known_as, wanted, prune, take_over)])
    fail_for(plan.problems)
    if not as_json:
        for line in plan_lines(plan):
            click.echo(line)
    if dry_run:
        _told(plan, as_json, done=None)
        sys.exit(SOMETHING_TO_DO if plan else 0)
    asks = bool(plan) and not yes and sys.stdin.isatty()
    if asks and not click.confirm("Make these changes?", err=True):
        raise ClientError("nothing was changed")
    _told(plan, as_json, done=str(carry_out(client, plan)))


def _told(plan: SchedulePlan, as_json: bool, *, done: str | None) -> None:
    if as_json:
        form: dict[str, Any] = {**plan_form(plan), "done": done is not None}
        click.echo(json_text.dump(form))
    elif done is not None:
        click.echo(done)
    else:
        click.echo(plan_summary(plan))
    for note in plan_notes(plan):
        click.echo(note, err=True)
