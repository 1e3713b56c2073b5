"""What an event says, in a line: its details in words, and the style of its kind. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ...shapes.events import Event
from ..step_states import clock, span
from ..terminal_text import shown

_LONGEST: Final = 300
_STYLES: Final = {
    "completed": "green",
    "failed": "red",
    "timedOut": "red",
    "error": "red",
    "cancelled": "yellow",
    "retrying": "yellow",
    "skipped": "yellow",
    "missed": "yellow",
    "paused": "yellow",
    "started": "cyan",
    "triggered": "cyan",
}


def style(event: Event) -> str:
    """By which it is told at a glance how it went."""
    return _STYLES.get(event.type.rpartition(".")[2], "")


def words(event: Event) -> str:
    """What there is to know beside type and names, as a terminal may show it."""
    told = [
        say(event.data[field])
        for field, say in _FIELDS.items()
        if event.data.get(field) not in (None, "", [])
    ]
    line = " ".join(filter(None, map(shown, told)))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def line(event: Event, name: str) -> str:
    """All of it, for who reads lines."""
    parts = (
        clock(event.timestamp),
        str(event.seq),
        event.type,
        shown(name),
        event.execution_id or "",
        words(event),
    )
    return "  ".join(filter(None, parts))


def _error(given: Any) -> str:
    if not isinstance(given, Mapping):
        return str(given)
    first = str(given.get("message", "")).strip().partition("\n")[0]
    return f"{given.get('type', '')}: {first}"


def _late(seconds: Any) -> str:
    return f"{span(seconds)} late" if seconds >= 1 else ""


def _attempt(number: Any) -> str:
    return f"attempt {number}" if number != 1 else ""


_FIELDS: Final[Mapping[str, Callable[[Any], str]]] = {
    "step": str,
    "attempt": _attempt,
    "trigger": str,
    "reason": str,
    "done": lambda done: f"{done:g}",
    "total": lambda total: f"of {total:g}",
    "note": str,
    "duration": lambda seconds: f"in {span(seconds)}",
    "delay": lambda seconds: f"again in {span(seconds)}",
    "lateness": _late,
    "instants": lambda count: f"{count} instants",
    "blockedBy": lambda key: f"because of {key}",
    "detail": str,
    "name": str,
    "status": str,
    "error": _error,
}
"""In this order, whichever an event has."""
