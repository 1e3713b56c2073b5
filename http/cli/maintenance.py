"""`quarterjack backup`, `check` and `prune`: on the database itself, or through the server that has it."""

import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, NamedTuple

import click
from pydantic.alias_generators import to_camel
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from quarterjack.actors.engine.clock import wall_clock
from quarterjack.runtime.idle_database import IdleDatabase
from quarterjack.runtime.retention import keep_of

from .. import json_text
from ..client import Client
from ..shapes.maintenance import Examined, Pruned
from .failure import ClientError
from .help_text import examples
from .keeper_options import explained, keeper_options
from .options import DurationType, json_option

_BATCH: Final = 1_000
_WORDS: Final = {"audit": "audit entries", "webhook_deliveries": "webhook deliveries"}
Done = Callable[[int, int | None], None]
"""Is told how much is done, and of how much."""


class Bounds(NamedTuple):
    """What is to be kept."""

    older_than: timedelta | None
    keep: int
    max_per_workflow: int | None
    workflow_id: str | None


class Keeper(ABC):
    """Who looks after the database. All raise `ClientError`."""

    @abstractmethod
    def copy(self, target: Path, done: Done) -> None:
        """Write the database into that file."""

    @abstractmethod
    def check(self) -> Examined:
        """Read all of it."""

    @abstractmethod
    def prune(self, bounds: "Bounds") -> Iterator[Pruned]:
        """Delete what need not be kept: what each small transaction has deleted."""

    @abstractmethod
    def compact(self) -> None:
        """Write the file anew, as small as it can be."""


class _InFile(Keeper):
    def __init__(self, database: str) -> None:
        self._database = database

    def copy(self, target: Path, done: Done) -> None:
        with explained():
            IdleDatabase(self._database).backup(target, done)

    def check(self) -> Examined:
        with explained():
            return Examined.of(IdleDatabase(self._database).check())

    def prune(self, bounds: "Bounds") -> Iterator[Pruned]:
        with explained():
            keep = keep_of(
                bounds.older_than,
                wall_clock(),
                keep=bounds.keep,
                max_per_workflow=bounds.max_per_workflow,
            )
            database = IdleDatabase(self._database)
            for found in database.prune(keep, workflow_id=bounds.workflow_id, most=_BATCH):
                yield Pruned.of(found)

    def compact(self) -> None:
        with explained():
            IdleDatabase(self._database).compact()


class _AtServer(Keeper):
    def __init__(self, client: Client) -> None:
        self._client = client

    def copy(self, target: Path, done: Done) -> None:
        written = 0
        with target.open("wb") as file:
            for piece in self._client.backup_pieces():
                file.write(piece)
                written += len(piece)
                done(written, None)

    def check(self) -> Examined:
        return self._client.check().get()

    def prune(self, bounds: "Bounds") -> Iterator[Pruned]:
        """The server gives some space back with each."""
        more = True
        while more:
            found = self._client.prune(
                bounds.older_than,
                keep=bounds.keep,
                max_per_workflow=bounds.max_per_workflow,
                workflow_id=bounds.workflow_id,
                most=_BATCH,
            ).get()
            more = found.more
            yield found

    def compact(self) -> None:
        raise ClientError(
            "the file is written anew only while no server has it open; stop it first"
        )


_keeper_options = keeper_options(_InFile, _AtServer)


