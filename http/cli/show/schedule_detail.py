"""One schedule for people: what it does and when, how it went, and what is wrong with it. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from rich.text import Text

from ...shapes.executions import Execution
from ...shapes.schedules import CombinedStatus, ScheduledWorkflow
from ...shapes.summaries import ScheduleSummary
from ..step_states import EXECUTIONS, span
from ..step_words import error_words
from .execution_detail import json_value, traceback_text
from .facts import Fact, fact_lines
from .fitted_table import Column, Shrink, table
from .marks import SCHEDULES, signs, words
from .moments import local, moment_words
from .schedule_row import trouble
from .screen import safe

_EXECUTIONS: Final = (
    Column("STATUS", 1, least=1, shrink=Shrink.BEGIN),
    Column("FOR", 2),
    Column("TRIGGER", 5),
    Column("TOOK", 4, is_right=True),
    Column("ID", 1, least=12, shrink=Shrink.BEGIN),
    Column("ERROR", 3, least=12, shrink=Shrink.CUT),
)


class Known(NamedTuple):
    """What the server said of it; without a `summary` it was deleted meanwhile."""

    definition: ScheduledWorkflow
    status: CombinedStatus
    summary: ScheduleSummary | None
    coming: Sequence[datetime]


def schedule_lines(known: Known, now: datetime, width: int | None) -> Iterator[Text]:
    """All of it but the traceback of its last error."""
    yield from fact_lines(_facts(known, now, width), width)
    status = known.status
    executions = [*status.queued, *status.running, *status.execution_history]
    rows = [_row(each) for each in {each.id: each for each in executions}.values()]
    if rows:
        yield Text()
        yield from table(_EXECUTIONS, rows, width)


def error_texts(known: Known) -> Iterator[Text]:
    """Why it is in quarantine, or why its last execution that failed did."""
    error = known.status.last_error
    if error is not None:
        yield Text()
        yield Text("last error:", "bold")
        yield traceback_text(error)


def _facts(known: Known, now: datetime, width: int | None) -> Iterator[Fact]:
    definition, status, summary = known.definition, known.status, known.summary
    yield "schedule", safe(definition.name, "bold")
    yield "id", safe(definition.id)
    yield "status", words(SCHEDULES[status.schedule_status])
    yield "note", safe(status.note)
    yield "workflow", safe(definition.workflow_id)
    yield "description", safe(definition.description)
    if summary is not None:
        yield "trouble", trouble(summary, note=False)
        yield (
            "rule",
            safe(f"{summary.rule} ({summary.timezone})" if _has_zone(definition) else summary.rule),
        )
    for number, instant in enumerate(known.coming):
        yield "" if number else "next", Text(moment_words(instant, now, width))
    if summary is not None:
        yield "last runs", signs(each.status for each in summary.recent)
    yield "figures", Text(_figures(status))
    if definition.execution_config.params:
        yield "parameters", json_value(dict(definition.execution_config.params))


def _has_zone(found: ScheduledWorkflow) -> bool:
    return found.schedule_config.cron is not None


def _figures(found: CombinedStatus) -> str:
    metrics = found.metrics
    told = [f"{metrics.total_executions:,} executions", f"{metrics.failed_executions:,} failed"]
    if metrics.uptime is not None:
        told.append(f"{metrics.uptime:.1%} of 30 days succeeded")
    if metrics.average_execution_time is not None:
        told.append(f"{span(metrics.average_execution_time)} on average")
    return ", ".join(told) if metrics.total_executions else ""


def _row(found: Execution) -> tuple[Text, ...]:
    return (
        words(EXECUTIONS[found.status]),
        Text(local(found.scheduled_time)),
        Text(found.trigger.value, "dim"),
        Text("" if found.duration is None else span(found.duration)),
        safe(found.id, "dim"),
        Text(error_words(found.error), "red"),
    )
