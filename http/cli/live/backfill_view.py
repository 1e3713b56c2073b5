"""How far a backfill has come: a bar on a terminal, a line for each tenth elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from quarterjack.storage import BackfillStatus

from ...shapes.backfills import Backfill
from ..terminal_text import shown

_TENTHS: Final = 10
_NARROW: Final = 60


def ended(found: Backfill) -> int:
    """How many of its executions have ended."""
    return found.succeeded + found.failed + found.cancelled


def is_over(found: Backfill) -> bool:
    """Whether nothing more comes of it."""
    return found.status is not BackfillStatus.RUNNING and not found.running


def words(found: Backfill) -> str:
    """What has become of its executions."""
    parts = {
        "succeeded": found.succeeded,
        "failed": found.failed,
        "cancelled": found.cancelled,
        "running": found.running,
        "to come": found.queued,
    }
    told = ", ".join(f"{count} {name}" for name, count in parts.items() if count)
    return f"{found.status.value}: {told}" if told else found.status.value


class BackfillView:
    """Of one backfill of the schedule called `title`."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = shown(title)
        self._told = -1
        columns: list[ProgressColumn] = [
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=console.width // 3),
        ]
        columns.append(MofNCompleteColumn())
        if console.width >= _NARROW:
            columns += [TimeElapsedColumn(), TimeRemainingColumn()]
            columns.append(TextColumn("{task.fields[note]}", markup=False))
        self._bar = Progress(*columns, console=console)
        self._task = self._bar.add_task(self._title[: console.width // 3], total=None, note="")

    @contextmanager
    def drawn(self) -> Iterator[None]:
        """Draw until the block is left; what is then stays on the terminal."""
        if not self._console.is_terminal:
            yield
            return
        with self._bar:
            yield

    def show(self, found: Backfill) -> None:
        """What the server says of it now."""
        done = ended(found)
        note = f"{found.failed} failed" if found.failed else ""
        self._bar.update(self._task, total=found.total, completed=done, note=note)
        tenth = done * _TENTHS // found.total
        if tenth != self._told and not self._console.is_terminal:
            self._say(f"{done} of {found.total} have ended{f', {note}' if note else ''}")
        self._told = tenth

    def trouble(self, told: str) -> None:
        """Why nothing can be said of it at the moment."""
        self._bar.update(self._task, note=told)
        if not self._console.is_terminal:
            self._say(told)

    def _say(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)
