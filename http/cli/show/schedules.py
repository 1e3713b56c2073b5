"""`quarterjack schedules`: what fires, when, and how it went; of one, all that is known of it."""

from typing import Any, Final

import click

from quarterjack.actors.engine import wall_clock
from quarterjack.storage import ScheduleId, ScheduleStatus, WorkflowId
from quarterjack.storage.schedule_summaries import SummaryFilter, SummaryOrder
from quarterjack.storage.standing import Concern

from ...client import Client
from ...shapes.summaries import ScheduleSummary
from ..help_text import examples
from ..names import schedule_id, workflow_id
from ..options import option
from ..server_options import server_options
from ..typed_names import ScheduleType, WorkflowType
from .fitted_table import table
from .listing import Wanted, dumped, limit_options
from .schedule_detail import Known, error_texts, schedule_lines
from .schedule_row import COLUMNS, row
from .screen import screen

_NEXT_TIMES: Final = 5


@click.command(
    epilog=examples(
        "quarterjack schedules",
        "quarterjack schedules --status paused --workflow daily-report",
        "quarterjack schedules --late",
        "quarterjack schedules --search report --sort next",
        "quarterjack schedules 'Nightly report'",
        "quarterjack schedules --json",
    )
)
@click.argument("schedule", type=ScheduleType(), required=False)
@option(
    "--status",
    type=click.Choice([each.value for each in ScheduleStatus], case_sensitive=False),
    help="Only those with this status.",
)
@option("--workflow", type=WorkflowType(), help="Only of this workflow.")
@option("--search", metavar="TEXT", help="Only with this in name, id or description.")
@option(
    "--attention",
    type=click.Choice([each.value for each in Concern]),
    help="Only those that are overdue, fail again and again, lose runs, or are in quarantine.",
)
@option("--late", is_flag=True, help="The same as --attention late.")
@option(
    "--sort",
    type=click.Choice([each.value for each in SummaryOrder]),
    default="created",
    help="In which order.",
)
@limit_options
@server_options
def schedules(
    client: Client,
    schedule: str | None,
    limit: int | None,
    everything: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """List schedules; with SCHEDULE, show that one.

    SCHEDULE is an id, a name, or the beginning of a name if no other begins so. The list tells of
    each when it fires next, how its newest runs ended (the last to the right), and what is wrong
    with it. Of one are shown its status, its rule in words, its next times, its newest runs, its
    figures, and its last error. With --json the list is that of /api/schedules/summaries, and one
    is as /api/schedules/{id}/status.
    """
    if schedule is not None:
        _show(client, schedule_id(client, schedule), as_json=as_json)
        return
    wanted = _filter(client, **given)
    listed = Wanted.of(
        lambda page: client.list_schedule_summaries(wanted, page),
        limit=limit,
        everything=everything,
        as_json=as_json,
    )
    if as_json:
        listed.print_json()
    else:
        _print_list(listed)


def _filter(
    client: Client,
    *,
    status: str | None,
    workflow: str | None,
    search: str | None,
    attention: str | None,
    late: bool,
    sort: str,
) -> SummaryFilter:
    if late and attention not in (None, "late"):
        raise click.UsageError(f"--late and --attention {attention} exclude each other")
    concern = Concern.LATE if late else None if attention is None else Concern(attention)
    return SummaryFilter(
        status=None if status is None else ScheduleStatus(status),
        workflow_id=None if workflow is None else WorkflowId(workflow_id(client, workflow)),
        text=search or "",
        concern=concern,
        order=SummaryOrder(sort),
    )


def _print_list(listed: Wanted[ScheduleSummary]) -> None:
    found, has_more = listed.read()
    if not found:
        click.echo("no schedules", err=True)
        return
    there, now = screen(), wall_clock()
    rows = [row(each, None if there.width is None else now) for each in found]
    there.print(table(COLUMNS, rows, there.width))
    if has_more:
        click.echo(f"the first {len(found):,} only; --limit or --all lists more", err=True)


def _show(client: Client, key: str, *, as_json: bool) -> None:
    asked = client.get_schedule_workflow_status(key)
    if as_json:
        click.echo(dumped(asked.get()))
        return
    definition, coming = client.get_schedule(key), client.upcoming(key, _NEXT_TIMES)
    listed = client.list_schedule_summaries(SummaryFilter(ids=[ScheduleId(key)]))
    summary = next(iter(listed.get().items), None)
    known = Known(definition.get(), asked.get(), summary, coming.get())
    there = screen()
    there.print(schedule_lines(known, wall_clock(), there.width))
    for text in error_texts(known):
        there.print_folded(text)
