"""What attempts have written: what of it is new since the last look, and each line as it is printed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from rich.text import Text

from ...client import Client
from ...shapes.executions import ExecutionDetail, LogLine, Step
from ..step_states import ENDED_STEPS, clock
from ..terminal_text import shown
from .moments import local

_LEVELS: Final = {
    "DEBUG": "dim",
    "WARNING": "yellow",
    "ERROR": "red",
    "CRITICAL": "bold red",
}
_COLOURS: Final = ("cyan", "magenta", "blue", "green")
_LOG: Final = "log"


class Told(NamedTuple):
    """A line, and who wrote it."""

    step: str
    attempt: int
    line: LogLine


class _Seen(NamedTuple):
    """How far an attempt's lines are read: the time of the last one, and how many have that time."""

    time: datetime
    those: int


class LogReader:
    """Of some steps of one execution; steps that have ended are read once more, and then no more."""

    def __init__(self, client: Client, key: str) -> None:
        self._client = client
        self._key = key
        self._seen: dict[tuple[str, int], _Seen] = {}
        self._over: set[str] = set()

    def new_lines(self, steps: Iterable[Step]) -> list[Told]:
        """What has come since the last time, in the order of time."""
        asked = [each for each in steps if each.attempts and each.name not in self._over]
        replies = [(each, self._client.get_step_logs(self._key, each.name)) for each in asked]
        found: list[Told] = []
        for step, reply in replies:
            for attempt in reply.get():
                found += self._new(step.name, attempt.attempt, attempt.lines)
            if step.status in ENDED_STEPS:
                self._over.add(step.name)
        return sorted(found, key=lambda told: told.line.time)

    def _new(self, step: str, attempt: int, lines: Sequence[LogLine]) -> list[Told]:
        seen = self._seen.get((step, attempt))
        if lines:
            last = lines[-1].time
            count = sum(line.time == last for line in lines)
            self._seen[step, attempt] = _Seen(last, count)
        if seen is None:
            new = list(lines)
        else:
            new = [line for line in lines if line.time > seen.time]
            new = [line for line in lines if line.time == seen.time][seen.those :] + new
        return [Told(step, attempt, line) for line in new]


def steps_of(found: ExecutionDetail) -> list[Step]:
    """All of them, mapped ones as their items."""
    return [each for step in found.steps for each in (step, *(step.items or ()))]


def line_text(told: Told, names: Sequence[str], *, on_terminal: bool) -> Text:
    """As it is printed; with the step's name if there are several `names`."""
    line = told.line
    begun = line.time.year > 1970  # a line without an end, before any other, has no time yet
    time = (clock(line.time) if on_terminal else local(line.time)) if begun else ""
    text = Text.assemble((f"{time} ", "dim"))
    if len(names) > 1:
        who = shown(told.step) + (f"#{told.attempt}" if told.attempt > 1 else "")
        text.append(f"{who} ", _COLOURS[names.index(told.step) % len(_COLOURS)])
    if line.stream == _LOG:
        level = line.level.upper()
        text.append(f"{level} {shown(line.text)}", _LEVELS.get(level, ""))
    else:
        text.append(shown(line.text), "yellow" if line.stream == "stderr" else "")
    return text
