"""An execution as it goes on, until it has ended: drawn over on a terminal, else a line for each change.

Each event of it has it read anew; in between, only the clocks on the screen go on.
"""

from collections.abc import Callable, Iterator
from typing import Final

import pykka
from rich.console import Group
from rich.live import Live
from rich.text import Text

from quarterjack.actors.engine import wall_clock

from ...client import Client
from ...client.event_stream import EventStream
from ...shapes.executions import ExecutionDetail
from .execution_view import error_texts, execution_lines
from .marks import EXECUTIONS, STEPS
from .moments import local
from .schedule_names import names_of
from .screen import Screen, safe, screen

_TICK: Final = 0.25
"""Seconds after which the clocks on the screen go on."""


def follow(client: Client, key: str) -> ExecutionDetail:
    """Show it until it has ended; as it is then."""
    there = screen()
    with client.events("execution:*", key=key) as events:
        found = client.get_execution(key).get()
        names = names_of(client, [found.schedule_id])
        name = names.get(found.schedule_id or "", found.schedule_id or "")
        if there.is_terminal:
            ended = _drawn(there, found, name, events, lambda: client.get_execution(key).get())
        else:
            ended = _told(there, found, events, lambda: client.get_execution(key).get())
    for text in error_texts(ended):
        there.print_folded(text)
    return ended


Read = Callable[[], ExecutionDetail]


def _drawn(
    there: Screen, found: ExecutionDetail, name: str, events: EventStream, read: Read
) -> ExecutionDetail:
    def drawing(found: ExecutionDetail) -> Group:
        return Group(*execution_lines(found, name, wall_clock(), there.console.width))

    with Live(drawing(found), console=there.console, auto_refresh=False) as live:
        while found.ended_at is None:
            if _something_happened(events):
                found = read()
            live.update(drawing(found), refresh=True)
    return found


def _told(
    there: Screen, found: ExecutionDetail, events: EventStream, read: Read
) -> ExecutionDetail:
    known: dict[str, str] = {}
    there.print(_changes(found, known))
    while found.ended_at is None:
        if _something_happened(events):
            found = read()
            there.print(_changes(found, known))
    return found


def _something_happened(events: EventStream) -> bool:
    """Whether there were events; waits a moment for the first, and takes all that have come."""
    has_come, patience = False, _TICK
    try:
        while True:
            events.next(patience)
            has_come, patience = True, 0.0
    except pykka.Timeout:
        return has_come


def _changes(found: ExecutionDetail, known: dict[str, str]) -> Iterator[Text]:
    now = local(wall_clock())
    states = [(step.name, STEPS[step.status].words) for step in found.steps]
    states.append((found.id, EXECUTIONS[found.status].words))
    for name, state in states:
        if known.get(name) != state:
            known[name] = state
            yield safe(f"{now}  {name}  {state}")
