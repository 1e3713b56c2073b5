"""What is remembered: plain records, the tables they lie in, and the one way to write them.

A commit promises that a change and the events that tell of it are durable together, or not at all.
"""

from .configs import CatchUp, ExecutionConfig, Overlap, Retry, ScheduleConfig
from .errors import (
    AlreadyExists,
    DatabaseError,
    FieldError,
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPlainData,
    QuarterjackError,
    StorageUnavailable,
    VersionConflict,
)
from .events import EVENT_TYPES, TOPICS, Event
from .ids import BootId, ExecutionId, IdSource, RandomIds, ScheduleId, SeededIds, WorkflowId
from .records import (
    Attempt,
    Awaited,
    CalendarDays,
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
from .statuses import (
    ExecutionStatus,
    FireOutcome,
    FireReason,
    ScheduleStatus,
    StepStatus,
    Trigger,
)

__all__ = [
    "EVENT_TYPES",
    "TOPICS",
    "AlreadyExists",
    "Attempt",
    "Awaited",
    "BootId",
    "CalendarDays",
    "CatchUp",
    "DatabaseError",
    "Event",
    "Execution",
    "ExecutionConfig",
    "ExecutionId",
    "ExecutionStatus",
    "Failure",
    "FieldError",
    "Fire",
    "FireOutcome",
    "FireReason",
    "IdSource",
    "IllegalTransition",
    "InvalidInput",
    "NotFound",
    "NotPlainData",
    "Overlap",
    "Progress",
    "QuarterjackError",
    "RandomIds",
    "Retry",
    "RunOptions",
    "Schedule",
    "ScheduleConfig",
    "ScheduleId",
    "ScheduleStatus",
    "SeededIds",
    "StepKey",
    "StepRun",
    "StepStatus",
    "StorageUnavailable",
    "Totals",
    "Trigger",
    "VersionConflict",
    "WorkflowId",
]
