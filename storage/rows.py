"""Records to rows and back: the one place that knows how a record lies in its table."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import timedelta
from typing import Any

from .configs import ExecutionConfig, Overlap, Retry, ScheduleConfig
from .events import Event
from .plain_data import Packed, pack, pack_checked
from .records import (
    Attempt,
    Awaited,
    Backfill,
    Calendar,
    CalendarSource,
    Execution,
    Failure,
    Fire,
    Progress,
    RunOptions,
    Schedule,
    StepKey,
    StepRun,
    Totals,
)
from .statements import columns
from .statuses import (
    ExecutionStatus,
    FireOutcome,
    FireReason,
    ScheduleStatus,
    StepStatus,
    Trigger,
)
from .tables import (
    AttemptRow,
    BackfillRow,
    CalendarRow,
    ExecutionRow,
    FireRow,
    ScheduleRow,
    StepRow,
)

Row = Mapping[str, Any]
_MICROSECOND = timedelta(microseconds=1)


def micros(span: timedelta | None) -> int | None:
    """A span as it is stored."""
    return None if span is None else span // _MICROSECOND


def schedule_columns(schedule: Schedule) -> dict[str, Any]:
    """A schedule as its row."""
    totals = schedule.totals
    return columns(
        ScheduleRow,
        {
            "id": schedule.id,
            "workflow_id": schedule.workflow_id,
            "name": schedule.name,
            "description": schedule.description,
            "status": schedule.status.value,
            "note": schedule.note,
            "schedule_config": _config(schedule.schedule_config),
            "execution_config": _config(schedule.execution_config),
            "metadata": schedule.metadata,
            "version": schedule.version,
            "created_at": schedule.created_at,
            "updated_at": schedule.updated_at,
            "next_due": schedule.next_due,
            "next_fire": schedule.next_fire,
            "resumed_at": schedule.resumed_at,
            "runs": schedule.runs,
            "failures_in_row": schedule.failures_in_row,
            "event": schedule.schedule_config.event,
            "last_execution_at": schedule.last_execution_at,
            "last_error": schedule.last_error,
            "executions": totals.executions,
            "succeeded": totals.succeeded,
            "failed": totals.failed,
            "duration_sum": micros(totals.duration_sum),
            "last_duration": micros(totals.last_duration),
        },
    )


def to_schedule(row: Row) -> Schedule:
    """A schedule from its row."""
    last = row["last_duration"]
    return Schedule(
        id=row["id"],
        workflow_id=row["workflow_id"],
        name=row["name"],
        description=row["description"],
        status=ScheduleStatus(row["status"]),
        note=row["note"],
        schedule_config=ScheduleConfig.model_validate(row["schedule_config"]),
        execution_config=ExecutionConfig.model_validate(row["execution_config"]),
        metadata=row["metadata"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        next_due=row["next_due"],
        next_fire=row["next_fire"],
        resumed_at=row["resumed_at"],
        runs=row["runs"],
        failures_in_row=row["failures_in_row"],
        last_execution_at=row["last_execution_at"],
        last_error=_failure(row["last_error"]),
        totals=Totals(
            row["executions"],
            row["succeeded"],
            row["failed"],
            timedelta(microseconds=row["duration_sum"]),
            None if last is None else timedelta(microseconds=last),
        ),
    )


def execution_columns(execution: Execution) -> dict[str, Any]:
    """An execution as its row."""
    return columns(
        ExecutionRow,
        {
            **{name: getattr(execution, name) for name in _EXECUTION_PLAIN},
            "status": execution.status.value,
            "trigger": execution.trigger.value,
            "parent_id": execution.parent and execution.parent.execution_id,
            "parent_step": execution.parent and execution.parent.step,
            "options": packed_options(execution.options),
            "context": pack_checked(execution.context),
            "chain": execution.chain or None,
        },
    )


def packed_options(options: RunOptions) -> Packed:
    """What an execution took over, as it is stored."""
    return pack(
        {
            "timeout": micros(options.timeout),
            "retry": _config(options.retry) if options.retry else None,
            "maxConcurrency": options.max_concurrency,
            "steps": options.steps,
        }
    )


def to_execution(row: Row) -> Execution:
    """An execution from its row."""
    options = row["options"]
    timeout, retry, steps = options["timeout"], options["retry"], options.get("steps")
    return Execution(
        **{name: row[name] for name in _EXECUTION_PLAIN if name != "error"},
        error=_failure(row["error"]),
        status=ExecutionStatus(row["status"]),
        trigger=Trigger(row["trigger"]),
        parent=StepKey(row["parent_id"], row["parent_step"]) if row["parent_id"] else None,
        chain=tuple(row["chain"] or ()),
        options=RunOptions(
            None if timeout is None else timedelta(microseconds=timeout),
            Retry.model_validate(retry) if retry else None,
            options["maxConcurrency"],
            None if steps is None else tuple(steps),
        ),
    )


_EXECUTION_PLAIN = (
    "id",
    "workflow_id",
    "schedule_id",
    "scheduled_time",
    "due",
    "queued_at",
    "started_at",
    "ended_at",
    "priority",
    "params",
    "context",
    "result",
    "error",
    "retry_of",
    "boot_id",
    "wake_at",
    "stop_reason",
    "backfill_id",
    "traceparent",
)


def step_columns(execution_id: str, step: StepRun) -> dict[str, Any]:
    """A step as its row; the attempts have rows of their own."""
    return columns(
        StepRow,
        {
            "execution_id": execution_id,
            "name": step.name,
            "status": step.status.value,
            "result": step.result,
            "progress": step.progress,
            **step.awaited._asdict(),
        },
    )


def to_step(row: Row, attempts: tuple[Attempt, ...]) -> StepRun:
    """A step from its row and those of its attempts."""
    progress = row["progress"]
    return StepRun(
        name=row["name"],
        status=StepStatus(row["status"]),
        result=row["result"],
        progress=Progress(*progress) if progress else None,
        attempts=attempts,
        awaited=Awaited(*(row[name] for name in Awaited._fields)),
    )


def attempt_columns(execution_id: str, step: str, attempt: Attempt) -> dict[str, Any]:
    """An attempt as its row."""
    return columns(
        AttemptRow,
        {
            "execution_id": execution_id,
            "step": step,
            "number": attempt.number,
            "started_at": attempt.started_at,
            "ended_at": attempt.ended_at,
            "error": attempt.error,
        },
    )


def to_attempt(row: Row) -> Attempt:
    """An attempt from its row."""
    return Attempt(row["number"], row["started_at"], row["ended_at"], _failure(row["error"]))


def fire_columns(fire: Fire) -> dict[str, Any]:
    """A ledger entry as its row."""
    known = {name: getattr(fire, name) for name in _FIRE}
    return columns(FireRow, {**known, "jitter": micros(fire.jitter)})


_FIRE = tuple(each.name for each in fields(Fire))


def to_fire(row: Row) -> Fire:
    """A ledger entry from its row."""
    reason = row["reason"]
    return Fire(
        **{
            **row,
            "outcome": FireOutcome(row["outcome"]),
            "reason": FireReason(reason) if reason else None,
            "jitter": timedelta(microseconds=row["jitter"]),
        }
    )


def backfill_columns(backfill: Backfill) -> dict[str, Any]:
    """A backfill as its row."""
    return columns(BackfillRow, {**asdict(backfill), "overlap": backfill.overlap.value})


def to_backfill(row: Row) -> Backfill:
    """A backfill from its row."""
    return Backfill(**{**row, "overlap": Overlap(row["overlap"])})


def calendar_columns(calendar: Calendar, icalendar: str | None) -> dict[str, Any]:
    """A calendar as its row, with the text that its days were read from."""
    known = {name: getattr(calendar, name) for name in _CALENDAR}
    return columns(CalendarRow, {**known, "icalendar": icalendar})


def to_calendar(row: Row) -> Calendar:
    """A calendar from its row, with or without that text."""
    known = {name: row[name] for name in _CALENDAR}
    return Calendar(**{**known, "source": CalendarSource(row["source"])})


_CALENDAR = tuple(each.name for each in fields(Calendar))
CALENDAR_FIELDS: tuple[Any, ...] = tuple(getattr(CalendarRow, name) for name in _CALENDAR)
"""What of a row makes a calendar; the text that it was read from is left where it is."""


def to_event(row: Row) -> Event:
    """A committed event from its row."""
    return Event(**row)


def _config(config: ScheduleConfig | ExecutionConfig | Retry) -> dict[str, Any]:
    return config.model_dump(mode="json", exclude_defaults=True)


def _failure(parts: list[str] | None) -> Failure | None:
    return Failure(*parts) if parts else None
