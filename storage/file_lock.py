"""An exclusive lock file beside the database: a second process on the same file is refused."""

import fcntl
import os
from pathlib import Path

from .errors import DatabaseError, DatabaseInUse


class FileLock:
    """Held from construction to `release`; the operating system gives it back if the process dies."""

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DatabaseError(
                f"The lock file {path} can't be made: {error.strerror}. "
                "Check that its folder exists and may be written."
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._descriptor, 100, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise DatabaseInUse(
                f"The database is in use by process {owner or '(unknown)'}, which holds {path}; "
                "stop that one first, or give this one another database."
            ) from error
        self.was_left = os.fstat(self._descriptor).st_size > 0
        """Whether the one before did not give it back: it was killed, or the machine stopped."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    @classmethod
    def of(cls, database: Path) -> "FileLock":
        """The lock of a database file: the file's name with `.lock` behind it, whatever links lead there."""
        database = database.resolve()
        return cls(database.with_name(database.name + ".lock"))

    def release(self) -> None:
        """Give the lock back; the file stays, empty, because removing it would be a race."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
