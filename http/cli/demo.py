"""`quarterjack demo`: a server with the bundled examples scheduled, and a live view of what runs.

Needs no configuration. The examples are found by name, as those of `serve --app` are.
"""

import asyncio
import importlib
import logging
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.logging import RichHandler

from quarterjack.runtime import Runtime, Settings
from quarterjack.storage import AlreadyExists

from ..settings import HttpSettings
from .demo_view import DemoView
from .help_text import examples
from .options import DEFAULT_PORT, config_option, option
from .serve import run

EXAMPLES: Final = "quarterjack.examples"
_GRACE: Final = "5s"


@click.command(
    epilog=examples(
        "quarterjack demo",
        "quarterjack demo --port 0 --folder look-around",
    )
)
@option("--host", default="127.0.0.1", help="The loopback address to listen on.")
@option(
    "--port",
    type=click.IntRange(0, 65_535),
    help=f"By default {DEFAULT_PORT}, or a free one if that is taken.",
)
@option(
    "--folder",
    default="quarterjack-demo",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the database and the reports lie.",
)
@option(
    "--runner",
    default="process",
    type=click.Choice(["process", "thread"]),
    help="Where the examples' steps run.",
)
@option("--processes", default=2, type=click.IntRange(1, 1_000), help="Worker processes.")
@config_option
def demo(host: str, port: int | None, folder: Path, runner: str, processes: int) -> None:
    """Serve the bundled examples, already scheduled, and show what runs. Ctrl-C ends it."""
    console = Console()
    logging.basicConfig(
        level=logging.ERROR,
        format="%(name)s: %(message)s",
        handlers=[RichHandler(console=Console(stderr=True), show_path=False)],
    )
    folder = folder.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(f"{folder}: {error.strerror}", param_hint="--folder") from None
    ports = (DEFAULT_PORT, 0) if port is None else (port,)
    shown = Demo(console, folder, runner, processes)
    with shown:
        code = run(shown.build, partial(HttpSettings.of, host=host), ports, shown.ready)
    if code == 0:
        console.print(f"Stopped. The reports are in {folder}", highlight=False, soft_wrap=True)
    sys.exit(code)


class Demo:
    """The examples in a folder; a context manager that ends the view."""

    def __init__(self, console: Console, folder: Path, runner: str, processes: int) -> None:
        self._console = console
        self._folder = folder
        self._runner = runner
        self._processes = processes
        self._database = folder / "demo.db"
        self._examples: Any = importlib.import_module(EXAMPLES)
        self._drafts: dict[str, dict[str, Any]] = dict(
            self._examples.demo_schedules(folder, self._database)
        )
        self._runtime: Runtime
        self._stack = ExitStack()

    def __enter__(self) -> "Demo":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def build(self) -> Runtime:
        """The runtime with the examples' workflows."""
        self._runtime = Runtime(
            f"sqlite:///{self._database}",
            workflows=self._examples.WORKFLOWS,
            settings=Settings.of(grace=_GRACE, runner=self._runner, processes=self._processes),
        )
        return self._runtime

    async def ready(self, url: str) -> None:
        """Show what runs, and schedule the examples."""
        names = {key: (draft["name"], _when(draft)) for key, draft in self._drafts.items()}
        heading = [
            f"Quarterjack listening on {url}",
            f"Reports and database in {self._folder}",
            f"Look around: {url}/api/schedules   {url}/api/executions   {url}/api/actors",
        ]
        view = DemoView(self._console, names, heading)
        await asyncio.to_thread(self._stack.enter_context, view.shown())
        await self._runtime.subscribe("*", view.on_event)
        for key, draft in self._drafts.items():
            await self._scheduled(key, draft)

    async def _scheduled(self, key: str, draft: dict[str, Any]) -> None:
        try:
            await self._runtime.create_scheduled_workflow(draft, schedule_id=key)
        except AlreadyExists:
            await self._runtime.update_scheduled_workflow(key, draft)


def _when(draft: dict[str, Any]) -> str:
    config = draft["scheduleConfig"]
    rule = str(config.get("cron") or f"every {config.get('interval')}")
    zone = config.get("timezone", "UTC")
    return rule if zone == "UTC" else f"{rule} {zone}"
