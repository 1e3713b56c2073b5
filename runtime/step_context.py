"""What a step can know about itself, and say to others: the parameter `ctx`."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from quarterjack.actors.runner import StepEmitted, StepProgressed, StepReport, StepTask
from quarterjack.actors.step import index_of, step_of
from quarterjack.storage import (
    ExecutionId,
    Failure,
    NotPlainData,
    Progress,
    ScheduleId,
    Trigger,
    WorkflowId,
)
from quarterjack.storage.plain_data import check_plain

from .emitter import Emitter
from .vault.scrubber import Scrubber

_LONGEST_NOTE = 500


class StepContext:
    """One per attempt; to be used on the step's own thread or task."""

    def __init__(
        self, task: StepTask, cancelled: threading.Event, report: Callable[[StepReport], None]
    ) -> None:
        self._task = task
        self._cancelled = cancelled
        self._report = report
        self._scrubber = Scrubber.of(task)
        self._emitter = Emitter(lambda emission: report(StepEmitted(task.key, emission)))
        self.logger = logging.getLogger(
            f"quarterjack.step.{task.workflow_id}.{step_of(task.key.step)}"
        )
        """Where the step's log records go."""

    def __repr__(self) -> str:
        return f"<StepContext {self.execution_id} {self.step} attempt {self.attempt}>"

    @property
    def execution_id(self) -> ExecutionId:
        """The execution that the step belongs to."""
        return self._task.key.execution_id

    @property
    def schedule_id(self) -> ScheduleId | None:
        """The schedule that made the execution, if one did."""
        return self._task.schedule_id

    @property
    def workflow_id(self) -> WorkflowId:
        """The workflow."""
        return self._task.workflow_id

    @property
    def step(self) -> str:
        """The step's name."""
        return step_of(self._task.key.step)

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self._task.key.number

    @property
    def scheduled_time(self) -> datetime:
        """The due instant (aware, UTC); for manual runs, when they were triggered."""
        return self._task.scheduled_time

    @property
    def trigger(self) -> Trigger:
        """What made the execution."""
        return self._task.trigger

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters of the run; a secret that the step takes is a `Secret`, others are `***`."""
        return self._task.params

    @property
    def context(self) -> Mapping[str, Any]:
        """What the trigger's caller gave along."""
        return self._task.context

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of this step (or item) in this execution, and for no other."""
        return f"{self.execution_id}:{self._task.key.step}"

    @property
    def traceparent(self) -> str | None:
        """The W3C trace context to hand on: the step's span, or what the run was asked for with."""
        return self._task.traceparent

    @property
    def item(self) -> int | None:
        """Which item of its list a mapped step works on, from 0; None for other steps."""
        return index_of(self._task.key.step)

    @property
    def failures(self) -> Mapping[str, Failure]:
        """The steps of this execution that have failed, with `type`, `message` and `traceback`."""
        return self._task.failures

    @property
    def cancelled(self) -> bool:
        """Whether the step should end; long loops look at it."""
        return self._cancelled.is_set()

    def progress(self, done: float, total: float, note: str = "") -> None:
        """Say that `done` of `total` units are done; cheap, and told at a limited rate."""
        note = str(note) if self._scrubber is None else self._scrubber.text(str(note))
        note = note[:_LONGEST_NOTE]
        progress = Progress(done, total, note)
        try:
            check_plain([done, total, note], root="progress")
        except NotPlainData as error:
            raise ValueError(str(error)) from None
        self._report(StepProgressed(self._task.key, progress))

    def emit(self, name: str, payload: Any = None, key: str | None = None) -> None:
        """Send an event, as `POST /api/events/{name}` does; returns at once, from any thread.

        It is stored before the step's end is. If another attempt of the step sends the same event
        again, that is none. Raises `InvalidInput`, and `TooManyEvents` beyond 1,000 in an attempt.
        """
        if self._scrubber is not None:
            check_plain(payload, root="payload")
            name, payload, key = map(self._scrubber.data, (name, payload, key))
        self._emitter.emit(name, payload, key)
