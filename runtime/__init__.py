"""All that a program needs to schedule workflows: define them, run them, watch them.

from quarterjack.runtime import Retry, Runtime, Workflow
"""

from typing import TYPE_CHECKING

from quarterjack.storage.lazy_names import lazy_names

if TYPE_CHECKING:
    from quarterjack.actors.schedule import OverlapRefused
    from quarterjack.actors.secret import Secret
    from quarterjack.actors.secret_params import SecretUnavailable
    from quarterjack.actors.workflow import Workflow, WorkflowDefinitionError
    from quarterjack.storage import (
        Calendar,
        CalendarInUse,
        DatabaseError,
        Event,
        Execution,
        ExecutionStatus,
        IdempotencyConflict,
        InvalidInput,
        NotFound,
        QuarterjackError,
        Retry,
        Schedule,
        ScheduleStatus,
    )

    from .calls import RuntimeNotStarted
    from .emitter import TooManyEvents
    from .execution_detail import ExecutionDetail
    from .health import Health, Readiness
    from .runners.worker_death import WorkersNotStarted
    from .runtime import Runtime
    from .settings import Settings
    from .step_context import StepContext
    from .step_logs import AttemptLog, LogLine
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "quarterjack.actors.schedule": "OverlapRefused",
            "quarterjack.actors.secret": "Secret",
            "quarterjack.actors.secret_params": "SecretUnavailable",
            "quarterjack.actors.workflow": "Workflow WorkflowDefinitionError",
            "quarterjack.storage": (
                "Calendar CalendarInUse DatabaseError Event Execution ExecutionStatus "
                "IdempotencyConflict InvalidInput NotFound QuarterjackError Retry Schedule "
                "ScheduleStatus"
            ),
            ".calls": "RuntimeNotStarted",
            ".emitter": "TooManyEvents",
            ".execution_detail": "ExecutionDetail",
            ".health": "Health Readiness",
            ".runners.worker_death": "WorkersNotStarted",
            ".runtime": "Runtime",
            ".settings": "Settings",
            ".step_context": "StepContext",
            ".step_logs": "AttemptLog LogLine",
        },
    )

__all__ = [
    "AttemptLog",
    "Calendar",
    "CalendarInUse",
    "DatabaseError",
    "Event",
    "Execution",
    "ExecutionDetail",
    "ExecutionStatus",
    "Health",
    "IdempotencyConflict",
    "InvalidInput",
    "LogLine",
    "NotFound",
    "OverlapRefused",
    "QuarterjackError",
    "Readiness",
    "Retry",
    "Runtime",
    "RuntimeNotStarted",
    "Schedule",
    "ScheduleStatus",
    "Secret",
    "SecretUnavailable",
    "Settings",
    "StepContext",
    "TooManyEvents",
    "WorkersNotStarted",
    "Workflow",
    "WorkflowDefinitionError",
]
