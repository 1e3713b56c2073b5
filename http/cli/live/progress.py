"""A bar of long work, on standard error and only if that is a terminal; it is gone when the work is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import pykka

from quarterjack.storage import QuarterjackError

if TYPE_CHECKING:
    from ...client import Client

Advance = Callable[[int], None]
_NARROW: Final = 60
_TOPICS: Final = ("schedule:created", "schedule:updated")
_PATIENCE: Final = 2.0
"""Seconds for what only makes the bar move."""


def watched() -> bool:
    """Whether somebody would see a bar."""
    return sys.stderr.isatty()


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Advance]:
    """Show it while the block runs, which is given what moves it. None: nobody knows how much there is."""
    if not watched():
        yield lambda _: None
        return
    from rich import progress as rich
    from rich.console import Console

    console = Console(stderr=True)
    columns: list[rich.ProgressColumn] = [
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(bar_width=console.width // 3),
        rich.MofNCompleteColumn(),
    ]
    if console.width >= _NARROW:
        columns += [rich.TimeElapsedColumn(), rich.TimeRemainingColumn()]
    with rich.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def changes_counted(client: "Client", what: str, total: int) -> Iterator[Advance]:
    """The same for an import: it moves with each schedule that is made or changed."""
    with progress(what, total) as advance, ExitStack() as stack:
        if watched():
            for topic in _TOPICS:
                stack.enter_context(_counted(client, topic, advance))
        yield advance


@contextmanager
def _counted(client: "Client", topic: str, advance: Advance) -> Iterator[None]:
    def move(_: Any) -> None:
        advance(1)

    try:
        subscription = client.subscribe(topic, move).get(timeout=_PATIENCE)
    except (QuarterjackError, pykka.Timeout):
        yield  # the work goes on without
        return
    try:
        yield
    finally:
        client.unsubscribe(subscription).get()
