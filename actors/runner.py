"""The protocol of a step runner: it takes a task, runs it somewhere, and reports what happened.

A runner may report from any thread. Each attempt reports `StepBegan` once, then `StepProgressed` and
`StepEmitted` any number of times, in order, then exactly one of `StepReturned`, `StepSkipped` and
`StepRaised`; after `cancel` that may be late, and whoever cancelled decides how long to wait for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from quarterjack.storage import ExecutionId, Failure, Progress, ScheduleId, Trigger, WorkflowId
from quarterjack.storage.plain_data import LARGEST, Packed

from .step import Step


class AttemptKey(NamedTuple):
    """Which attempt: unique in the whole life of a database."""

    execution_id: ExecutionId
    step: str
    """As it is stored: an item of a mapped step is called `load[3]`."""
    number: int


class FoundSecret(NamedTuple):
    """The value of a secret that a step takes."""

    path: tuple[str, ...]
    """The parameter, and the name in it if it is a map."""
    text: str


@dataclass(frozen=True, slots=True)
class StepTask:
    """All that a runner needs to run one attempt of a step."""

    key: AttemptKey
    step: Step
    workflow_id: WorkflowId
    schedule_id: ScheduleId | None
    scheduled_time: datetime
    trigger: Trigger
    params: Mapping[str, Any] = field(repr=False)
    context: Mapping[str, Any]
    results: Mapping[str, Packed]
    """The values of those parameters that take a step's result, or an item of a list, by name."""
    failures: Mapping[str, Failure] = field(default_factory=dict)
    """The steps of the execution that have failed so far."""
    result_limit: int = LARGEST
    """Bytes that the result may take when packed."""
    traceparent: str | None = None
    """The W3C trace context for what the step begins."""
    secrets: tuple[FoundSecret, ...] = field(default=(), repr=False)
    """What takes the places of parameters, or of values in them, when the function is called."""


class StepBegan(NamedTuple):
    """The function is about to be called."""

    key: AttemptKey


class StepProgressed(NamedTuple):
    """The function said how far it is."""

    key: AttemptKey
    progress: Progress


class Emission(NamedTuple):
    """An event that a step sends."""

    name: str
    key: str
    """Empty: it has none."""
    payload: Packed
    mark: str
    """What tells it from the step's others; another attempt that sends the same gives it the same."""


class StepEmitted(NamedTuple):
    """The function sent an event."""

    key: AttemptKey
    emission: Emission


class StepReturned(NamedTuple):
    """The function returned plain data."""

    key: AttemptKey
    result: Packed
    output: Packed | None = None
    """What the attempt wrote and logged (`quarterjack.runtime.output_tail`); None: nothing."""


class StepSkipped(NamedTuple):
    """The step's `when` was false: the function was not called."""

    key: AttemptKey
    output: Packed | None = None


class StepRaised(NamedTuple):
    """The function raised, or returned what can't be stored."""

    key: AttemptKey
    failure: Failure
    kinds: tuple[str, ...] = ()
    """The names of the exception's class and those that it is derived from."""
    output: Packed | None = None


StepEnd = StepReturned | StepSkipped | StepRaised
StepReport = StepBegan | StepProgressed | StepEmitted | StepEnd


class Runner(Protocol):
    """Where steps run."""

    def start(self) -> None:
        """Be ready for tasks when this returns; may block, so it is not called on the actors' loop."""
        ...

    def submit(self, task: StepTask, report: Callable[[StepReport], None]) -> None:
        """Run the attempt; never blocks."""
        ...

    def cancel(self, key: AttemptKey) -> None:
        """Ask a running attempt to end, or stop it where that is possible."""
        ...

    def in_flight(self, key: AttemptKey) -> bool:
        """Whether the attempt was submitted and has not reported its end."""
        ...

    def output(self, key: AttemptKey) -> Packed | None:
        """What a running attempt has written and logged so far; from any thread."""
        ...

    def close(self) -> None:
        """Take no more tasks, and give the threads back; what still runs is left behind."""
        ...
