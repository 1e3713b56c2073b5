"""`quarterjack serve`: the server."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Final

import click

from quarterjack.actors.workflow import Workflow
from quarterjack.runtime import (
    DatabaseError,
    QuarterjackError,
    Runtime,
    Settings,
    WorkersNotStarted,
    WorkflowDefinitionError,
)
from quarterjack.runtime.workflow_loader import load_workflows
from quarterjack.storage.plain_data import LARGEST

from ..server import ExitCode, bind, check_host, context_of
from ..server import serve as serve_runtime
from ..settings import HttpSettings
from .front_options import front_options
from .help_text import examples
from .log_options import log_options
from .options import DEFAULT_PORT, DurationType, config_option, option

logger = logging.getLogger("quarterjack")
_SETTINGS: Final = {"http_allow_host": "http_allowed_hosts", "secret_dir": "secret_dirs"}
"""Settings that are named in the plural; the others are named as their options."""


@click.command(
    epilog=examples(
        "quarterjack serve --app jobs",
        "quarterjack serve --app jobs:app --database sqlite:///jobs.db --port 8080",
        "quarterjack serve --app jobs --config quarterjack.toml",
    )
)
@option("--app", multiple=True, metavar="MODULE[:ATTR]", help="Where workflows are; repeatable.")
@front_options
@option("--port", default=DEFAULT_PORT, type=click.IntRange(0, 65_535), help="0 picks a free one.")
@option("--database", default="sqlite:///quarterjack.db", metavar="URL", help="sqlite:///FILE")
@option(
    "--runner",
    default="process",
    type=click.Choice(["process", "thread"]),
    help="Where steps run that don't say so themselves.",
)
@option(
    "--processes",
    type=click.IntRange(1, 1_000),
    help="Worker processes; by default one for each CPU, at least 2.",
)
@option("--concurrency", default=128, type=click.IntRange(1), help="Executions at once.")
@option("--rate-limit", metavar="RATE", help="Starts of executions, such as 100/min.")
@option("--keep", type=DurationType(), metavar="AGE", help="Delete older history, such as 90d.")
@option(
    "--keep-executions",
    default=0,
    type=click.IntRange(0, 10_000_000),
    help="Of each workflow, the newest that stay, however old.",
)
@option(
    "--max-executions",
    type=click.IntRange(1, 10_000_000),
    help="Of each workflow, how many stay at most; by default any number.",
)
@option("--grace", default="30s", type=DurationType(), help="For running steps, at the end.")
@option(
    "--time-zone-data",
    default="system",
    type=click.Choice(["system", "package"]),
    help="Where time zones come from: the system, or the package tzdata.",
)
@option(
    "--max-result",
    default=LARGEST,
    type=str,
    metavar="SIZE",
    help="What a step's result may take: bytes, or a size such as 5MB.",
)
@option(
    "--builtin",
    multiple=True,
    type=click.Choice(["command", "http"]),
    help="Switch on quarterjack.command or quarterjack.http: they reach this machine. Repeatable.",
)
@option(
    "--http-allow-host",
    multiple=True,
    metavar="HOST",
    help="Let quarterjack.http go nowhere else; .example.org: all below it. Repeatable.",
)
@option(
    "--http-allow-private",
    is_flag=True,
    help="Let quarterjack.http connect to private addresses and to this machine.",
)
@option(
    "--live-connections",
    default=10_000,
    type=click.IntRange(1, 1_000_000),
    help="WebSockets that may be open at once.",
)
@option(
    "--live-heartbeat",
    default="18s",
    type=DurationType(),
    help="After how much silence a WebSocket is pinged; half as long again, and it is closed.",
)
@option(
    "--traces",
    default="off",
    type=click.Choice(["off", "otlp"]),
    help="Send spans to an OpenTelemetry collector; OTEL_… variables say where.",
)
@option(
    "--secret-key-file",
    metavar="FILE",
    help="The key that secret parameters are encrypted with; `quarterjack secret-key` makes it.",
)
@option(
    "--secret-env",
    multiple=True,
    metavar="NAME",
    help="Let parameters refer to this environment variable; * is any. Repeatable.",
)
@option(
    "--secret-dir",
    multiple=True,
    metavar="DIR",
    help="Let parameters refer to files below this folder. Repeatable.",
)
@option(
    "--webhook-allow-private",
    is_flag=True,
    help="Let webhooks be at private addresses and on this machine.",
)
@log_options
@config_option
def serve(
    front: Callable[[], HttpSettings],
    app: tuple[str, ...],
    port: int,
    database: str,
    builtin: tuple[str, ...],
    **options: Any,
) -> None:
    """Serve workflows and their schedules until SIGTERM or SIGINT.

    Prints one line on standard output when it is ready; the log goes to standard error.
    """
    settings = {_SETTINGS.get(name, name): value for name, value in options.items()}
    settings["builtins"] = builtin
    if "command" in builtin:
        logger.warning("quarterjack.command is on: who reaches this server can run any command")
    sys.exit(
        run(
            lambda: Runtime(database, workflows=_workflows(app), settings=Settings.of(**settings)),
            front,
            (port,),
            _announce,
        )
    )


def run(
    build: Callable[[], Runtime],
    front: Callable[[], HttpSettings],
    ports: Iterable[int],
    ready: Callable[[str], Awaitable[None]],
) -> int:
    """Build a runtime and serve it on the first port that is free; the exit code.

    What is wrong with options, workflows or the database is told in one line on standard error.
    """
    try:
        settings = front()
        context = context_of(settings)
        runtime = build()
        check_host(runtime, settings)
        listener = _first_free(settings.host, tuple(ports))
    except QuarterjackError as error:
        return _refused(error, ExitCode.USAGE)
    try:
        return asyncio.run(serve_runtime(runtime, listener, ready, settings, context))
    except WorkflowDefinitionError as error:
        return _refused(error, ExitCode.USAGE)
    except (DatabaseError, WorkersNotStarted) as error:
        return _refused(error, ExitCode.FAILED)
    finally:
        listener.close()


def say(line: str) -> None:
    """Print a line at once; a reader that has gone away does no harm."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


async def _announce(url: str) -> None:
    await asyncio.to_thread(say, f"Quarterjack listening on {url}")


def _workflows(targets: Iterable[str]) -> list[Workflow]:
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return list(dict.fromkeys(each for target in targets for each in load_workflows(target)))


def _first_free(host: str, ports: tuple[int, ...]) -> socket.socket:
    *first, last = ports
    for port in first:
        try:
            return bind(host, port)
        except QuarterjackError:
            continue
    return bind(host, last)


def _refused(error: QuarterjackError, code: ExitCode) -> int:
    click.echo(f"quarterjack: {error}", err=True)
    return code
