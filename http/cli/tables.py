"""Tables for people: fitted to the terminal, or as wide as they are where there is none."""

import sys
from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .terminal_text import shown

_WIDEST: Final = 1_000


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below headings; nothing in them is taken as markup or as a terminal's orders."""
    console = Console(width=None if sys.stdout.isatty() else _WIDEST)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text("\n".join(map(shown, cell.split("\n")))) for cell in row))
    console.print(table)
