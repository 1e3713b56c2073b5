"""What one turn of an execution's actor changes: written in one piece, acted upon when it is stored."""

from dataclasses import dataclass, field

from quarterjack.storage import Event, Execution, ExecutionId
from quarterjack.storage.event_changes import DeliverEvent
from quarterjack.storage.execution_changes import AdvanceExecution, Ended, Started, StepChange

from .runner import AttemptKey


@dataclass(slots=True)
class Turn:
    """Filled by those who decide; empty ones need not be written."""

    changes: list[StepChange] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    submitted: list[AttemptKey] = field(default_factory=list)
    """Attempts for runners."""
    children: list[Execution] = field(default_factory=list)
    """Executions for the run queue."""
    started: Started | None = None
    emitted: list[DeliverEvent] = field(default_factory=list)
    """Events that steps sent."""

    def __bool__(self) -> bool:
        return bool(self.changes or self.events or self.started or self.emitted)

    @property
    def only_emits(self) -> bool:
        """Whether it has nothing but events that steps sent."""
        return bool(self.emitted) and not (self.changes or self.events or self.started)

    def change(self, key: ExecutionId, ended: Ended | None = None) -> AdvanceExecution:
        """As it is written; with the execution's end, if it is its last."""
        return AdvanceExecution(
            key,
            self.started,
            self.changes,
            ended,
            events=self.events,
            children=self.children,
            emitted=self.emitted,
        )
