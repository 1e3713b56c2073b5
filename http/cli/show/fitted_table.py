"""Tables that fit: where there is no room for all, columns are cut, or left out by their rank. Pure.

A line is never wrapped. Where there is no width to fit (a pipe), every column stands there uncut.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from rich.cells import cell_len
from rich.text import Text

_GAP: Final = 2


class Shrink(Enum):
    """What may become of a column that is too wide."""

    NOT = "it stays, or is left out"
    CUT = "its end becomes …"
    BEGIN = "its beginning stays, as that of an id that is as good as the whole"


@dataclass(frozen=True, slots=True)
class Column:
    """Those with a high `rank` are the first to be left out; `least` is how narrow it may become."""

    heading: str
    rank: int
    least: int = 0
    shrink: Shrink = Shrink.NOT
    is_right: bool = False
    """Whether its cells stand to the right, as numbers do."""


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[Text]], width: int | None
) -> list[Text]:
    """A line of headings, and a line for each row; columns without any text are left out."""
    cells = list(rows)
    natural = [
        max([cell_len(row[at].plain) for row in cells], default=0) for at in range(len(columns))
    ]
    filled = [at for at, size in enumerate(natural) if size or not cells]
    sizes = {at: max(natural[at], cell_len(columns[at].heading)) for at in filled}
    if width is not None:
        sizes = fit({at: columns[at] for at in filled}, sizes, width)
    headings = [Text(column.heading, "bold") for column in columns]
    return [_line(columns, row, sizes) for row in [headings, *cells]]


def fit(columns: dict[int, Column], sizes: dict[int, int], width: int) -> dict[int, int]:
    """The columns that find room, and how wide each is.

    >>> name, team = Column("NAME", 1, least=8, shrink=Shrink.CUT), Column("TEAM", 2)
    >>> fit({0: name, 1: team}, {0: 20, 1: 6}, 30), fit({0: name, 1: team}, {0: 20, 1: 6}, 18)
    ({0: 20, 1: 6}, {0: 10, 1: 6})
    >>> fit({0: name, 1: team}, {0: 20, 1: 6}, 12)
    {0: 12}
    """
    kept = dict(sizes)
    while len(kept) > 1 and _sum(_least(columns[at], size) for at, size in kept.items()) > width:
        del kept[max(kept, key=lambda at: columns[at].rank)]
    for at in sorted(kept, key=lambda at: -columns[at].rank):
        if columns[at].shrink is Shrink.BEGIN and _sum(kept.values()) > width:
            kept[at] = _least(columns[at], kept[at])
    while (excess := _sum(kept.values()) - width) > 0:
        spare = {at: kept[at] - _least(columns[at], kept[at]) for at in kept}
        widest = max(spare, key=lambda at: spare[at])
        if spare[widest] <= 0:
            kept[widest] = max(1, kept[widest] - excess)
            break
        kept[widest] -= 1
    return kept


def _least(column: Column, size: int) -> int:
    return size if column.shrink is Shrink.NOT else min(size, column.least)


def _sum(sizes: Iterable[int]) -> int:
    found = list(sizes)
    return sum(found) + _GAP * (len(found) - 1)


def _line(columns: Sequence[Column], row: Sequence[Text], sizes: dict[int, int]) -> Text:
    parts = []
    for at, size in sizes.items():
        cell = row[at].copy()
        cuts = columns[at].shrink is not Shrink.BEGIN
        cell.truncate(size, overflow="ellipsis" if cuts else "crop")
        blank = " " * (size - cell_len(cell.plain))
        parts.append(Text.assemble(blank, cell) if columns[at].is_right else cell + Text(blank))
    line = Text(" " * _GAP).join(parts)
    line.rstrip()
    return line
