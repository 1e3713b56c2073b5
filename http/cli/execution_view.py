"""An execution while it runs: its steps with their states, how long, and bars; or a line for each change.

`show` is called by the thread that follows it; rich draws from a thread of its own on a terminal.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from quarterjack.actors.engine.clock import wall_clock

from ..shapes.executions import ExecutionDetail, Step
from .step_states import ENDED_STEPS, EXECUTIONS, STEPS, bar, span
from .step_words import changes, detail_words, share, step_seconds, steps_ended
from .terminal_text import shown

_EACH_SECOND: Final = 5
_NARROW: Final = 60
_ROWS_BESIDE: Final = 4
_FEWEST: Final = 3
_FOR_CTRL_C: Final = 2
"""Characters that the terminal shows for it behind the last line, which must not make another line."""


class ExecutionView:
    """Of one execution, called `title`; on a terminal it is drawn again and again, else told in lines."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = shown(title)
        self._found: ExecutionDetail | None = None
        self._trouble = ""

    @contextmanager
    def drawn(self) -> Iterator[None]:
        """Draw until the block is left; what is then stays on the terminal."""
        if not self._console.is_terminal:
            yield
            return
        with Live(self, console=self._console, refresh_per_second=_EACH_SECOND):
            yield

    def show(self, found: ExecutionDetail) -> None:
        """What the server says of it now."""
        if not self._console.is_terminal:
            for line in changes(self._found, found, wall_clock()):
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        self._found, self._trouble = found, ""

    def trouble(self, told: str) -> None:
        """Why nothing can be said of it at the moment."""
        if told != self._trouble and not self._console.is_terminal:
            self._console.print(told, markup=False, highlight=False, soft_wrap=True)
        self._trouble = told

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        found, trouble = self._found, self._trouble
        width = options.max_width - _FOR_CTRL_C
        if found is None:
            yield _cut(Text(f"{self._title}: {trouble or '…'}", "dim"), width)
            return
        yield _cut(self._heading(found, width), width)
        yield _step_table(_fitting(found.steps, console.height), width)
        if trouble:
            yield _cut(Text(trouble, "yellow"), width)

    def _heading(self, found: ExecutionDetail, width: int) -> Text:
        look = EXECUTIONS[found.status]
        heading = Text()
        heading.append(f"{look.mark} ", look.colour)
        heading.append(self._title, "bold")
        heading.append(f"  {look.word}", look.colour)
        if found.started_at is not None:
            until = found.ended_at or wall_clock()
            seconds = found.duration or (until - found.started_at).total_seconds()
            heading.append(f"  {span(seconds)}")
        if found.steps:
            done, total = steps_ended(found), len(found.steps)
            if width >= _NARROW:
                heading.append(f"  {bar(done, total, 12)}", "cyan")
            heading.append(f"  {done}/{total}", "dim")
        return heading


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    return line


def _fitting(steps: Sequence[Step], height: int) -> list[Step | str]:
    """As many as the terminal has rows for: round the first that has not ended; a text tells of the rest."""
    room = max(_FEWEST, height - _ROWS_BESIDE)
    if len(steps) <= room:
        return list(steps)
    first = next(
        (at for at, each in enumerate(steps) if each.status not in ENDED_STEPS), len(steps)
    )
    start = min(max(0, first - 1), len(steps) - room)
    end = start + room
    part: list[Step | str] = list(steps[start:end])
    if start:
        part[0] = f"… {start + 1} before"
    if end < len(steps):
        part[-1] = f"… {len(steps) - end + 1} more"
    return part


def _step_table(steps: Sequence[Step | str], width: int) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.width = width
    table.add_column(width=1)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(12, width // 3))
    table.add_column(no_wrap=True, justify="right", min_width=6)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    now = wall_clock()
    for step in steps:
        if isinstance(step, str):
            table.add_row("", Text(step, "dim"), "", "")
            continue
        look = STEPS[step.status]
        seconds = step_seconds(step, now)
        table.add_row(
            Text(look.mark, look.colour),
            Text(shown(step.name), "dim" if look.colour == "dim" else ""),
            Text("" if seconds is None else span(seconds), "dim"),
            _state(step, width),
        )
    return table


def _state(step: Step, width: int) -> Text:
    look = STEPS[step.status]
    part, detail = share(step), detail_words(step)
    if part is None:
        return Text.assemble((look.word, look.colour), f"  {detail}" if detail else "")
    done, total = part
    length = 8 if width < _NARROW else 20
    percent = f"{min(1.0, done / total):.0%}" if total else "0%"
    return Text.assemble(
        (bar(done, total, length), look.colour), f" {percent}", f"  {detail}" if detail else ""
    )
