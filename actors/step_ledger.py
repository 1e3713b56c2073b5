"""Where the steps of one execution stand: which have begun, which are done, what comes next. Pure.

The execution's actor tells it what happened and stores what it answers; it knows no actor, no clock
and no database.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from quarterjack.storage import Attempt, Failure, Progress, Retry, StepRun, StepStatus
from quarterjack.storage.execution_changes import StepChange
from quarterjack.storage.plain_data import Packed, pack, pack_map
from quarterjack.storage.queries import Resumable

from .policies.retry import INTERRUPTIONS, delay
from .policies.step_graph import Fate, Node, fates, sinks

INTERRUPTED: Final = "Interrupted"
"""The error type of an attempt that a dying server cut off."""
STOPPED: Final = "ServerStopped"
"""The error type of an attempt that an orderly stop cut off."""
_LOST = (INTERRUPTED, STOPPED)


_FATES = {
    StepStatus.PENDING: Fate.OPEN,
    StepStatus.RUNNING: Fate.OPEN,
    StepStatus.RETRYING: Fate.OPEN,
    StepStatus.WAITING: Fate.OPEN,
    StepStatus.SUCCEEDED: Fate.DONE,
    StepStatus.SKIPPED: Fate.SKIPPED,
    StepStatus.FAILED: Fate.FAILED,
    StepStatus.CANCELLED: Fate.FAILED,
    StepStatus.TIMED_OUT: Fate.FAILED,
}


@dataclass(slots=True)
class StepState:
    """One step that has begun."""

    name: str
    status: StepStatus
    attempts: list[Attempt] = field(default_factory=list)
    result: Packed | None = None
    progress: Progress | None = None

    @property
    def number(self) -> int:
        """Of its newest attempt; 0 before the first."""
        return self.attempts[-1].number if self.attempts else 0

    def change(self, *attempts: Attempt) -> StepChange:
        """The step as it is to be stored, with the attempts that changed."""
        run = StepRun(self.name, self.status, self.result, self.progress)
        return StepChange(run, attempts)


class StepLedger:
    """`graph` is the workflow's."""

    def __init__(self, graph: Mapping[str, Node]) -> None:
        self._graph = graph
        self._steps: dict[str, StepState] = {}

    @classmethod
    def resumed(cls, graph: Mapping[str, Node], found: Resumable) -> "StepLedger":
        """As it was stored."""
        ledger = cls(graph)
        for step in found.steps:
            result = found.results.get(step.name)
            ledger._steps[step.name] = StepState(
                step.name, step.status, list(step.attempts), result, step.progress
            )
        return ledger

    def __getitem__(self, name: str) -> StepState:
        return self._steps[name]

    def unknown(self) -> list[str]:
        """Steps that were stored, but that the workflow does not have any more."""
        return [name for name in self._steps if name not in self._graph]

    def ready(self) -> list[str]:
        """The steps that can begin now."""
        known = {step.name: _FATES[step.status] for step in self._steps.values()}
        found = fates(self._graph, known)
        return [name for name, fate in found.items() if fate is Fate.READY]

    def running(self) -> list[StepState]:
        """The steps with an attempt under way."""
        return [step for step in self._steps.values() if step.status is StepStatus.RUNNING]

    def retrying(self) -> list[StepState]:
        """The steps that wait for their next attempt."""
        return [step for step in self._steps.values() if step.status is StepStatus.RETRYING]

    def failures(self) -> Iterator[tuple[str, Failure]]:
        """The steps that have failed for good, with the error of their last attempt."""
        for step in self._steps.values():
            if step.status in (StepStatus.FAILED, StepStatus.TIMED_OUT):
                error = step.attempts[-1].error if step.attempts else None
                yield step.name, error or Failure("Failed", "")

    def is_over(self) -> bool:
        """Whether nothing runs, waits or can begin."""
        return not self.running() and not self.retrying() and not self.ready()

    def results_for(self, name: str) -> dict[str, Packed]:
        """The results that a step gets."""
        needs = self._graph[name].needs
        return {need: self._steps[need].result or pack(None) for need in needs}

    def result(self) -> Packed:
        """The workflow's: that of its last step, or a map if several steps come last."""
        last = {name: self._steps[name].result or pack(None) for name in sinks(self._graph)}
        return next(iter(last.values())) if len(last) == 1 else pack_map(last)

    def begin(self, name: str, at: datetime) -> StepChange:
        """Another attempt of a step, or its first."""
        step = self._steps.setdefault(name, StepState(name, StepStatus.RUNNING))
        step.status = StepStatus.RUNNING
        attempt = Attempt(step.number + 1, at)
        step.attempts.append(attempt)
        return step.change(attempt)

    def succeed(self, name: str, at: datetime, result: Packed) -> StepChange:
        """The attempt under way returned."""
        step = self._steps[name]
        step.status = StepStatus.SUCCEEDED
        step.result = result
        return step.change(self._close(step, at, None))

    def fail(
        self, name: str, at: datetime, error: Failure, retry: Retry, *, timed_out: bool
    ) -> tuple[StepChange, timedelta | None]:
        """The attempt under way failed; the wait before the next one, if there is one."""
        step = self._steps[name]
        attempt = self._close(step, at, error)
        failed = sum(1 for each in step.attempts if each.error and each.error.type not in _LOST)
        wait = delay(retry, max(1, failed))
        if error.type in _LOST:
            wait = self._wait_after_loss(step, error)
        if wait is not None:
            step.status = StepStatus.RETRYING
        else:
            step.status = StepStatus.TIMED_OUT if timed_out else StepStatus.FAILED
        return step.change(attempt), wait

    def cancel(self, name: str, at: datetime, error: Failure) -> StepChange:
        """The attempt under way was ended, or the next one is not wanted."""
        step = self._steps[name]
        step.status = StepStatus.CANCELLED
        if step.attempts and step.attempts[-1].ended_at is None:
            return step.change(self._close(step, at, error))
        return step.change()

    def progress(self, name: str, progress: Progress) -> StepChange:
        """How far the attempt under way says it is."""
        step = self._steps[name]
        step.progress = progress
        return step.change()

    def _wait_after_loss(self, step: StepState, error: Failure) -> timedelta | None:
        lost = sum(1 for each in step.attempts if each.error and each.error.type == INTERRUPTED)
        if error.type == INTERRUPTED and lost > INTERRUPTIONS:
            return None
        return timedelta(0)

    def _close(self, step: StepState, at: datetime, error: Failure | None) -> Attempt:
        attempt = replace(step.attempts[-1], ended_at=at, error=error)
        step.attempts[-1] = attempt
        return attempt