@click.command(
    epilog=examples(
        "quarterjack backup jobs-copy.db --database sqlite:///jobs.db",
        "quarterjack backup jobs-copy.db --url http://127.0.0.1:8321",
    )
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@_keeper_options
def backup(keeper: Keeper, file: Path, force: bool) -> None:
    """Copy the database to FILE, all as it was at one moment, also while a server works with it.

    FILE is there when the copy is whole and was looked at, and not before. It is a database as any other:
    `quarterjack serve --database sqlite:///FILE` goes on from there. The key of secret
    parameters is not in it.
    """
    if file.exists() and not force:
        raise click.UsageError(f"{file} is there already; --force replaces it")
    try:
        with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as part:
            copy = Path(part.name)
        try:
            with _bar("Copying") as done:
                keeper.copy(copy, done)
            _look_at(copy)
            copy.replace(file)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ClientError(f"{file}: {error.strerror or error}") from None
    click.echo(f"{file.stat().st_size:,} bytes written to {file}", err=True)


@click.command(
    epilog=examples(
        "quarterjack check --database sqlite:///jobs.db",
        "quarterjack check --url http://127.0.0.1:8321 --json",
    )
)
@json_option
@_keeper_options
def check(keeper: Keeper, as_json: bool) -> None:
    """Read the whole database, and say whether it is whole; exit code 1 if it is not."""
    found = keeper.check()
    if as_json:
        click.echo(json_text.dump(found.model_dump(mode="json")))
    else:
        for fault in found.faults:
            click.echo(fault)
        verdict = "whole" if found.ok else "DAMAGED: restore a backup, or copy what can be read"
        click.echo(
            f"The database is {verdict}: {found.size:,} bytes, schema {found.schema_version}, "
            f"{found.executions:,} executions, {found.events:,} events."
        )
    if not found.ok:
        raise SystemExit(1)


@click.command(
    epilog=examples(
        "quarterjack prune --older-than 90d --database sqlite:///jobs.db",
        "quarterjack prune --older-than 7d --keep 100 --workflow shop-probe --url http://127.0.0.1:8321",
    )
)
@click.option(
    "--older-than",
    type=DurationType(),
    help="What is older may go, such as 90d; at least 1h.",
)
@click.option(
    "--keep",
    type=click.IntRange(0, 1_000_000),
    default=0,
    show_default=True,
    help="Keep so many of each workflow's newest executions, however old.",
)
@click.option(
    "--max-per-workflow",
    type=click.IntRange(1, 10_000_000),
    metavar="N",
    help="Keep at most so many executions of each workflow, however young.",
)
@click.option("--workflow", metavar="ID", help="Delete executions of that workflow only.")
@click.option("--compact", is_flag=True, help="Then write the file anew; without a server.")
@json_option
@_keeper_options
def prune(
    keeper: Keeper,
    older_than: timedelta | None,
    keep: int,
    max_per_workflow: int | None,
    workflow: str | None,
    compact: bool,
    as_json: bool,
) -> None:
    """Delete old executions with their steps and output, due instants, events and audit entries.

    In small transactions, so a server goes on meanwhile; interrupted, it can be called again. What has not
    ended stays, and so do events that a webhook has not got yet. A server gives the space back bit by bit;
    without one the file is written anew at the end, and smaller.
    """
    bounds = Bounds(older_than, keep, max_per_workflow, workflow)
    if older_than is None and max_per_workflow is None and not compact:
        raise click.UsageError("say what may go: --older-than AGE, --max-per-workflow N, or both")
    totals = dict.fromkeys((name for name in Pruned.model_fields if name != "more"), 0)
    with _bar("Deleting") as done:
        if older_than is not None or max_per_workflow is not None:
            for found in keeper.prune(bounds):
                for name in totals:
                    totals[name] += getattr(found, name)
                done(sum(totals.values()), None)
        if compact or (any(totals.values()) and isinstance(keeper, _InFile)):
            keeper.compact()
    if as_json:
        click.echo(json_text.dump({to_camel(name): count for name, count in totals.items()}))
        return
    told_counts = [f"{count:,} {_WORDS.get(name, name)}" for name, count in totals.items()]
    click.echo(f"deleted: {', '.join(told_counts)}")


@contextmanager
def _bar(what: str) -> Iterator[Done]:
    """A progress bar on standard error, if that is a terminal."""
    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    is_shown = os.isatty(2)
    if not is_shown:
        yield lambda _, __: None
        return
    from rich.console import Console

    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _look_at(copy: Path) -> None:
    """Whether it is whole. Raises `ClientError`."""
    connection = sqlite3.connect(copy)
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    finally:
        connection.close()
    if verdict != "ok":
        raise ClientError(f"the copy is damaged ({verdict}); see `quarterjack check`")
