"""What is known of one thing: names to the left, values beside them, folded below themselves. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.containers import Lines
from rich.text import Text

Fact = tuple[str, Text]
_LEAST: Final = 14
"""Columns that a value needs."""


def fact_lines(facts: Iterable[Fact], width: int | None) -> Iterator[Text]:
    """The lines; a fact without a value is left out, one without a name goes on from that above.

    Where there is no room beside the names, values stand below them.
    """
    told = [(name, value) for name, value in facts if value.plain]
    edge = max((cell_len(name) for name, _ in told), default=0) + 2
    if width is None or width - edge >= _LEAST:
        yield from _beside(told, edge, None if width is None else width - edge)
        return
    for name, value in told:
        if name:
            yield Text(name, "dim")
        for line in _folded(value, max(1, width - 2)):
            yield Text("  ") + line


def _beside(told: Iterable[Fact], edge: int, room: int | None) -> Iterator[Text]:
    for name, value in told:
        for number, line in enumerate(_folded(value, room)):
            label = "" if number else name
            yield Text.assemble((label, "dim"), " " * (edge - cell_len(label)), line)


def _folded(value: Text, room: int | None) -> Lines:
    lines = value.split("\n")
    if room is None:
        return lines
    ruler = Console(width=room)
    return Lines(part for line in lines for part in line.wrap(ruler, room, overflow="fold"))
