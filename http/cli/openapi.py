"""`quarterjack openapi`: the description of the interface, without a server."""

import json

import click

from ..openapi import describe
from ..routes import all_calls
from .help_text import examples


@click.command(
    "openapi",
    epilog=examples(
        "quarterjack openapi > openapi.json",
    ),
)
def openapi() -> None:
    """Print the description of the HTTP interface (OpenAPI 3.1, JSON)."""
    click.echo(json.dumps(describe(all_calls()), indent=2, ensure_ascii=False))
