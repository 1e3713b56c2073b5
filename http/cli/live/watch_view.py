"""What is watched, on a terminal: what runs now with its steps and bars, below it what happened last.

It fills the terminal and no more, at any width. Drawn by a thread of rich's.
"""

from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from quarterjack.actors.engine.clock import wall_clock

from ...shapes.events import Event
from ..step_states import bar, clock, span
from ..terminal_text import shown
from .event_words import style, words
from .known_names import KnownNames
from .watch_board import RunningNow, Seen, StepNow, WatchBoard

_NARROW: Final = 70
_WIDE: Final = 90
_HEADINGS: Final = 5
_ITEM: Final = "["


class WatchView:
    """Of what a board knows; `title` says what is watched."""

    def __init__(self, board: WatchBoard, names: KnownNames, title: str) -> None:
        self._board = board
        self._names = names
        self._title = shown(title)

    def rows(self, console: Console) -> tuple[int, int]:
        """How many of what runs, and at least how many events, find room."""
        room = max(2, console.height - _HEADINGS)
        return max(1, room // 2), max(1, room - room // 2)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, (most, _) = options.max_width, self.rows(console)
        seen = self._board.seen(console.height)
        running = seen.running[: most if seen.total <= most else most - 1]
        left = max(0, console.height - _HEADINGS - max(1, min(seen.total, most)))
        yield self._heading(seen, width)
        yield Text()
        yield from self._running(running, seen.total, width)
        yield Text()
        yield Text("LATEST EVENTS", "bold")
        if left:
            yield self._events(seen.events[-left:], width)

    def _heading(self, seen: Seen, width: int) -> Text:
        state = f"{seen.total} running  event {seen.seq}  {clock(wall_clock())}"
        heading = Text(no_wrap=True, overflow="ellipsis")
        if seen.trouble:
            heading.append(f"{seen.trouble}  ", "bold yellow")
        room = width - len(state) - len(heading) - 2
        if room >= len(self._title):
            heading.append(self._title.ljust(room + 2), "bold")
        heading.append(state, "dim")
        return heading

    def _running(self, rows: list[RunningNow], count: int, width: int) -> RenderResult:
        yield Text("RUNNING NOW", "bold")
        if not rows:
            yield Text("nothing", "dim")
            return
        table = Table.grid(padding=(0, 1, 0, 0), expand=True)
        table.add_column(width=1)
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(10, width // 3))
        table.add_column(no_wrap=True, justify="right", min_width=6)
        table.add_column(no_wrap=True, justify="right")
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for each in rows:
            table.add_row(*self._row(each, width))
        yield table
        if count > len(rows):
            yield Text(f"… and {count - len(rows)} more", "dim")

    def _row(self, each: RunningNow, width: int) -> list[Text]:
        name = self._names.of(each.schedule_id, each.workflow_id)
        elapsed = max(0.0, (wall_clock() - each.started_at).total_seconds())
        total = self._names.steps_of(each.workflow_id)
        counted = f"{len(each.ended)}/{total}" if total else ""
        return [
            Text("▶", "cyan"),
            Text(shown(name)),
            Text(span(elapsed), "dim"),
            Text(counted, "dim"),
            _steps(list(each.steps.values()), 0 if width < _NARROW else 16),
        ]

    def _events(self, events: list[Event], width: int) -> Table:
        table = Table.grid(padding=(0, 1, 0, 0), expand=True)
        table.add_column(no_wrap=True, style="dim")
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(10, width // 3))
        table.add_column(no_wrap=True, overflow="ellipsis")
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for event in events:
            kind = event.type if width >= _WIDE else event.type.removeprefix("workflow.")
            table.add_row(
                Text(clock(event.timestamp)),
                Text(shown(self._names.of(event.schedule_id, event.workflow_id))),
                Text(kind, style(event)),
                Text(words(event)),
            )
        return table


def _steps(steps: list[StepNow], width: int) -> Text:
    """Those that are under way; of a mapped step, how many of its items."""
    told = Text()
    plain = [each for each in steps if _ITEM not in each.name]
    items: dict[str, int] = {}
    for each in steps:
        if _ITEM in each.name:
            name = each.name.partition(_ITEM)[0]
            items[name] = items.get(name, 0) + 1
    for step in plain:
        told.append(shown(step.name))
        if count := items.pop(step.name, 0):
            told.append(f" ×{count}", "dim")
        if step.total:
            share = min(1.0, max(0.0, step.done / step.total))
            if width:
                told.append(f" {bar(step.done, step.total, width)}", "cyan")
            told.append(f" {share:.0%}")
        if step.note:
            told.append(f" {shown(step.note)}", "dim")
        told.append("  ")
    for name, count in items.items():
        told.append(f"{shown(name)} ×{count}  ")
    return told
