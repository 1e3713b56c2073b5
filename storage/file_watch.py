"""Whether a database's file is still the one that was opened, and how long its write-ahead log has grown."""

import logging
from pathlib import Path
from typing import Final

from .errors import DatabaseMoved

logger = logging.getLogger("quarterjack.storage")
LOG_KEPT: Final = 16 << 20
"""Bytes that the WAL keeps for what comes, when all in it is in the database file."""
LOG_IS_LONG: Final = 256 << 20
"""Bytes; more means that some reader has held one moment for long."""


class FileWatch:
    """Of a file that is open now. Blocks for moments."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = log_of(path)
        self._identity = _identity(path)
        self._told = False

    def look(self) -> None:
        """Raise `DatabaseMoved` if another file is there, or none; log when the WAL has grown long."""
        if _identity(self._path) != self._identity:
            raise DatabaseMoved(self._path)
        size = log_size(self._path)
        if size > LOG_IS_LONG and not self._told:
            logger.warning(
                "the write-ahead log %s has grown to %d MB: somebody has been reading the database for "
                "long, and it can't be emptied before they end",
                self._log,
                size >> 20,
            )
        self._told = size > LOG_IS_LONG


def log_of(path: Path) -> Path:
    """Where SQLite keeps a database's WAL: beside the file itself, whatever links lead there."""
    path = path.resolve()
    return path.with_name(path.name + "-wal")


def log_size(path: Path) -> int:
    """Bytes in the WAL; 0: there is none."""
    try:
        return log_of(path).stat().st_size
    except OSError:
        return 0


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
