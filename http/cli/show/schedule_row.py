"""A schedule as a row of a list. Pure."""

from datetime import datetime
from typing import Final

from rich.text import Text

from ...shapes.summaries import NewestRun, ScheduleSummary
from ..step_states import EXECUTIONS, span
from .fitted_table import Column, Shrink
from .marks import SCHEDULES, signs, words
from .moments import local, relative
from .screen import safe

_RECENT: Final = 10
COLUMNS: Final = (
    Column("STATUS", 2, least=1, shrink=Shrink.BEGIN),
    Column("NAME", 1, least=10, shrink=Shrink.CUT),
    Column("NEXT", 2),
    Column("TROUBLE", 3, least=8, shrink=Shrink.CUT),
    Column("LAST", 4),
    Column("TOOK", 7, is_right=True),
    Column("RUNS", 5),
    Column("RULE", 6, least=12, shrink=Shrink.CUT),
    Column("WORKFLOW", 8, least=8, shrink=Shrink.CUT),
    Column("ID", 9),
)


def row(found: ScheduleSummary, now: datetime | None) -> tuple[Text, ...]:
    """Its cells; times stand there relative to `now`, or without it as they are."""
    last = found.last_execution
    return (
        words(SCHEDULES[found.status]),
        safe(found.name, "bold"),
        Text(_next(found, now)),
        trouble(found),
        Text() if last is None else _last(last, now),
        Text("" if last is None or last.duration is None else span(last.duration), "dim"),
        signs(each.status for each in found.recent[-_RECENT:]),
        safe(found.rule),
        safe(found.workflow_id, "dim"),
        safe(found.schedule_id, "dim"),
    )


def trouble(found: ScheduleSummary, *, note: bool = True) -> Text:
    """What is wrong with it, and why it waits; with the note of who paused it."""
    parts = []
    if found.late:
        parts.append(Text("late", "bold red"))
    if found.failures_in_row > 1:
        parts.append(Text(f"failed {found.failures_in_row}×", "red"))
    if found.lost:
        parts.append(Text(f"lost {found.lost}", "yellow"))
    if found.queued:
        parts.append(Text(f"{found.queued} queued", "blue"))
    if note and found.note:
        parts.append(safe(found.note, "dim"))
    return Text(", ").join(parts)


def _next(found: ScheduleSummary, now: datetime | None) -> str:
    instant = found.next_execution
    return local(instant) if now is None else relative(instant, now)


def _last(found: NewestRun, now: datetime | None) -> Text:
    look = EXECUTIONS[found.status]
    instant = found.ended_at or found.started_at or found.scheduled_time
    when = local(instant) if now is None else relative(instant, now)
    return Text(f"{look.mark} {when}", look.colour)
