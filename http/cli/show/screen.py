"""Where a command writes: a terminal of some width, or a pipe or file, where nothing is coloured or cut."""

import io
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.text import Text

from ..terminal_text import shown

_WIDEST: Final = 1_000_000


@dataclass(frozen=True)
class Screen:
    """`width` is how many characters a line may have; None: as many as it has."""

    console: Console
    width: int | None

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        return self.width is not None

    def print(self, lines: Iterable[Text]) -> None:
        """Print lines that fit; what is longer stands as it is."""
        for line in lines:
            self.console.print(line, no_wrap=True, overflow="ignore", crop=False, highlight=False)

    def print_folded(self, text: Text) -> None:
        """Print a text of any length, folded at the terminal's edge."""
        if self.width is None:
            self.print([text])
        else:
            self.console.print(text, overflow="fold", highlight=False)


def screen() -> Screen:
    """Standard output, as it is now."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that can't show a sign shows a "?"
    if sys.stdout.isatty():
        console = Console()
        return Screen(console, console.width)
    return Screen(Console(width=_WIDEST), None)


def safe(text: str, style: str = "") -> Text:
    """Text of others in one line, without the power to command the terminal.

    >>> safe("one\\n  two\\x1b[31m").plain
    'one two\\\\x1b[31m'
    """
    return Text(shown(" ".join(text.split())), style)
