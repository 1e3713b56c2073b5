"""Every state a schedule, an execution or a step can be in, and the changes that are allowed.

The tables are the whole truth: what they do not list raises `IllegalTransition`, and is logged.
"""

import logging
from enum import StrEnum

from .errors import IllegalTransition

logger = logging.getLogger("quarterjack.state")


class ScheduleStatus(StrEnum):
    """Whether a schedule fires."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"
    ERROR = "error"
    FINISHED = "finished"


class ExecutionStatus(StrEnum):
    """How far an execution has come."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timedOut"
    SKIPPED = "skipped"


class BackfillStatus(StrEnum):
    """Whether a backfill has something left to do."""

    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    """Somebody ended it; what ran then may take a moment to end."""


class StepStatus(StrEnum):
    """How far a step has come."""

    PENDING = "pending"
    RUNNING = "running"
    RETRYING = "retrying"
    WAITING = "waiting"
    """For its instant, its event, or the execution that it began."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timedOut"
    SKIPPED = "skipped"
    """It was not wanted, or could not begin any more."""


class Trigger(StrEnum):
    """What made an execution."""

    CRON = "cron"
    INTERVAL = "interval"
    AT = "at"
    EVENT = "event"
    MANUAL = "manual"
    BACKFILL = "backfill"
    RETRY = "retry"
    API = "api"


class FireOutcome(StrEnum):
    """What was decided about one due instant."""

    STARTED = "started"
    QUEUED = "queued"
    SKIPPED = "skipped"
    MISSED = "missed"
    CAUGHT_UP = "caughtUp"
    BACKFILLED = "backfilled"


class FireReason(StrEnum):
    """Why a due instant made no execution."""

    OVERLAP = "overlap"
    """An earlier execution had not ended."""
    EXCLUDED = "excluded"
    """The day is in `exclude`."""
    MAX_RUNS = "maxRuns"
    """The schedule has made as many executions as it may."""
    PAUSED = "paused"
    """It was paused, and the catch-up policy does not make up for it."""
    CATCH_UP_SKIPPED = "catchUpSkipped"
    """Nothing could fire at its time, and `catchUp` is `skip`."""
    CATCH_UP_WINDOW = "catchUpWindow"
    """Nothing could fire at its time, and it is older than `catchUpWindow`."""
    SUPERSEDED = "superseded"
    """Nothing could fire at its time, and a later instant stands for it (`catchUp: latest`)."""
    OUTSIDE = "outside"
    """The event came before `startAt`, or not before `endAt`."""
    LOOP = "loop"
    """The event came of an execution that this schedule itself led to."""
    CHAIN_TOO_LONG = "chainTooLong"
    """Too many schedules, one after the other, have led to the event."""


_Q, _R, _W = ExecutionStatus.QUEUED, ExecutionStatus.RUNNING, ExecutionStatus.WAITING
FINAL = frozenset(
    {
        ExecutionStatus.SUCCEEDED,
        ExecutionStatus.FAILED,
        ExecutionStatus.CANCELLED,
        ExecutionStatus.TIMED_OUT,
        ExecutionStatus.SKIPPED,
    }
)
"""An execution in one of these has ended and changes no more."""

UNFINISHED = frozenset(ExecutionStatus) - FINAL
FAILED = (ExecutionStatus.FAILED.value, ExecutionStatus.TIMED_OUT.value)
"""What counts as an error of the schedule."""

EXECUTION_TRANSITIONS: dict[ExecutionStatus, frozenset[ExecutionStatus]] = {
    _Q: FINAL - {ExecutionStatus.SUCCEEDED} | {_R},
    _R: FINAL - {ExecutionStatus.SKIPPED} | {_W},
    _W: FINAL - {ExecutionStatus.SKIPPED} | {_R},
    **{status: frozenset() for status in ExecutionStatus if status in FINAL},
}

SCHEDULE_TRANSITIONS: dict[ScheduleStatus, frozenset[ScheduleStatus]] = {
    ScheduleStatus.ACTIVE: frozenset(ScheduleStatus),
    ScheduleStatus.PAUSED: frozenset(
        {
            ScheduleStatus.PAUSED,
            ScheduleStatus.ACTIVE,
            ScheduleStatus.DISABLED,
            ScheduleStatus.FINISHED,
        }
    ),
    ScheduleStatus.DISABLED: frozenset(
        {ScheduleStatus.DISABLED, ScheduleStatus.ACTIVE, ScheduleStatus.FINISHED}
    ),
    ScheduleStatus.ERROR: frozenset(ScheduleStatus),
    ScheduleStatus.FINISHED: frozenset(
        {ScheduleStatus.FINISHED, ScheduleStatus.ACTIVE, ScheduleStatus.DISABLED}
    ),
}


def refused(kind: str, key: str, *, current: str, wanted: str) -> IllegalTransition:
    """The error for a change of state that is not allowed; each one is logged."""
    logger.warning(
        "refused: %s %s is %s and can't become %s",
        kind,
        key,
        current,
        wanted,
        extra={f"{kind}Id": key},
    )
    return IllegalTransition(kind, key, current=current, wanted=wanted)


def check_execution(key: str, current: ExecutionStatus, wanted: ExecutionStatus) -> None:
    """Refuse a change of an execution's status that the table does not allow."""
    if wanted not in EXECUTION_TRANSITIONS[current]:
        raise refused("execution", key, current=current, wanted=wanted)


def check_schedule(key: str, current: ScheduleStatus, wanted: ScheduleStatus) -> None:
    """Refuse a change of a schedule's status that the table does not allow."""
    if wanted not in SCHEDULE_TRANSITIONS[current]:
        raise refused("schedule", key, current=current, wanted=wanted)
