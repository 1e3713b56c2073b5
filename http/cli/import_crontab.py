"""`quarterjack import-crontab`: the jobs of crontabs as schedules of the built-in command workflow.

All or nothing: if any line of any file is wrong, each wrong line is named, and nothing is sent.
"""

import getpass
import pwd
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from quarterjack.actors.engine.clock import wall_clock
from quarterjack.runtime.builtin.names import COMMAND
from quarterjack.storage import NotFound, Overlap
from quarterjack.storage.durations import format_duration

from .. import json_text
from ..client import Client
from .connection import told
from .crontab_drafts import CrontabTerms, DraftedCrontab, drafted
from .crontab_file import LARGEST, Crontab, read_crontab
from .crontab_view import crontabs_form, notes, print_crontabs
from .failure import ClientError
from .help_text import examples
from .options import DurationType, json_option, option
from .plan_view import plan_notes
from .planned_import import Outcome, carry_out, fail_for, planned
from .schedule_files import FileProblem
from .schedule_plan import SchedulePlan, Wish
from .server_options import client_options
from .zones import ZoneType, local_zone

_SYSTEM_FILE: Final = Path("/etc/crontab")
_SYSTEM_FOLDER: Final = Path("/etc/cron.d")
_STANDARD_INPUT: Final = "-"


@click.command(
    name="import-crontab",
    epilog=examples(
        "quarterjack import-crontab /etc/crontab /etc/cron.d/php --dry-run",
        "crontab -l | quarterjack import-crontab - --timezone Europe/Paris",
    ),
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@option(
    "--system/--user",
    "system",
    default=None,
    help="Whether lines name a user; by default in /etc/crontab and /etc/cron.d only.",
)
@option("--timezone", type=ZoneType(), help="Of jobs without CRON_TZ; by default this machine's.")
@option("--timeout", default="1d", type=DurationType(), help="For each run of a job.")
@option(
    "--overlap",
    type=click.Choice([each.value for each in Overlap]),
    help="If a run is due while one still runs.",
)
@option("--cwd", metavar="FOLDER", help="Where jobs run that set no HOME.")
@option("--origin", help="By which FILE is known again; by default its path.")
@option("--prune", is_flag=True, help="Delete what an earlier import made and FILE has no more.")
@option("--dry-run", is_flag=True, help="Only show what would come; works without a server, too.")
@json_option
@client_options
def import_crontab(
    client: Client,
    files: tuple[str, ...],
    system: bool | None,
    timezone: ZoneInfo | None,
    timeout: timedelta,
    overlap: str | None,
    cwd: str | None,
    origin: str | None,
    prune: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a schedule of each job in crontabs, run by the built-in command workflow.

    FILE is /etc/crontab, a file of /etc/cron.d, or what `crontab -l` prints (`-` is standard input).
    Importing it again changes what has changed.
    """
    if origin is not None and len(files) > 1:
        raise click.UsageError("--origin names one file; import the others by themselves")
    zone = (timezone or local_zone()).key
    crontabs: list[DraftedCrontab] = []
    problems: list[FileProblem] = []
    for file in dict.fromkeys(files):
        crontab = _read(file, system)
        problems += _problems(file, crontab, system)
        terms = CrontabTerms(origin or _name_of(file), zone, format_duration(timeout), overlap, cwd)
        crontabs.append(drafted(file, crontab, terms))
    if problems and as_json:
        click.echo(json_text.dump({"errors": [each._asdict() for each in problems]}))
    fail_for(problems)
    wishes = [Wish(f"crontab:{each.name}", each.schedules, prune) for each in crontabs]
    plan = _rehearsed(client, wishes) if dry_run else _planned(client, wishes)
    if plan is not None:
        fail_for(plan.problems)
    done = None if dry_run or plan is None else carry_out(client, plan)
    _tell(crontabs, plan, done, as_json=as_json)


def _read(file: str, system: bool | None) -> Crontab:
    try:
        if file == _STANDARD_INPUT:
            raw = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(file).open("rb") as opened:
                raw = opened.read(LARGEST + 1)
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror or error}", param_hint="FILE") from None
    return read_crontab(raw, system=_is_system(file) if system is None else system)


def _is_system(file: str) -> bool:
    path = Path(file).resolve()
    return path == _SYSTEM_FILE or path.parent == _SYSTEM_FOLDER


def _name_of(file: str) -> str:
    return (
        f"crontab of {getpass.getuser()}" if file == _STANDARD_INPUT else str(Path(file).resolve())
    )


def _problems(file: str, crontab: Crontab, system: bool | None) -> Iterator[FileProblem]:
    for problem in crontab.problems:
        yield FileProblem(f"{file}: line {problem.line}", problem.message)
    first_words = {job.shell.split()[0] for job in crontab.jobs if job.user is None}
    if system is None and first_words and all(map(_is_user, first_words)):
        told = "each command begins with the name of a user: say --system, or else --user"
        yield FileProblem(file, told)


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _planned(client: Client, wishes: Sequence[Wish]) -> SchedulePlan:
    """What there is to do. Raises `ClientError` if the server runs no commands."""
    try:
        client.get_workflow(COMMAND).get()
    except NotFound:
        raise ClientError(
            f"the server at {client.url} has {COMMAND} switched off, which runs the jobs; "
            "start it with `quarterjack serve --builtin command`"
        ) from None
    return planned(client, wishes)


def _rehearsed(client: Client, wishes: Sequence[Wish]) -> SchedulePlan | None:
    try:
        with told():
            return _planned(client, wishes)
    except ClientError as error:
        click.echo(f"not compared with a server: {error.message}", err=True)
        return None


def _tell(
    crontabs: Sequence[DraftedCrontab],
    plan: SchedulePlan | None,
    done: Outcome | None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        form = crontabs_form(crontabs, plan, wall_clock())
        click.echo(json_text.dump({**form, "done": done is not None}))
        return
    if done is None:
        print_crontabs(crontabs, plan, wall_clock())
    else:
        click.echo(str(done))
    for note in (*notes(crontabs), *([] if plan is None else plan_notes(plan))):
        click.echo(note, err=True)
    if done is not None and done.created:
        told = "cron goes on with its own copy of these jobs: take them out there when these work"
        click.echo(told, err=True)
