"""`quarterjack trigger` and `run`: an execution at once, of a schedule or of a workflow without one."""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ... import json_text
from .. import names
from ..help_text import examples
from ..options import option
from ..server_options import server_options
from ..terminal_text import shown
from ..typed_names import ScheduleType, WorkflowType
from .given_params import JsonObjectType, PairType, together
from .waiting import wait_for_end, wait_options

if TYPE_CHECKING:
    from ...client import Client


class Given(NamedTuple):
    """What an execution is begun with; None: what schedule and workflow say."""

    params: dict[str, Any] | None
    context: dict[str, Any] | None
    priority: int | None


def params_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--params` and `--param`: the command is given `params`, or None."""

    @option(
        "--params",
        "whole",
        type=JsonObjectType(),
        metavar="JSON|@FILE",
        help="Parameters as a JSON object, or a file of it (@-: standard input).",
    )
    @option(
        "--param",
        "single",
        type=PairType(),
        multiple=True,
        metavar="NAME=VALUE",
        help="One parameter, before those of --params: JSON if it can be read so, else text. "
        "Repeatable.",
    )
    @functools.wraps(command)
    def with_params(
        *, whole: dict[str, Any] | None, single: tuple[tuple[str, Any], ...], **rest: Any
    ) -> Any:
        params = together(whole, single) if single or whole is not None else None
        return command(params=params, **rest)

    return with_params


def _given_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same, `--context` and `--priority`: the command has them as `given`."""

    @params_options
    @option(
        "--context",
        type=JsonObjectType(),
        metavar="JSON|@FILE",
        help="What steps are told beside parameters, as a JSON object.",
    )
    @option(
        "--priority",
        type=click.IntRange(0, 9),
        help="Lower ones begin first, when there is a queue.",
    )
    @functools.wraps(command)
    def with_given(
        *,
        params: dict[str, Any] | None,
        context: dict[str, Any] | None,
        priority: int | None,
        **rest: Any,
    ) -> Any:
        return command(given=Given(params, context, priority), **rest)

    return with_given


@click.command(
    epilog=examples(
        'quarterjack trigger "Nightly report"',
        "quarterjack trigger nightly --param region=eu --param rows=100 --wait",
        "quarterjack trigger nightly --params @params.json --wait --timeout 10m",
        "quarterjack trigger nightly --respect-overlap --json",
    )
)
@click.argument("name", type=ScheduleType())
@_given_options
@option(
    "--respect-overlap",
    is_flag=True,
    help="Go by the schedule's overlap policy, which is passed by otherwise.",
)
@wait_options
@server_options
def trigger(
    client: "Client",
    name: str,
    given: Given,
    respect_overlap: bool,
    wait: bool,
    timeout: timedelta | None,
    as_json: bool,
) -> None:
    """Run the schedule NAME now, besides its rule, and print the execution's id.

    NAME is the schedule's id or its name. Parameters come before those of the schedule. With --wait, the
    steps are shown while they run, and the exit code is 0 if the execution succeeds, and 10 if it fails,
    times out or is cancelled.
    """
    key = names.schedule_id(client, name)
    title = client.get_schedule(key).get().name if wait or not as_json else name
    started = client.trigger_scheduled_execution(
        key, **given._asdict(), respect_overlap=respect_overlap
    )
    begun(client, started.get(), title, timeout, wait=wait, as_json=as_json)


@click.command(
    epilog=examples(
        "quarterjack run daily-report",
        "quarterjack run daily-report --param region=eu --wait",
        "quarterjack run daily-report --params @params.json --priority 0 --json",
    )
)
@click.argument("workflow", type=WorkflowType())
@_given_options
@wait_options
@server_options
def run(
    client: "Client",
    workflow: str,
    given: Given,
    wait: bool,
    timeout: timedelta | None,
    as_json: bool,
) -> None:
    """Run WORKFLOW once, without a schedule, and print the execution's id.

    With --wait, the steps are shown while they run, and the exit code is 0 if the execution succeeds,
    and 10 if it fails, times out or is cancelled.
    """
    key = names.workflow_id(client, workflow)
    started = client.run(key, **given._asdict()).get()
    begun(client, started, key, timeout, wait=wait, as_json=as_json)


def begun(
    client: "Client",
    execution_id: str,
    title: str,
    timeout: timedelta | None,
    *,
    wait: bool,
    as_json: bool,
) -> None:
    """Tell the execution's id, or follow it to its end."""
    if wait:
        wait_for_end(client, execution_id, title, timeout, as_json=as_json)
    if as_json:
        click.echo(json_text.dump({"executionId": execution_id}))
        return
    click.echo(f"{shown(title)} begins:", err=True)
    click.echo(execution_id)
