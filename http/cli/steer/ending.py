"""`quarterjack cancel` and `retry`: executions ended before their time, and those that are tried again."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from .. import names
from ..help_text import examples
from ..options import option
from ..server_options import server_options
from ..terminal_text import shown
from ..typed_names import ExecutionType
from .several import Several, require_yes
from .trigger import begun
from .waiting import wait_options

if TYPE_CHECKING:
    from ...client import Client

_BACKFILL: Final = "bkf_"


@click.command(
    epilog=examples(
        "quarterjack cancel exe_4k2m8n1p0q7r5s3t6v9w",
        "quarterjack cancel last --yes",
        "quarterjack cancel bkf_4k2m8n1p0q7r5s3t6v9w",
    )
)
@click.argument("executions", type=ExecutionType(), nargs=-1, required=True, metavar="EXECUTION...")
@option("--yes", is_flag=True, help="Do not ask on the terminal.")
@server_options
def cancel(client: "Client", executions: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """End the executions EXECUTION... before their time.

    Each is an id, or the beginning of one, or `last`: the newest. The id of a backfill ends all that runs of
    it, and what waits of it never begins. On a terminal it is said what will be ended, and asked. If one
    can't be cancelled, the others are, and the exit code says why the first could not.
    """
    several = Several(as_json=as_json)
    meant = dict(several.tried(executions, lambda text: _found(client, text)))
    if meant:
        told = "\n".join(f"  {words}" for _, words in meant.values())
        require_yes(f"To be ended:\n{told}\nEnd them?", yes=yes)

    def do(text: str) -> None:
        key, _ = meant[text]
        if key.startswith(_BACKFILL):
            client.cancel_backfill(key).get()
        else:
            client.cancel_scheduled_execution(key).get()

    for text, _ in several.tried(meant, do):
        key, words = meant[text]
        kind = "backfillId" if key.startswith(_BACKFILL) else "executionId"
        several.tell(text, f"{words} is being ended", {kind: key, "cancelled": True})
    several.end()


@click.command(
    epilog=examples("quarterjack retry last", "quarterjack retry exe_4k2m8n1p0q7r5s3t6v9w --wait")
)
@click.argument("execution", type=ExecutionType())
@wait_options
@server_options
def retry(
    client: "Client", execution: str, wait: bool, timeout: timedelta | None, as_json: bool
) -> None:
    """Run EXECUTION again from where it ended, and print the new execution's id.

    It is the id of an execution that failed, timed out or was cancelled, or the beginning of one, or `last`:
    the newest. Steps that had succeeded keep their results. With --wait, the steps are shown while they
    run, and the exit code is 0 if the new execution succeeds, and 10 if it does not.
    """
    key = names.execution_id(client, execution)
    title = client.get_execution(key).get().workflow_id
    begun(client, client.retry_execution(key).get(), title, timeout, wait=wait, as_json=as_json)


def _found(client: "Client", text: str) -> tuple[str, str]:
    """The id of what is to be ended, and what it is."""
    if text.startswith(_BACKFILL):
        backfill = client.get_backfill(text).get()
        left = backfill.queued + backfill.running
        return text, f"{text} (backfill of {backfill.schedule_id}, {left} of {backfill.total} left)"
    execution = client.get_execution(names.execution_id(client, text)).get()
    return (
        execution.id,
        f"{execution.id} ({shown(execution.workflow_id)}, {execution.status.value})",
    )
