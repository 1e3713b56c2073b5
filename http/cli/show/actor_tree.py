"""The supervision tree in lines, each actor below the one that supervises it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.text import Text

from ...shapes.server import Actor
from .fitted_table import Column, Shrink, table
from .screen import safe

ALIKE: Final = 10
"""Children of one supervisor that are shown though they have nothing to tell."""
_RUNNING: Final = "running"
_STATES: Final = {
    "starting": "cyan",
    _RUNNING: "green",
    "holding": "cyan",
    "restarting": "bold red",
    "stopping": "yellow",
    "stopped": "yellow",
}
_DEEP: Final = 100
"""Messages that wait, from which on it is worth a colour."""
_COLUMNS: Final = (
    Column("ACTOR", 1, least=14, shrink=Shrink.CUT),
    Column("STATE", 2),
    Column("WAIT", 3, is_right=True),
    Column("HANDLED", 5, is_right=True),
    Column("PER S", 6, is_right=True),
    Column("RESTARTS", 4, is_right=True),
    Column("LAST ERROR", 7, least=12, shrink=Shrink.CUT),
)


def tree_lines(
    found: Sequence[Actor],
    width: int | None,
    alike: int | None = ALIKE,
    before: Mapping[str, int] | None = None,
) -> list[Text]:
    """A line for each; `alike` is how many of a supervisor's quiet children are shown (None: all).

    `before` has how many messages each had handled a second ago.
    """
    children: dict[str | None, list[Actor]] = {}
    for each in found:
        children.setdefault(each.parent, []).append(each)
    rows = [
        row
        for root in children.get(None, [])
        for row in _rows(root, children, "", "", alike, before)
    ]
    return table(_COLUMNS, rows, width)


def fitting_lines(
    found: Sequence[Actor], width: int, height: int, before: Mapping[str, int]
) -> list[Text]:
    """The same in so many lines, with as many of the quiet ones as have room."""
    lines: list[Text] = []
    for alike in range(ALIKE, -1, -1):
        lines = tree_lines(found, width, alike, before)
        if len(lines) <= height:
            break
    return lines[:height]


def _rows(
    actor: Actor,
    children: Mapping[str | None, Sequence[Actor]],
    branch: str,
    below: str,
    alike: int | None,
    before: Mapping[str, int] | None,
) -> Iterator[tuple[Text, ...]]:
    yield _row(actor, branch, before)
    shown, hidden = _chosen(children.get(actor.path, ()), children, alike)
    for number, each in enumerate(shown, start=1):
        is_last = number == len(shown) and not hidden
        fork, rest = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        yield from _rows(each, children, below + fork, below + rest, alike, before)
    if hidden:
        more = Text(f"{below}└─ {hidden:,} more", "dim")
        yield (more, *[Text()] * (len(_COLUMNS) - 1))


def _chosen(
    found: Sequence[Actor], children: Mapping[str | None, Sequence[Actor]], alike: int | None
) -> tuple[list[Actor], int]:
    """Those that are shown, and how many are not."""
    if alike is None:
        return list(found), 0
    left, shown = alike, []
    for each in found:
        is_quiet = _is_quiet(each) and each.path not in children
        if is_quiet and not left:
            continue
        left -= is_quiet
        shown.append(each)
    return shown, len(found) - len(shown)


def _is_quiet(found: Actor) -> bool:
    return (
        found.state == _RUNNING
        and not found.mailbox_depth
        and not found.restarts
        and found.last_error is None
        and found.kind in ("schedule", "execution")
    )


def _row(found: Actor, branch: str, before: Mapping[str, int] | None) -> tuple[Text, ...]:
    depth, name = found.mailbox_depth, found.name or found.path
    return (
        Text(branch, "dim") + safe(name, "bold" if found.kind == "supervisor" else ""),
        safe(found.state, _STATES.get(found.state, "")),
        Text(f"{depth:,}" if depth else "", "yellow" if depth >= _DEEP else ""),
        Text(f"{found.handled:,}", "dim"),
        Text(_rate(found, before), "cyan"),
        Text(f"{found.restarts:,}" if found.restarts else "", "yellow"),
        safe(found.last_error or "", "red"),
    )


def _rate(found: Actor, before: Mapping[str, int] | None) -> str:
    if before is None or found.path not in before:
        return ""
    return f"{max(0, found.handled - before[found.path]):,}"
