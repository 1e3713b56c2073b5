"""What the demo shows in the terminal: a live table, or plain lines where there is no terminal.

Fed with events by one thread (the runtime's callbacks); drawn by rich's own.
"""

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from quarterjack.storage import Event

_RECENT: Final = 8
_BAR: Final = 10
_ENDS: Final = {
    "workflow.completed": ("succeeded", "green"),
    "workflow.failed": ("failed", "red"),
    "workflow.cancelled": ("cancelled", "yellow"),
    "workflow.timedOut": ("timed out", "red"),
}


@dataclass(slots=True)
class _Row:
    """One schedule, as it is shown."""

    name: str
    when: str
    runs: int = 0
    failed: int = 0
    running: str | None = None
    last: str = "not yet"
    colour: str = "dim"
    steps_done: int = 0
    note: str = ""


class DemoView:
    """`schedules` says of each id its name and when it fires."""

    def __init__(
        self, console: Console, schedules: Mapping[str, tuple[str, str]], heading: list[str]
    ) -> None:
        self._console = console
        self._heading = heading
        self._rows = {key: _Row(name, when) for key, (name, when) in schedules.items()}
        self._recent: deque[Text] = deque(maxlen=_RECENT)
        self._lock = threading.Lock()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw until the block is left."""
        if not self._console.is_terminal:
            for line in self._heading:
                self._console.print(line, highlight=False, soft_wrap=True)
            yield
            return
        with Live(self, console=self._console, refresh_per_second=4, transient=False):
            yield

    def on_event(self, event: Event) -> None:
        """Take an event of any schedule."""
        row = self._rows.get(event.schedule_id or "")
        if row is None:
            return
        with self._lock:
            line = self._told(row, event)
            if line is not None:
                self._recent.append(line)
        if line is not None and not self._console.is_terminal:
            self._console.print(line.plain, highlight=False, soft_wrap=True)

    def __rich__(self) -> Group:
        with self._lock:
            heading = [Text(line, overflow="fold") for line in self._heading]
            return Group(*heading, Text(), self._table(), Text(), *self._recent)

    def _told(self, row: _Row, event: Event) -> Text | None:
        """Note what happened; a line for the log, if it is worth one."""
        match event.type:
            case "workflow.started":
                row.running, row.steps_done, row.note = event.execution_id, 0, ""
                return _line(event, row.name, "started", "cyan")
            case "workflow.step.completed":
                row.steps_done += 1
                row.note = f"{event.data['step']} done"
            case "workflow.step.progress":
                row.note = _progress(event)
            case "workflow.step.retrying" | "workflow.step.failed":
                error = event.data["error"]
                what = f"{event.data['step']}: {error['type']}: {error['message']}"
                return _line(event, row.name, what, "yellow")
            case "schedule.skipped":
                return _line(event, row.name, f"skipped: {event.data['reason']}", "yellow")
            case kind if kind in _ENDS:
                return self._ended(row, event)
        return None

    def _ended(self, row: _Row, event: Event) -> Text:
        word, row.colour = _ENDS[event.type]
        row.running, row.note = None, ""
        row.runs += 1
        row.failed += word != "succeeded"
        row.last = f"{word} in {event.data['duration']:.2f} s"
        return _line(event, row.name, f"{row.last}, {row.steps_done} steps", row.colour)

    def _table(self) -> Table:
        table = Table(expand=True, header_style="bold", title_justify="left")
        for heading, width in (("schedule", 3), ("fires", 3), ("runs", 1), ("now", 5), ("last", 4)):
            table.add_column(heading, ratio=width, overflow="ellipsis", no_wrap=True)
        for row in self._rows.values():
            now = Text("waiting", "dim")
            if row.running is not None:
                now = Text(f"▶ {row.steps_done} steps done  {row.note}", "cyan")
            runs = f"{row.runs}" + (f" ({row.failed} failed)" if row.failed else "")
            table.add_row(row.name, row.when, runs, now, Text(row.last, row.colour))
        return table


def _progress(event: Event) -> str:
    done, total = event.data["done"], event.data["total"]
    share = min(1.0, done / total) if total else 0.0
    filled = round(share * _BAR)
    return f"{event.data['step']} {share:.0%} {'█' * filled}{'░' * (_BAR - filled)}"


def _line(event: Event, name: str, what: str, colour: str) -> Text:
    return Text.assemble(
        (f"{_clock(event.timestamp)}  ", "dim"), (f"{name}  ", "bold"), (what, colour)
    )


def _clock(instant: datetime) -> str:
    return instant.astimezone().strftime("%H:%M:%S")
