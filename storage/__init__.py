"""What is remembered: plain records, the tables they lie in, and the one way to write them.

A commit promises that a change and the events that tell of it are durable together, or not at all.
"""

from typing import TYPE_CHECKING

from .lazy_names import lazy_names

if TYPE_CHECKING:
    from .configs import CatchUp, ExecutionConfig, Overlap, Retry, ScheduleConfig
    from .errors import (
        AlreadyExists,
        CalendarInUse,
        DatabaseDamaged,
        DatabaseError,
        DatabaseInUse,
        FieldError,
        IdempotencyConflict,
        IllegalTransition,
        InvalidInput,
        NotFound,
        NotPlainData,
        QuarterjackError,
        StorageUnavailable,
        VersionConflict,
    )
    from .events import EVENT_TYPES, TOPICS, Event
    from .ids import (
        BackfillId,
        BootId,
        ExecutionId,
        IdSource,
        RandomIds,
        ScheduleId,
        SeededIds,
        TokenId,
        WorkflowId,
    )
    from .records import (
        Attempt,
        Awaited,
        Backfill,
        BackfillProgress,
        Calendar,
        CalendarDays,
        CalendarSource,
        Delivery,
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
    from .roles import Role
    from .statuses import (
        BackfillStatus,
        ExecutionStatus,
        FireOutcome,
        FireReason,
        ScheduleStatus,
        StepStatus,
        Trigger,
    )
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            ".configs": "CatchUp ExecutionConfig Overlap Retry ScheduleConfig",
            ".errors": (
                "AlreadyExists CalendarInUse DatabaseDamaged DatabaseError DatabaseInUse "
                "FieldError IdempotencyConflict IllegalTransition InvalidInput NotFound "
                "NotPlainData QuarterjackError StorageUnavailable VersionConflict"
            ),
            ".events": "EVENT_TYPES TOPICS Event",
            ".ids": (
                "BackfillId BootId ExecutionId IdSource RandomIds ScheduleId SeededIds "
                "TokenId WorkflowId"
            ),
            ".records": (
                "Attempt Awaited Backfill BackfillProgress Calendar CalendarDays "
                "CalendarSource Delivery Execution Failure Fire Progress RunOptions Schedule "
                "StepKey StepRun Totals"
            ),
            ".roles": "Role",
            ".statuses": (
                "BackfillStatus ExecutionStatus FireOutcome FireReason ScheduleStatus "
                "StepStatus Trigger"
            ),
        },
    )

__all__ = [
    "EVENT_TYPES",
    "TOPICS",
    "AlreadyExists",
    "Attempt",
    "Awaited",
    "Backfill",
    "BackfillId",
    "BackfillProgress",
    "BackfillStatus",
    "BootId",
    "Calendar",
    "CalendarDays",
    "CalendarInUse",
    "CalendarSource",
    "CatchUp",
    "DatabaseDamaged",
    "DatabaseError",
    "DatabaseInUse",
    "Delivery",
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
    "IdempotencyConflict",
    "IllegalTransition",
    "InvalidInput",
    "NotFound",
    "NotPlainData",
    "Overlap",
    "Progress",
    "QuarterjackError",
    "RandomIds",
    "Retry",
    "Role",
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
    "TokenId",
    "Totals",
    "Trigger",
    "VersionConflict",
    "WorkflowId",
]
