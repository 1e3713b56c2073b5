"""What tracing knows of executions and the attempts of their steps: told when their end is stored.

Called on the actors' loop, so nothing here may block or raise. `Untraced` is what there is without
tracing: the caller's `traceparent` is handed on as it came.
"""

from collections.abc import Iterable
from typing import Protocol

from quarterjack.storage import Attempt, Execution, StepRun
from quarterjack.storage.execution_changes import Ended, StepChange


class Traces(Protocol):
    """Where spans go."""

    def handed_on(self, execution: Execution, step: str, number: int) -> str | None:
        """The W3C `traceparent` for what an attempt of a step begins; None: there is none."""
        ...

    def attempt_ended(self, execution: Execution, step: str, attempt: Attempt) -> None:
        """An attempt has ended; a step that waits has one, too."""
        ...

    def execution_ended(self, execution: Execution, ended: Ended) -> None:
        """An execution that had begun has ended."""
        ...


class Untraced:
    """No spans."""

    def handed_on(self, execution: Execution, _step: str, _number: int) -> str | None:
        """What the execution came with."""
        return execution.traceparent

    def attempt_ended(self, *_: object) -> None:
        """It is not noted."""

    def execution_ended(self, *_: object) -> None:
        """It is not noted."""


class ExecutionTrace:
    """Of one execution, in the hands of its actor: what is stored is told once."""

    def __init__(self, traces: Traces) -> None:
        self._traces = None if isinstance(traces, Untraced) else traces
        self._told: set[tuple[str, int]] = set()

    def stored(
        self, execution: Execution, changes: Iterable[StepChange], ended: Ended | None = None
    ) -> None:
        """These changes of steps are stored, and the execution's end with them."""
        if self._traces is None:
            return
        for change in changes:
            for attempt in change.attempts:
                self.attempt(execution, change.step.name, attempt)
        if ended is not None:
            self._traces.execution_ended(execution, ended)

    def loaded(self, execution: Execution, steps: Iterable[StepRun]) -> None:
        """It goes on from what is stored: tell what the event that woke it has ended."""
        for step in steps:
            last = step.attempts[-1] if step.attempts else None
            if last is not None and last.ended_at == execution.wake_at:
                self.attempt(execution, step.name, last)

    def attempt(self, execution: Execution, step: str, attempt: Attempt) -> None:
        """This attempt is stored as it is now."""
        key = (step, attempt.number)
        if self._traces is None or attempt.ended_at is None or key in self._told:
            return
        self._told.add(key)
        self._traces.attempt_ended(execution, step, attempt)
