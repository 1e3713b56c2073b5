"""What is known of one thing: names to the left, values beside them, folded below themselves. Pure."""

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.containers import Lines
from rich.text import Text

Fact = tuple[str, Text]


def fact_lines(facts: Iterable[Fact], width: int | None) -> Iterator[Text]:
    """The lines; a fact without a value is left out, one without a name goes on from that above."""
    told = [(name, value) for name, value in facts if value.plain]
    edge = max((cell_len(name) for name, _ in told), default=0) + 2
    for name, value in told:
        for number, line in enumerate(_folded(value, width, edge)):
            label = name if number == 0 else ""
            yield Text.assemble((label, "dim"), " " * (edge - cell_len(label)), line)


def _folded(value: Text, width: int | None, edge: int) -> Lines:
    lines = value.split("\n")
    if width is None:
        return lines
    room = max(width - edge, 10)
    ruler = Console(width=room)
    return Lines(part for line in lines for part in line.wrap(ruler, room, overflow="fold"))
