"""One execution for people: what is known of it, its steps, and why it failed. Pure."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from rich.text import Text

from quarterjack.storage.statuses import StepStatus

from ... import json_text
from ...shapes.executions import Attempt, ExecutionDetail, Step
from ...shapes.shape import Error
from ..step_states import EXECUTIONS, STEPS, bar, span
from ..step_words import detail_words, error_words, items_ended, share, step_seconds
from ..terminal_text import shown
from .facts import Fact, fact_lines
from .fitted_table import Column, Shrink, table
from .marks import words
from .moments import local, moment_words
from .screen import safe

_BAR: Final = 12
_ITEMS: Final = 10
"""Items of a mapped step that are shown, beside their number."""
_LONG_VALUE: Final = 60
_LONGEST_VALUE: Final = 2_000
_COLUMNS: Final = (
    Column("STEP", 1, least=8, shrink=Shrink.CUT),
    Column("STATE", 1, least=1, shrink=Shrink.BEGIN),
    Column("TRIES", 4, is_right=True),
    Column("TOOK", 3, is_right=True),
    Column("", 2, least=10, shrink=Shrink.CUT),
)
_FAILED: Final = frozenset({StepStatus.FAILED, StepStatus.TIMED_OUT})
_TELLING: Final = _FAILED | {StepStatus.RUNNING, StepStatus.RETRYING, StepStatus.WAITING}


def execution_lines(
    found: ExecutionDetail, schedule: str, now: datetime, width: int | None
) -> Iterator[Text]:
    """All of it but tracebacks; `schedule` is the name of its schedule."""
    yield from fact_lines(_facts(found, schedule, now, width), width)
    if found.steps:
        yield Text()
        yield from step_lines(found, now, width)


def step_lines(found: ExecutionDetail, now: datetime, width: int | None) -> list[Text]:
    """The table of its steps; of a mapped one, how many items are how far, and those to look at."""
    rows = [row for step in found.steps for row in _rows(step, now)]
    return table(_COLUMNS, rows, width)


def error_texts(found: ExecutionDetail) -> Iterator[Text]:
    """Why steps failed: the traceback of the last attempt of each; else why the execution did."""
    told = False
    for step in found.steps:
        for each in (step, *(step.items or ())):
            failed = [attempt for attempt in each.attempts if attempt.error is not None]
            if failed and each.status in _FAILED:
                told = True
                yield from _error_text(each.name, failed[-1])
    if found.error is not None and not told:
        yield Text()
        yield traceback_text(found.error)


def _error_text(step: str, attempt: Attempt) -> Iterator[Text]:
    assert attempt.error is not None
    yield Text()
    yield safe(f"{step}, attempt {attempt.number}:", "bold")
    yield traceback_text(attempt.error)


def traceback_text(error: Error) -> Text:
    """As Python shows it, or the message where there is none."""
    text = error.traceback.rstrip() or f"{error.type}: {error.message}"
    lines = [Text(shown(line.replace("\t", "    "))) for line in text.split("\n")]
    lines[-1].stylize("red")
    return Text("\n").join(lines)


def _facts(
    found: ExecutionDetail, schedule: str, now: datetime, width: int | None
) -> Iterator[Fact]:
    yield "execution", safe(found.id, "bold")
    yield "status", words(EXECUTIONS[found.status])
    yield "workflow", safe(found.workflow_id)
    yield "schedule", safe(schedule)
    yield "trigger", Text(f"{found.trigger.value}, for {local(found.scheduled_time)}")
    yield "started", Text(moment_words(found.started_at, now, width))
    yield "ended", Text(moment_words(found.ended_at, now, width))
    yield "goes on", Text(moment_words(found.wake_at, now, width))
    yield "took", Text("" if found.duration is None else span(found.duration))
    yield "retry of", safe(found.retry_of or "")
    if found.parent is not None:
        yield "begun by", safe(f"{found.parent.step} of {found.parent.execution_id}")
    yield "backfill", safe(found.backfill_id or "")
    yield "parameters", json_value(found.params or None)
    yield "context", json_value(found.context or None)
    yield "result", json_value(found.result)
    yield "error", Text(error_words(found.error), "red")


def json_value(value: Any) -> Text:
    """In a line if it is a short one, else as programs lay out JSON."""
    if value is None:
        return Text()
    text = json_text.dump(value).decode()
    if len(text) > _LONG_VALUE:
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    cut = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} …"
    return Text("\n").join(Text(shown(line)) for line in cut.split("\n"))


def _rows(step: Step, now: datetime) -> Iterator[tuple[Text, ...]]:
    yield _row(step, now, "")
    telling = [each for each in step.items or () if each.status in _TELLING]
    for each in telling[:_ITEMS]:
        yield _row(each, now, "  ")
    if len(telling) > _ITEMS:
        yield (Text(f"  and {len(telling) - _ITEMS:,} more", "dim"), *[Text()] * 4)


def _row(step: Step, now: datetime, indent: str) -> tuple[Text, ...]:
    tries, seconds = len(step.attempts), step_seconds(step, now)
    return (
        safe(step.name, "" if indent else "bold") if not indent else Text(indent) + safe(step.name),
        words(STEPS[step.status]),
        Text(str(tries) if tries > 1 else ""),
        Text("" if seconds is None else span(seconds)),
        _note(step),
    )


def _note(step: Step) -> Text:
    look = STEPS[step.status]
    if (part := share(step)) is not None:
        done, total = part
        percent = f" {min(1.0, done / total):.0%} " if total else " "
        return Text.assemble((bar(done, total, _BAR), look.colour), percent, detail_words(step))
    if step.status in _FAILED and (items := items_ended(step)) is not None:
        failed = sum(each.status in _FAILED for each in step.items or ())
        return Text(f"{failed} of {items[1]} items failed", look.colour)
    return Text(detail_words(step), look.colour if step.status in _TELLING else "dim")
