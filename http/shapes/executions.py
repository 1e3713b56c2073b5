"""Executions as they are answered, in lists and with their steps."""

from typing import Any

from quarterjack import runtime, storage
from quarterjack.storage import ExecutionStatus, StepStatus, Trigger
from quarterjack.storage.instants import Instant

from .shape import Error, Seconds, Shape


class Started(Shape):
    """What was asked for is recorded, and runs when it is its turn."""

    execution_id: str


class StartedMany(Shape):
    """The executions that began, or go on, because of it."""

    execution_ids: list[str]


class Parent(Shape):
    """The step that an execution was started by."""

    execution_id: str
    step: str


class Execution(Shape):
    """An execution, without its steps."""

    id: str
    workflow_id: str
    schedule_id: str | None
    status: ExecutionStatus
    trigger: Trigger
    scheduled_time: Instant
    queued_at: Instant
    started_at: Instant | None
    ended_at: Instant | None
    duration: Seconds | None
    priority: int
    params: dict[str, Any]
    context: dict[str, Any]
    result: Any
    error: Error | None
    retry_of: str | None
    parent: Parent | None
    wake_at: Instant | None
    """When one that waits goes on by itself."""
    backfill_id: str | None

    @classmethod
    def of(cls, found: storage.Execution) -> "Execution":
        """An execution that is stored."""
        return cls(**_fields(found))


class Progress(Shape):
    """How far a step says it is."""

    done: float
    total: float | None
    note: str


class Attempt(Shape):
    """One try of a step; `number` counts from 1."""

    number: int
    started_at: Instant
    ended_at: Instant | None
    error: Error | None

    @classmethod
    def of(cls, found: storage.Attempt) -> "Attempt":
        """An attempt that is stored."""
        return cls(
            number=found.number,
            started_at=found.started_at,
            ended_at=found.ended_at,
            error=Error.of(found.error),
        )


class Awaits(Shape):
    """What a step waits for: an instant, an event, or another execution."""

    until: Instant | None
    event: str | None
    key: str | None
    execution_id: str | None

    @classmethod
    def of(cls, found: storage.Awaited) -> "Awaits | None":
        """What is awaited, if anything is."""
        if found == storage.Awaited():
            return None
        return cls(
            until=found.wake_at,
            event=found.event,
            key=found.event_key or None,
            execution_id=found.child_id,
        )


class Step(Shape):
    """A step of an execution, or an item of a mapped one."""

    name: str
    status: StepStatus
    depends_on: list[str]
    attempts: list[Attempt]
    result: Any
    progress: Progress | None
    awaits: Awaits | None
    items: list["Step"] | None = None
    """Of a mapped step: each item, called `load[3]`."""

    @classmethod
    def of(
        cls,
        found: storage.StepRun,
        depends_on: tuple[str, ...] = (),
        items: list[storage.StepRun] | None = None,
    ) -> "Step":
        """A step that is stored."""
        progress = found.progress
        return cls(
            name=found.name,
            status=found.status,
            depends_on=list(depends_on),
            attempts=[Attempt.of(each) for each in found.attempts],
            result=found.result,
            progress=None if progress is None else Progress(**progress._asdict()),
            awaits=Awaits.of(found.awaited),
            items=None if items is None else [cls.of(each) for each in items],
        )


class ExecutionDetail(Execution):
    """An execution with its steps."""

    steps: list[Step]

    @classmethod
    def of_detail(cls, found: "runtime.ExecutionDetail") -> "ExecutionDetail":
        """An execution, with what is known of its steps."""
        steps = [
            Step.of(each, found.depends_on.get(each.name, ()), found.items.get(each.name))
            for each in found.steps
        ]
        return cls(**_fields(found.execution), steps=steps)


class LogLine(Shape):
    """A line that an attempt wrote or logged."""

    time: Instant
    stream: str
    level: str
    logger: str
    text: str


class AttemptLog(Shape):
    """What an attempt wrote and logged: the end of it, and how many bytes were dropped before."""

    attempt: int
    running: bool
    dropped: int
    lines: list[LogLine]

    @classmethod
    def of(cls, found: "runtime.AttemptLog") -> "AttemptLog":
        """What is stored, or written so far."""
        lines = [
            LogLine(
                time=line.at,
                stream=line.stream,
                level=line.level,
                logger=line.logger,
                text=line.text,
            )
            for line in found.lines
        ]
        return cls(attempt=found.number, running=found.running, dropped=found.dropped, lines=lines)


class StepLogs(Shape):
    """The attempts of a step."""

    items: list[AttemptLog]


def _fields(found: storage.Execution) -> dict[str, Any]:
    parent = found.parent
    return {
        "id": found.id,
        "workflow_id": found.workflow_id,
        "schedule_id": found.schedule_id,
        "status": found.status,
        "trigger": found.trigger,
        "scheduled_time": found.scheduled_time,
        "queued_at": found.queued_at,
        "started_at": found.started_at,
        "ended_at": found.ended_at,
        "duration": found.duration,
        "priority": found.priority,
        "params": found.params,
        "context": found.context,
        "result": found.result,
        "error": Error.of(found.error),
        "retry_of": found.retry_of,
        "parent": None
        if parent is None
        else Parent(execution_id=parent.execution_id, step=parent.step),
        "wake_at": found.wake_at,
        "backfill_id": found.backfill_id,
    }
