"""`quarterjack export` and `import`: all schedules as lines of JSON, to a file and back."""

import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

import click

from .. import json_text
from ..client import Client
from .failure import ClientError
from .help_text import examples
from .live.progress import Advance, changes_counted, progress, watched
from .options import json_option, option
from .server_options import client_options


@click.command(
    name="export",
    epilog=examples(
        "quarterjack export schedules.ndjson",
        "quarterjack export | grep nightly",
    ),
)
@click.argument(
    "file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-"
)
@client_options
def export_schedules(client: Client, file: Path) -> None:
    """Write all schedules to FILE, or to standard output, a line of JSON each.

    A pause is not among what is written. FILE is replaced when all of them are there. On a terminal, a bar
    shows how far it is.
    """
    if str(file) == "-":
        bar = nullcontext(_idle) if sys.stdout.isatty() else _exporting(client)
        with bar as advance:
            for line in client.export_lines():
                click.echo(line)
                advance(1)
        return
    try:
        with _exporting(client) as advance:
            count = _write(file, client.export_lines(), advance)
    except OSError as error:
        raise ClientError(f"{file}: {error.strerror or error}") from None
    click.echo(f"{count} schedules written to {file}", err=True)


def _exporting(client: Client) -> AbstractContextManager[Advance]:
    return progress("exporting", client.overview().get().schedules.total if watched() else None)


def _idle(_: int) -> None:
    """For where a bar would be in the way."""


def _write(file: Path, lines: Iterable[bytes], advance: Advance) -> int:
    """Replace the file when all lines are there; how many."""
    count = 0
    with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as part:
        whole = Path(part.name)
        try:
            for line in lines:
                part.write(line + b"\n")
                count += 1
                advance(1)
            part.flush()
            whole.replace(file)
        except BaseException:
            whole.unlink(missing_ok=True)
            raise
    return count


@click.command(
    name="import",
    epilog=examples(
        "quarterjack import schedules.ndjson --dry-run",
        "quarterjack export | quarterjack import - --url http://127.0.0.1:8322",
    ),
)
@click.argument("file", type=click.File("rb"))
@option("--dry-run", is_flag=True, help="Only say what would happen.")
@json_option
@client_options
def import_schedules(client: Client, file: BinaryIO, dry_run: bool, as_json: bool) -> None:
    """Make or change the schedules of FILE, a line of JSON each; `-` is standard input.

    Wrong lines are named, and stop no other; the exit code is 1 then. On a terminal, a bar shows how far
    it is.
    """
    raw = file.read()
    count = sum(not line.isspace() for line in raw.splitlines() if line)
    with progress("looking", None) if dry_run else changes_counted(client, "importing", count):
        report = client.import_lines(raw, dry_run=dry_run).get()
    if as_json:
        click.echo(json_text.dump(report.model_dump()))
        sys.exit(1 if report.errors else 0)
    counts = f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged"
    click.echo(f"would be: {counts}" if dry_run else counts)
    for wrong in report.errors:
        for each in wrong.errors:
            place = ".".join(map(str, each.loc))
            told = f"line {wrong.line}: " + (f"{place}: " if place else "") + each.msg
            click.echo(f"quarterjack: {told}", err=True)
    sys.exit(1 if report.errors else 0)
