"""`quarterjack emit`: an event, for the schedules that fire on it and the executions that wait for it."""

from typing import TYPE_CHECKING, Any

import click

from ... import json_text
from ..help_text import examples
from ..options import option
from ..server_options import server_options
from ..terminal_text import shown
from .given_params import JsonType

if TYPE_CHECKING:
    from ...client import Client


@click.command(
    epilog=examples(
        "quarterjack emit warehouse.loaded",
        'quarterjack emit approved --key order-17 --payload \'{"who": "Ada"}\'',
        "quarterjack emit file.arrived --payload @file.json --idempotency-key 2026-12-24",
    )
)
@click.argument("event")
@option(
    "--payload",
    type=JsonType(),
    metavar="JSON|@FILE",
    help="What the event brings: JSON, or a file of it (@-: standard input).",
)
@option("--key", help="Only those that wait for the event with this key go on.")
@option("--idempotency-key", metavar="KEY", help="Sent again within 24 hours, it is one event.")
@server_options
def emit(
    client: "Client",
    event: str,
    payload: Any,
    key: str | None,
    idempotency_key: str | None,
    as_json: bool,
) -> None:
    """Send the event EVENT, and print the ids of the executions that begin, or go on, because of it."""
    found = client.send_event(event, payload, key=key, idempotency_key=idempotency_key).get()
    if as_json:
        click.echo(json_text.dump({"executionIds": found}))
        return
    count = len(found)
    told = "1 execution begins or goes on" if count == 1 else f"{count} executions begin or go on"
    click.echo(f"{shown(event)} is sent; {told if count else 'nothing waits for it'}", err=True)
    for each in found:
        click.echo(each)
