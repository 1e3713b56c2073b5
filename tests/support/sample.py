"""Records to begin with: complete, and changed where the test says so."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from quarterjack.storage import (
    Calendar,
    CalendarSource,
    Event,
    Execution,
    ExecutionConfig,
    ExecutionId,
    ExecutionStatus,
    Fire,
    FireOutcome,
    RunOptions,
    Schedule,
    ScheduleConfig,
    ScheduleId,
    ScheduleStatus,
    Trigger,
    WorkflowId,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_calendar(name: str = "bank", **changes: Any) -> Calendar:
    """A calendar of two days in December."""
    found = Calendar(
        name=name,
        description="",
        source=CalendarSource.DATES,
        days=((date(2026, 12, 25), date(2026, 12, 26)),),
        since=None,
        through=None,
        version=0,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(found, **changes)


def a_schedule(key: str = "sch_1", **changes: Any) -> Schedule:
    """An active schedule, due every minute."""
    found = Schedule(
        id=ScheduleId(key),
        workflow_id=WorkflowId("w"),
        name="a name",
        description="",
        status=ScheduleStatus.ACTIVE,
        note="",
        schedule_config=ScheduleConfig.model_validate({"cron": "* * * * *"}),
        execution_config=ExecutionConfig(),
        metadata={},
        version=1,
        created_at=NOW,
        updated_at=NOW,
        next_fire=NOW,
    )
    return replace(found, **changes)


def an_execution(key: str = "exe_1", schedule: str | None = "sch_1", **changes: Any) -> Execution:
    """An execution in the queue, due now."""
    found = Execution(
        id=ExecutionId(key),
        workflow_id=WorkflowId("w"),
        schedule_id=None if schedule is None else ScheduleId(schedule),
        status=ExecutionStatus.QUEUED,
        trigger=Trigger.CRON,
        scheduled_time=NOW,
        due=NOW,
        queued_at=NOW,
        priority=5,
        params={},
        context={},
        options=RunOptions(),
    )
    return replace(found, **changes)


def a_fire(execution: Execution | None, schedule: str = "sch_1", **changes: Any) -> Fire:
    """The ledger's row of an execution that was started on time."""
    found = Fire(
        ScheduleId(schedule),
        NOW,
        NOW,
        FireOutcome.STARTED,
        execution_id=None if execution is None else execution.id,
    )
    return replace(found, **changes)


def an_event(name: str = "a name") -> Event:
    """An event that needs nothing else."""
    return Event("schedule.created", NOW, ScheduleId("sch_1"), data={"name": name, "version": 1})
