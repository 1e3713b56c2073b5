"""Gives the pages of what was deleted back to the file system, a limited number at a time.

What is likely to be used again soon stays: a tenth of the file. A page that is given back is exchanged with
the last one of the file; the file is shorter at the next checkpoint, which is the writer's own.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from .transaction import Transaction

PAGES: Final = 128
"""Of 4 KiB: half a megabyte in one transaction."""
_SPARE_PAGES: Final = 256


class GivenBack(NamedTuple):
    """How many pages, and whether there are more."""

    pages: int
    more: bool


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Give up to `most` pages back.

    A file that was made without incremental vacuum stays as large as it is.
    """

    most: int = PAGES

    def apply(self, transaction: Transaction) -> GivenBack:
        free, pages = transaction.free_pages()
        spare = max(_SPARE_PAGES, pages // 10)
        excess = free - spare
        if excess <= 0:
            return GivenBack(0, False)
        given = transaction.give_back(min(excess, self.most))
        return GivenBack(given, 0 < given < excess)
