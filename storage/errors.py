"""The root of every error of ours, and those that any layer can raise.

Each carries what a program needs to react (ids, fields) and a sentence that says what to do next.
"""

from dataclasses import dataclass
from typing import Final

_MOST_SHOWN: Final = 10


class QuarterjackError(Exception):
    """Something in Quarterjack went wrong; the message says what to do."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field of an input: where it stands, and what is wrong with it."""

    loc: tuple[str | int, ...]
    msg: str


class InvalidInput(QuarterjackError):
    """The input can't be accepted as it is; `errors` names each wrong field."""

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = errors
        super().__init__(
            "; ".join(f"{'.'.join(map(str, e.loc)) or 'body'}: {e.msg}" for e in errors)
        )

    @classmethod
    def field(cls, *loc: str | int, msg: str) -> "InvalidInput":
        """An error of one field, given by its path from the outside in."""
        return cls([FieldError(loc, msg)])


class NotFound(QuarterjackError):
    """There is no such thing under that id."""

    def __init__(self, kind: str, key: str, *, hint: str | None = None) -> None:
        self.kind = kind
        self.key = key
        super().__init__(f"There is no {kind} {key!r}; {hint or 'list them to see which exist'}.")


class AlreadyExists(QuarterjackError):
    """The id is taken."""

    def __init__(self, kind: str, key: str) -> None:
        self.kind = kind
        self.key = key
        super().__init__(f"A {kind} {key!r} exists already; choose another id or change that one.")


class VersionConflict(QuarterjackError):
    """Somebody changed it first: read it again, and repeat the change on the newer version."""

    def __init__(self, kind: str, key: str, *, expected: int, found: int) -> None:
        self.kind = kind
        self.key = key
        self.expected = expected
        self.found = found
        super().__init__(
            f"The {kind} {key!r} is at version {found}, not {expected}; read it again and retry."
        )


class IllegalTransition(QuarterjackError):
    """The state does not allow that change."""

    def __init__(self, kind: str, key: str, *, current: str, wanted: str) -> None:
        self.kind = kind
        self.key = key
        self.current = current
        self.wanted = wanted
        super().__init__(f"The {kind} {key!r} is {current} and can't become {wanted}.")


class CalendarInUse(QuarterjackError):
    """Schedules name the calendar, so it can't be deleted."""

    def __init__(self, name: str, schedules: list[str]) -> None:
        self.name = name
        self.schedules = schedules
        shown = ", ".join(schedules[:_MOST_SHOWN])
        more = len(schedules) - _MOST_SHOWN
        if more > 0:
            shown += f" and {more} more"
        super().__init__(
            f"The calendar {name!r} is used by {shown}; take `calendar:{name}` out of their exclude "
            "first."
        )


class IdempotencyConflict(QuarterjackError):
    """Something else was asked for under that idempotency key: repeat it as it was, or take a new key."""


class NotPlainData(QuarterjackError):
    """A value is not plain data, or too large: `path` says where in the value."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")

    @classmethod
    def too_large(cls, path: str, size: int, limit: int) -> "NotPlainData":
        """The value is plain, but takes more bytes than may be stored."""
        return cls(
            path,
            f"{size:,} bytes when packed, over the limit of {limit:,}; "
            "keep it in a file or an object store, and pass its path or address on",
        )


class StorageUnavailable(QuarterjackError):
    """The database takes no writes at the moment (full, locked or read-only); repeat later."""


class DatabaseError(QuarterjackError):
    """The database can't be opened or used; the message names the file and the way out."""


class StorageFailed(StorageUnavailable):
    """The database's files could not be written (an I/O error): its connection has to be opened anew."""


class DatabaseDamaged(DatabaseError):
    """The database contradicts itself: it is not written to any more."""

    def __init__(self, database: object, found: object) -> None:
        super().__init__(
            f"database-corrupt: {database} is damaged ({found}). Keep its files; put the newest copy that "
            "`quarterjack backup` made in its place (docs/operation.md), or save what can be read with "
            "`sqlite3 FILE .recover`; `quarterjack check` says what is wrong."
        )


class DatabaseMoved(DatabaseError):
    """The database's file was deleted or replaced while it was used: what is written would be lost."""

    def __init__(self, path: object) -> None:
        super().__init__(
            f"database-moved: {path} was deleted or replaced by another file while it was in use; "
            "the server ends rather than write into a file that nobody finds again."
        )


class DatabaseInUse(DatabaseError):
    """Another process has the database open: stop that one, or ask it."""
