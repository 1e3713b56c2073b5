"""`--wait`, and `quarterjack wait`: an execution is followed to its end, and the exit code says how that was.

Ctrl-C ends the waiting, not the execution.
"""

import functools
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.core import ParameterSource

from quarterjack.storage import ExecutionStatus
from quarterjack.storage.statuses import FINAL

from .. import names
from ..exit_codes import ExitCode
from ..failure import ClientError
from ..help_text import examples
from ..options import DurationType, option
from ..server_options import server_options
from ..typed_names import ExecutionType

if TYPE_CHECKING:
    from ...client import Client
    from ...shapes.executions import ExecutionDetail


def wait_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--wait` and `--timeout`: the command is given `wait` and `timeout`."""

    @option("--wait", is_flag=True, help="Follow it to its end; the exit code tells how it ended.")
    @option(
        "--timeout", type=DurationType(), help="Of --wait: how long; it goes on after that, too."
    )
    @functools.wraps(command)
    def with_wait(*, wait: bool, timeout: timedelta | None, **rest: Any) -> Any:
        if timeout is not None and not wait and _is_typed("timeout"):
            raise click.UsageError("--timeout is how long to --wait; give both")
        return command(wait=wait, timeout=timeout, **rest)

    return with_wait


def _is_typed(name: str) -> bool:
    """Whether an option was given here, and not by the environment, for whichever command."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def wait_for_end(
    client: "Client", execution_id: str, title: str, timeout: timedelta | None, *, as_json: bool
) -> NoReturn:
    """Show the execution until it ends, tell how it did, and end the program with its code."""
    from ... import json_text

    found = _followed(client, execution_id, title, timeout, as_json=as_json)
    if as_json:
        click.echo(json_text.dump(found.model_dump(mode="json")))
    else:
        _tell(found)
    succeeded = found.status is ExecutionStatus.SUCCEEDED
    sys.exit(ExitCode.DONE if succeeded else ExitCode.UNSUCCESSFUL)


def still(what: str, timeout: timedelta | None) -> ClientError:
    """For what had not ended when the time was over."""
    from ..step_states import span

    seconds = 0.0 if timeout is None else timeout.total_seconds()
    return ClientError(f"{what} has not ended after {span(seconds)}; it goes on")


def stopped_waiting(what: str, key: str, *, wait_again: str = "") -> NoReturn:
    """For a Ctrl-C while something was waited for."""
    lines = ["", f"Not waited for any more; {what} goes on.", wait_again]
    lines.append(f"To end it: quarterjack cancel {key}")
    click.echo("\n".join(lines), err=True)
    sys.exit(ExitCode.INTERRUPTED)


def _followed(
    client: "Client", key: str, title: str, timeout: timedelta | None, *, as_json: bool
) -> "ExecutionDetail":
    from rich.console import Console

    from ..execution_view import ExecutionView
    from ..following import Followed, StillRunning, follow

    console = Console(stderr=as_json, quiet=as_json and not sys.stderr.isatty())
    view = ExecutionView(console, title)
    what = Followed(
        look=lambda: client.get_execution(key).get(),
        is_over=lambda found: found.status in FINAL,
        topic="execution:*",
        key=key,
    )
    seconds = None if timeout is None else timeout.total_seconds()
    try:
        with view.drawn():
            return follow(client, what, view, seconds)
    except StillRunning:
        raise still(key, timeout) from None
    except KeyboardInterrupt:
        stopped_waiting(key, key, wait_again=f"To wait again: quarterjack wait {key}")


def _tell(found: "ExecutionDetail") -> None:
    from ... import json_text
    from ..step_words import end_words
    from ..terminal_text import shown

    click.echo(f"{found.id} {end_words(found)}")
    if found.result is not None:
        click.echo(f"result: {shown(json_text.dump(found.result).decode())}")


@click.command(
    epilog=examples(
        "quarterjack wait last", "quarterjack wait exe_4k2m8n1p0q7r5s3t6v9w --timeout 10m --json"
    )
)
@click.argument("execution", type=ExecutionType())
@option("--timeout", type=DurationType(), help="How long; it goes on after that, too.")
@server_options
def wait(client: "Client", execution: str, timeout: timedelta | None, as_json: bool) -> None:
    """Follow EXECUTION to its end, and show its steps while they run.

    It is an id, or the beginning of one, or `last`: the newest. The exit code is 0 if it succeeds, and 10
    if it fails, times out or is cancelled. Ctrl-C ends the waiting only.
    """
    found = client.get_execution(names.execution_id(client, execution)).get()
    wait_for_end(client, found.id, found.workflow_id, timeout, as_json=as_json)
