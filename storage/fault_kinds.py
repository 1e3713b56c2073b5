"""What an error of SQLite says about the database: that it is damaged, or that its files fail."""

import sqlite3
from collections.abc import Iterator
from typing import Final

_PRIMARY: Final = 0xFF
"""The rest of a code says where exactly it happened."""
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def is_damage(error: BaseException) -> bool:
    """Whether the database contradicts itself; also for what peewee makes of such an error."""
    return any(_code(each) in _DAMAGE for each in _chain(error))


def is_file_failure(error: BaseException) -> bool:
    """Whether reading, writing or syncing its files failed: an I/O error, not a lack of space."""
    return any(_code(each) == sqlite3.SQLITE_IOERR for each in _chain(error))


def _code(error: BaseException) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = (
            getattr(error, "orig", None) or error.__cause__ or error.__context__
        )  # peewee's first
