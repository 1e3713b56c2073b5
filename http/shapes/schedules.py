"""Scheduled workflows as they are answered, what became of their due instants, and how they are."""

from typing import Any, ClassVar, Final

from pydantic import SerializerFunctionWrapHandler, model_serializer

from quarterjack import storage
from quarterjack.runtime.schedule_form import config_form
from quarterjack.storage import (
    CatchUp,
    ExecutionConfig,
    FireOutcome,
    FireReason,
    Overlap,
    ScheduleStatus,
)
from quarterjack.storage.instants import Instant
from quarterjack.storage.overviews import CombinedStatus as FoundStatus

from .executions import Execution
from .shape import Error, Seconds, Shape

_KINDS: Final = frozenset({"cron", "interval", "anchor", "at", "event", "eventFilter", "manual"})


class ScheduleRule(Shape):
    """When it fires: `scheduleConfig`, with the one kind of rule that it has."""

    cron: str | list[str] | None = None
    interval: Seconds | None = None
    anchor: Instant | None = None
    at: Instant | None = None
    event: str | None = None
    event_filter: dict[str, Any] | None = None
    manual: bool | None = None
    timezone: str
    start_at: Instant | None
    end_at: Instant | None
    jitter: Seconds
    max_runs: int | None
    exclude: list[str]
    overlap: Overlap
    catch_up: CatchUp
    catch_up_window: Seconds | None

    @model_serializer(mode="wrap")
    def _without_other_kinds(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = write(self)
        return {
            name: value for name, value in found.items() if value is not None or name not in _KINDS
        }


class ScheduledWorkflow(Shape):
    """A schedule with what it runs."""

    has_version: ClassVar[bool] = True

    id: str
    schedule_id: str
    """The same as `id`."""
    workflow_id: str
    name: str
    description: str
    enabled: bool
    schedule_config: ScheduleRule
    execution_config: ExecutionConfig
    metadata: dict[str, Any]
    version: int
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, found: storage.Schedule) -> "ScheduledWorkflow":
        """A schedule that is stored."""
        return cls(
            id=found.id,
            schedule_id=found.id,
            workflow_id=found.workflow_id,
            name=found.name,
            description=found.description,
            enabled=found.enabled,
            schedule_config=ScheduleRule.model_validate(config_form(found.schedule_config)),
            execution_config=found.execution_config,
            metadata=found.metadata,
            version=found.version,
            created_at=found.created_at,
            updated_at=found.updated_at,
        )


class Metrics(Shape):
    """How the executions of a schedule went; times in seconds."""

    total_executions: int
    successful_executions: int
    failed_executions: int
    average_execution_time: Seconds | None
    last_execution_duration: Seconds | None
    uptime: float | None
    """The share (0–1) of those ended in the last 30 days that succeeded; null: none has ended."""


class CombinedStatus(Shape):
    """A schedule and its executions."""

    has_version: ClassVar[bool] = True

    schedule_id: str
    workflow_id: str
    schedule_status: ScheduleStatus
    note: str
    last_execution: Instant | None
    next_execution: Instant | None
    running: list[Execution]
    queued: list[Execution]
    execution_history: list[Execution]
    """The newest ten."""
    execution_count: int
    error_count: int
    last_error: Error | None
    metrics: Metrics

    @classmethod
    def of(cls, found: FoundStatus) -> "CombinedStatus":
        """What was found of a schedule."""
        base, totals = found.schedule, found.schedule.totals
        average = totals.duration_sum / totals.executions if totals.executions else None
        return cls(
            schedule_id=base.id,
            workflow_id=base.workflow_id,
            schedule_status=base.status,
            note=base.note,
            last_execution=base.last_execution_at,
            next_execution=found.next_execution,
            running=[Execution.of(each) for each in found.running],
            queued=[Execution.of(each) for each in found.queued],
            execution_history=[Execution.of(each) for each in found.history],
            execution_count=totals.executions,
            error_count=totals.failed,
            last_error=Error.of(base.last_error),
            metrics=Metrics.model_validate(
                {
                    "totalExecutions": totals.executions,
                    "successfulExecutions": totals.succeeded,
                    "failedExecutions": totals.failed,
                    "averageExecutionTime": average,
                    "lastExecutionDuration": totals.last_duration,
                    "uptime": found.uptime,
                }
            ),
        )


class Upcoming(Shape):
    """The next due instants."""

    items: list[Instant]


class Fire(Shape):
    """A row of the fire ledger: what was decided about a due instant, or a long stretch of them."""

    scheduled_time: Instant
    through: Instant | None
    """The last one of a stretch."""
    decided_at: Instant
    outcome: FireOutcome
    reason: FireReason | None
    execution_id: str | None
    blocked_by: str | None
    """The execution that stood in the way."""
    lateness: Seconds
    jitter: Seconds
    instants: int

    @classmethod
    def of(cls, found: storage.Fire) -> "Fire":
        """A row that is stored."""
        return cls.model_validate(
            {
                "scheduledTime": found.due,
                "through": found.through,
                "decidedAt": found.decided_at,
                "outcome": found.outcome,
                "reason": found.reason,
                "executionId": found.execution_id,
                "blockedBy": found.blocked_by,
                "lateness": found.lateness,
                "jitter": found.jitter,
                "instants": found.instants,
            }
        )
