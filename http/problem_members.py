"""What a problem says beside its sentence, by one table: the server writes it, the client reads it back."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic.alias_generators import to_camel

from quarterjack.runtime import OverlapRefused
from quarterjack.storage import (
    AlreadyExists,
    CalendarInUse,
    IllegalTransition,
    NotFound,
    NotPlainData,
    VersionConflict,
)

MEMBERS: Final[Mapping[type[Exception], tuple[str, ...]]] = {
    NotFound: ("kind", "key"),
    AlreadyExists: ("kind", "key"),
    VersionConflict: ("kind", "key", "expected", "found"),
    IllegalTransition: ("kind", "key", "current", "wanted"),
    OverlapRefused: ("schedule_id", "blocked_by"),
    CalendarInUse: ("name", "schedules"),
    NotPlainData: ("path", "reason"),
}
"""Error class → those of its attributes that programs need; a subclass has its parent's, too."""


def members_of(error: Exception) -> dict[str, Any]:
    """Those of an error, by their names on the wire.

    >>> members_of(NotFound("schedule", "sch_1"))
    {'kind': 'schedule', 'key': 'sch_1'}
    """
    return {to_camel(name): getattr(error, name) for name in names_of(type(error))}


def names_of(kind: type[BaseException]) -> list[str]:
    """The attributes of an error of that class that are told."""
    return [name for each in kind.__mro__ for name in MEMBERS.get(each, ())]
