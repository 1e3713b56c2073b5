"""One execution for people: what is known of it, its steps, and why it failed. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from rich.text import Text

from quarterjack.storage.statuses import StepStatus

from ... import json_text
from ...shapes.executions import Attempt, Awaits, ExecutionDetail, Progress, Step
from ...shapes.shape import Error
from ..terminal_text import shown
from .facts import Fact, fact_lines
from .fitted_table import Column, Shrink, table
from .marks import EXECUTIONS, STEPS, words
from .moments import local, relative, span
from .screen import safe

_BAR: Final = 10
_ITEMS: Final = 10
"""Items of a mapped step that are shown, beside their number."""
_LONGEST_VALUE: Final = 2_000
_COLUMNS: Final = (
    Column("STEP", 1, least=8, shrink=Shrink.CUT),
    Column("STATE", 1),
    Column("TRIES", 4, is_right=True),
    Column("TOOK", 2, is_right=True),
    Column("", 3, least=10, shrink=Shrink.CUT),
)
_TELLS: Final = {StepStatus.RUNNING, StepStatus.RETRYING, StepStatus.WAITING, StepStatus.FAILED}


def execution_lines(
    found: ExecutionDetail, schedule: str, now: datetime, width: int | None
) -> Iterator[Text]:
    """All of it but tracebacks; `schedule` is the name of its schedule."""
    yield from fact_lines(_facts(found, schedule, now), width)
    if found.steps:
        yield Text()
        yield from step_lines(found, now, width)


def step_lines(found: ExecutionDetail, now: datetime, width: int | None) -> list[Text]:
    """The table of its steps; of a mapped one, how many items are how far, and those to look at."""
    rows = [row for step in found.steps for row in _rows(step, now)]
    return table(_COLUMNS, rows, width)


def error_texts(found: ExecutionDetail) -> Iterator[Text]:
    """Why attempts failed, the last of each step with its traceback."""
    told = False
    for step in found.steps:
        for each in (step, *(step.items or ())):
            failed = [attempt for attempt in each.attempts if attempt.error is not None]
            if failed and each.status in (StepStatus.FAILED, StepStatus.TIMED_OUT):
                told = True
                yield from _error_text(f"{each.name}, attempt {failed[-1].number}", failed[-1])
    if found.error is not None and not told:
        yield Text()
        yield _traceback(found.error)


def _error_text(where: str, attempt: Attempt) -> Iterator[Text]:
    assert attempt.error is not None
    yield Text()
    yield Text(where, "bold red")
    yield _traceback(attempt.error)


def _traceback(error: Error) -> Text:
    """The message stands at a traceback's end, too, if there is one."""
    text = error.traceback.rstrip() or f"{error.type}: {error.message}"
    lines = [Text(shown(line.replace("\t", "    "))) for line in text.split("\n")]
    lines[-1].stylize("red")
    return Text("\n").join(lines)


def _facts(found: ExecutionDetail, schedule: str, now: datetime) -> Iterator[Fact]:
    yield "execution", safe(found.id, "bold")
    yield "status", _status(found)
    yield "workflow", safe(found.workflow_id)
    yield "schedule", safe(schedule)
    due = local(found.scheduled_time)
    yield "trigger", Text(f"{found.trigger.value}, due {due}")
    yield "started", Text(_at(found.started_at, now))
    yield "ended", Text(_at(found.ended_at, now))
    yield "wakes", Text(_at(found.wake_at, now))
    yield "took", Text(span(found.duration))
    if found.retry_of is not None:
        yield "retry of", safe(found.retry_of)
    if found.parent is not None:
        yield "begun by", safe(f"{found.parent.step} of {found.parent.execution_id}")
    yield "parameters", _value(found.params or None)
    yield "context", _value(found.context or None)
    yield "result", _value(found.result)
    if found.error is not None:
        yield "error", safe(f"{found.error.type}: {found.error.message}", "red")


def _status(found: ExecutionDetail) -> Text:
    return words(EXECUTIONS[found.status])


def _at(instant: datetime | None, now: datetime) -> str:
    return "" if instant is None else f"{local(instant)}, {relative(instant, now)}"


def _value(value: Any) -> Text:
    if value is None:
        return Text()
    text = json_text.dump(value).decode()
    return safe(text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…")


def _rows(step: Step, now: datetime) -> Iterator[tuple[Text, ...]]:
    yield _row(step, now, "")
    items = step.items or []
    telling = [each for each in items if each.status in _TELLS]
    for each in telling[:_ITEMS]:
        yield _row(each, now, "  ")


def _row(step: Step, now: datetime, indent: str) -> tuple[Text, ...]:
    tries = len(step.attempts)
    return (
        Text(indent) + safe(step.name, "bold" if not indent else ""),
        words(STEPS[step.status]),
        Text(str(tries) if tries > 1 else ""),
        Text(_took(step, now)),
        _note(step, now),
    )


def _took(step: Step, now: datetime) -> str:
    if not step.attempts:
        return ""
    begin, end = step.attempts[0].started_at, step.attempts[-1].ended_at
    if end is None or step.status in (StepStatus.RUNNING, StepStatus.RETRYING):
        end = now
    return span(max(0.0, (end - begin).total_seconds()))


def _note(step: Step, now: datetime) -> Text:
    if step.items is not None:
        return _counts(step.items)
    if step.status is StepStatus.RUNNING and step.progress is not None:
        return progress_bar(step.progress)
    if step.status is StepStatus.WAITING and step.awaits is not None:
        return safe(_awaited(step.awaits, now), "cyan")
    errors = [attempt.error for attempt in step.attempts if attempt.error is not None]
    if errors and step.status is not StepStatus.SUCCEEDED:
        return safe(f"{errors[-1].type}: {errors[-1].message}", "red")
    return Text()


def progress_bar(found: Progress) -> Text:
    """How far a step says it is."""
    if not found.total:
        return safe(f"{found.done:g} {found.note}".strip(), "cyan")
    share = min(1.0, max(0.0, found.done / found.total))
    filled = round(share * _BAR)
    bar = Text("█" * filled, "cyan") + Text("░" * (_BAR - filled), "dim")
    return Text.assemble(bar, f" {share:.0%} ", safe(found.note, "dim"))


def _counts(items: list[Step]) -> Text:
    if not items:
        return Text("no items", "dim")
    parts = []
    for status, mark in STEPS.items():
        count = sum(each.status is status for each in items)
        if count:
            parts.append(Text(f"{count} {mark.sign}", mark.style))
    return Text(f"{len(items)} items: ") + Text("  ").join(parts)


def _awaited(found: Awaits, now: datetime) -> str:
    if found.event is not None:
        limit = f", until {relative(found.until, now)}" if found.until else ""
        return f"for {found.event}" + (f" with {found.key}" if found.key else "") + limit
    if found.execution_id is not None:
        return f"for {found.execution_id}"
    return f"until {local(found.until)}, {relative(found.until, now)}"
