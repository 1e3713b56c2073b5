"""`quarterjack executions`: what has run and runs; of one, its steps, and why it failed."""

from datetime import datetime
from typing import Final

import click
from rich.text import Text

from quarterjack.actors.engine import wall_clock
from quarterjack.storage import ExecutionStatus, ScheduleId, WorkflowId
from quarterjack.storage.queries import ExecutionFilter

from ...client import Client
from ...shapes.executions import Execution
from ..help_text import examples
from ..names import execution_id, schedule_id, workflow_id
from ..options import option
from ..server_options import server_options
from ..step_states import EXECUTIONS, span
from ..step_words import error_words
from ..typed_names import ExecutionType, ScheduleType, WorkflowType
from .execution_detail import error_texts, execution_lines
from .execution_follow import follow_execution
from .fitted_table import Column, Shrink, table
from .listing import Wanted, dumped, limit_options
from .marks import words
from .moments import MomentType, local, relative
from .schedule_names import names_of
from .screen import safe, screen

_COLUMNS: Final = (
    Column("STATUS", 1, least=1, shrink=Shrink.BEGIN),
    Column("QUEUED", 3),
    Column("TOOK", 4, is_right=True),
    Column("SCHEDULE", 2, least=10, shrink=Shrink.CUT),
    Column("WORKFLOW", 6, least=8, shrink=Shrink.CUT),
    Column("TRIGGER", 7),
    Column("ID", 2, least=12, shrink=Shrink.BEGIN),
    Column("ERROR", 5, least=12, shrink=Shrink.CUT),
)


@click.command(
    epilog=examples(
        "quarterjack executions --status failed --since 24h",
        "quarterjack executions --schedule nightly --limit 5",
        "quarterjack executions last --schedule nightly",
        "quarterjack executions exe_4k2m8n1p --follow",
        "quarterjack executions --all --json",
    )
)
@click.argument("execution", type=ExecutionType(), required=False)
@option("--schedule", type=ScheduleType(), help="Only of the schedule of this name or id.")
@option("--workflow", type=WorkflowType(), help="Only of this workflow.")
@option(
    "--status",
    type=click.Choice([each.value for each in ExecutionStatus], case_sensitive=False),
    help="Only those with this status.",
)
@option("--since", type=MomentType(), help="Queued then or later: 2h ago, or an instant.")
@option("--until", type=MomentType(), help="Queued before.")
@option("--follow", is_flag=True, help="Of one: show it as it goes on, until it has ended.")
@limit_options
@server_options
def executions(
    client: Client,
    execution: str | None,
    schedule: str | None,
    workflow: str | None,
    status: str | None,
    since: datetime | None,
    until: datetime | None,
    follow: bool,
    limit: int | None,
    everything: bool,
    as_json: bool,
) -> None:
    """List executions, the newest first; with EXECUTION, show that one.

    EXECUTION is an id, the first 8 characters of one or more, or `last`: the newest, of those that
    the options say. Shown of it are its steps with their state, tries and durations, what they wait
    for, its result, and errors with their traceback; `quarterjack logs` has what they wrote.
    """
    wanted = ExecutionFilter(
        None if status is None else ExecutionStatus(status),
        None if workflow is None else WorkflowId(workflow_id(client, workflow)),
        None if schedule is None else ScheduleId(schedule_id(client, schedule)),
        since,
        until,
    )
    if execution is not None:
        key = execution_id(client, execution, wanted)
        _show(client, key, does_follow=follow, as_json=as_json)
        return
    if follow:
        raise click.UsageError("--follow is for one execution; name it, or say last")
    listed = Wanted.of(
        lambda page: client.list_executions(wanted, page),
        limit=limit,
        everything=everything,
        as_json=as_json,
    )
    if as_json:
        listed.print_json()
    else:
        _print_list(client, listed)


def _print_list(client: Client, listed: Wanted[Execution]) -> None:
    found, has_more = listed.read()
    if not found:
        click.echo("no executions", err=True)
        return
    names = names_of(client, (each.schedule_id for each in found))
    there, now = screen(), wall_clock()
    rows = [_row(each, names, None if there.width is None else now) for each in found]
    there.print(table(_COLUMNS, rows, there.width))
    if has_more:
        click.echo(f"the newest {len(found):,} only; --limit or --all lists more", err=True)


def _row(found: Execution, names: dict[str, str], now: datetime | None) -> tuple[Text, ...]:
    schedule = found.schedule_id
    queued = local(found.queued_at) if now is None else relative(found.queued_at, now)
    return (
        words(EXECUTIONS[found.status]),
        Text(queued),
        Text("" if found.duration is None else span(found.duration)),
        Text() if schedule is None else safe(names.get(schedule, schedule)),
        safe(found.workflow_id, "dim" if schedule else ""),
        Text(found.trigger.value, "dim"),
        safe(found.id, "dim"),
        Text(error_words(found.error), "red"),
    )


def _show(client: Client, key: str, *, does_follow: bool, as_json: bool) -> None:
    there = screen()
    if does_follow and not as_json:
        follow_execution(client, key, there)
        return
    found = client.wait_for(key).get() if does_follow else client.get_execution(key).get()
    if as_json:
        click.echo(dumped(found))
        return
    schedule = found.schedule_id or ""
    name = names_of(client, [found.schedule_id]).get(schedule, schedule)
    there.print(execution_lines(found, name, wall_clock(), there.width))
    for text in error_texts(found):
        there.print_folded(text)
