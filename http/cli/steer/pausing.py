"""`quarterjack pause`, `resume` and `delete`: whether schedules fire, and whether they are there."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from .. import names
from ..help_text import examples
from ..options import option
from ..server_options import server_options
from ..terminal_text import shown
from ..typed_names import ScheduleType
from .several import Several, require_yes

if TYPE_CHECKING:
    from ...client import Client
    from ...shapes.schedules import CombinedStatus

_TOLD = {"schedule_id", "schedule_status", "note", "next_execution"}


@click.command(
    epilog=examples(
        'quarterjack pause "Nightly report" --note "the database is being moved"',
        "quarterjack pause nightly weekly sch_4k2m8n1p0q7r5s3t6v9w",
    )
)
@click.argument("schedules", type=ScheduleType(), nargs=-1, required=True, metavar="NAME...")
@option("--note", default="", help="Why; it is shown with the schedule.")
@server_options
def pause(client: "Client", schedules: tuple[str, ...], note: str, as_json: bool) -> None:
    """Let the schedules NAME... fire no more until they are resumed.

    Each NAME is a schedule's id or its name. What runs is let finish. If one can't be paused, the others
    are, and the exit code says why the first could not.
    """
    several = Several(as_json=as_json)

    def do(text: str) -> tuple[str, "CombinedStatus"]:
        key = names.schedule_id(client, text)
        return _called(client, key), client.pause_schedule(key, note).get()

    for text, (name, found) in several.tried(schedules, do):
        form = found.model_dump(mode="json", include=_TOLD)
        several.tell(text, f"{name} is {found.schedule_status.value}", form)
    several.end()


@click.command(
    epilog=examples(
        'quarterjack resume "Nightly report"', 'quarterjack resume nightly --note "it is moved"'
    )
)
@click.argument("schedules", type=ScheduleType(), nargs=-1, required=True, metavar="NAME...")
@option("--note", default="", help="What there is to say about it.")
@server_options
def resume(client: "Client", schedules: tuple[str, ...], note: str, as_json: bool) -> None:
    """Let the schedules NAME... fire again.

    Each NAME is a schedule's id or its name. What was due meanwhile is made up for as their catch-up
    policy says. If one can't be resumed, the others are, and the exit code says why the first could not.
    """
    several = Several(as_json=as_json)

    def do(text: str) -> tuple[str, "CombinedStatus"]:
        key = names.schedule_id(client, text)
        return _called(client, key), client.resume_schedule(key, note).get()

    for text, (name, found) in several.tried(schedules, do):
        form = found.model_dump(mode="json", include=_TOLD)
        line = f"{name} is {found.schedule_status.value}{_next(found.next_execution)}"
        several.tell(text, line, form)
    several.end()


@click.command(
    epilog=examples(
        'quarterjack delete "Nightly report"', "quarterjack delete nightly weekly --cancel --yes"
    )
)
@click.argument("schedules", type=ScheduleType(), nargs=-1, required=True, metavar="NAME...")
@click.option("--cancel", is_flag=True, help="Also end what runs of them.")
@option("--yes", is_flag=True, help="Do not ask on the terminal.")
@server_options
def delete(
    client: "Client", schedules: tuple[str, ...], cancel: bool, yes: bool, as_json: bool
) -> None:
    """Delete the schedules NAME...; their history stays until it is pruned.

    Each NAME is a schedule's id or its name. On a terminal it is said what will be deleted, and asked.
    What runs is let finish, or with --cancel ended.
    """
    several = Several(as_json=as_json)

    def find(text: str) -> tuple[str, str]:
        key = names.schedule_id(client, text)
        return key, _called(client, key)

    meant = dict(several.tried(schedules, find))
    if meant:
        told = "\n".join(f"  {name}" for _, name in meant.values())
        running = "what runs of them is ended" if cancel else "what runs of them is let finish"
        require_yes(f"To be deleted ({running}):\n{told}\nDelete them?", yes=yes)

    def do(text: str) -> None:
        client.delete_scheduled_workflow(meant[text][0], cancel=cancel).get()

    for text, _ in several.tried(meant, do):
        key, name = meant[text]
        several.tell(text, f"{name} is deleted", {"scheduleId": key, "deleted": True})
    several.end()


def _called(client: "Client", key: str) -> str:
    """Its name and its id, as a terminal may show them."""
    name = client.get_schedule(key).get().name
    return key if name == key else f"{shown(name)} ({key})"


def _next(following: datetime | None) -> str:
    if following is None:
        return ""
    return f", next at {following.astimezone():%Y-%m-%d %H:%M:%S}"
