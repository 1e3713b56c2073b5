"""`quarterjack workflows`: what the server can run; of one, its steps, parameters and schedules."""

from collections.abc import Iterator
from typing import Final

import click
from rich.text import Text

from quarterjack.storage import WorkflowId
from quarterjack.storage.queries import ScheduleFilter

from ...client import Client
from ...shapes.schedules import ScheduledWorkflow
from ...shapes.workflows import StepDefinition, Workflow
from ..help_text import examples
from ..names import workflow_id
from ..server_options import server_options
from ..step_states import span
from ..typed_names import WorkflowType
from .facts import Fact, fact_lines
from .fitted_table import Column, Shrink, table
from .listing import Wanted, dumped, limit_options
from .screen import Screen, safe, screen

_WORKFLOWS: Final = (
    Column("WORKFLOW", 1, least=10, shrink=Shrink.CUT),
    Column("STEPS", 2, is_right=True),
    Column("PARAMETERS", 4, least=12, shrink=Shrink.CUT),
    Column("DESCRIPTION", 3, least=12, shrink=Shrink.CUT),
)
_STEPS: Final = (
    Column("STEP", 1, least=10, shrink=Shrink.CUT),
    Column("AFTER", 2, least=8, shrink=Shrink.CUT),
    Column("DOES", 3, least=8, shrink=Shrink.CUT),
    Column("TIMEOUT", 5),
    Column("ATTEMPTS", 4, is_right=True),
)
_SCHEDULES: Final = (
    Column("SCHEDULE", 1, least=10, shrink=Shrink.CUT),
    Column("ID", 2, least=12, shrink=Shrink.BEGIN),
)


@click.command(
    epilog=examples(
        "quarterjack workflows",
        "quarterjack workflows daily-report",
        "quarterjack workflows daily-report --json",
    )
)
@click.argument("workflow", type=WorkflowType(), required=False)
@limit_options
@server_options
def workflows(
    client: Client, workflow: str | None, limit: int | None, everything: bool, as_json: bool
) -> None:
    """List the workflows that the server has; with WORKFLOW, show that one.

    WORKFLOW is an id, or the beginning of one if no other begins so. Shown of it are its parameters,
    its steps with what each waits for, and its schedules.
    """
    if workflow is not None:
        _show(client, workflow_id(client, workflow), as_json=as_json)
        return
    wanted = Wanted.of(client.list_workflows, limit=limit, everything=everything, as_json=as_json)
    if as_json:
        wanted.print_json()
        return
    found, has_more = wanted.read()
    if not found:
        click.echo("no workflows: give the server some with `quarterjack serve --app`", err=True)
        return
    there = screen()
    there.print(table(_WORKFLOWS, [_row(each) for each in found], there.width))
    if has_more:
        click.echo(f"the first {len(found)} only; --all lists all", err=True)


def _row(found: Workflow) -> tuple[Text, ...]:
    return (
        safe(found.id, "bold"),
        Text(str(len(found.steps))),
        safe(_parameters(found), "dim"),
        safe(found.description),
    )


def _parameters(found: Workflow) -> str:
    told = []
    for each in found.params:
        told.append(
            each.name + ("" if each.required else "?") + (" (secret)" if each.secret else "")
        )
    return ", ".join(told)


def _show(client: Client, key: str, *, as_json: bool) -> None:
    found = client.get_workflow(key).get()
    if as_json:
        click.echo(dumped(found))
        return
    wanted = ScheduleFilter(workflow_id=WorkflowId(key))
    schedules, has_more = Wanted(lambda page: client.list_schedules(wanted, page), limit=20).read()
    there = screen()
    there.print(fact_lines(_facts(found), there.width))
    there.print([Text(), *table(_STEPS, [_step(each) for each in found.steps], there.width)])
    _print_schedules(there, key, schedules, has_more=has_more)


def _facts(found: Workflow) -> Iterator[Fact]:
    yield "workflow", safe(found.id, "bold")
    yield "description", safe(found.description)
    yield "parameters", safe(_parameters(found))
    limits = []
    if found.max_concurrency is not None:
        limits.append(f"{found.max_concurrency} at once")
    if found.rate_limit is not None:
        limits.append(found.rate_limit)
    yield "limits", safe(", ".join(limits))


def _step(found: StepDefinition) -> tuple[Text, ...]:
    retry = found.retry
    return (
        safe(found.name, "bold"),
        safe(", ".join(found.depends_on), "dim"),
        safe(_does(found)),
        Text("" if found.timeout is None else span(found.timeout)),
        Text("" if retry is None else str(retry.attempts)),
    )


def _does(found: StepDefinition) -> str:
    told = []
    wait = found.waits_for
    if wait is not None and wait.sleep is not None:
        told.append(f"sleeps {span(wait.sleep)}")
    elif wait is not None and wait.event is not None:
        told.append(f"waits for {wait.event}" + (f" with {wait.key}" if wait.key else ""))
    elif wait is not None and wait.workflow_id is not None:
        told.append(f"runs {wait.workflow_id}")
    if found.map is not None:
        told.append(f"for each {found.map}")
    if found.failure_handler:
        told.append("on failure")
    if found.conditional:
        told.append("on a condition")
    return ", ".join(told)


def _print_schedules(
    there: Screen, key: str, found: list[ScheduledWorkflow], *, has_more: bool
) -> None:
    if not found:
        there.print([Text(), Text("no schedules", "dim")])
        return
    rows = [(safe(each.name), safe(each.id, "dim")) for each in found]
    there.print([Text(), *table(_SCHEDULES, rows, there.width)])
    if has_more:
        more = f"and more: quarterjack schedules --workflow {key}"
        there.print([safe(more, "dim")])
