"""Where the steps of one execution stand: which have begun, which are done, what comes next. Pure.

The execution's actor tells it what happened and stores what it answers; it knows no actor, no clock
and no database. A mapped step is a group: it runs while its items do, which are steps like any other.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from quarterjack.storage import Attempt, Awaited, Failure, Progress, Retry, StepRun, StepStatus
from quarterjack.storage.execution_changes import StepChange
from quarterjack.storage.plain_data import Packed, pack, pack_map
from quarterjack.storage.step_queries import Resumable, StepFound

from .mapped_items import MappedItems
from .policies.retry import delay, delay_after_loss
from .policies.step_graph import Fate, Node, fates, sinks
from .step import Step, index_of, item_name, step_of

INTERRUPTED: Final = "Interrupted"
"""The error type of an attempt that a dying server cut off."""
STOPPED: Final = "ServerStopped"
"""The error type of an attempt that an orderly stop cut off."""
_LOST = (INTERRUPTED, STOPPED)
_NOTHING: Final = Awaited()
_NULL: Final = pack(None)
FATES: Final = {
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
_OPEN = tuple(status for status, fate in FATES.items() if fate is Fate.OPEN)
_FAILED = (StepStatus.FAILED, StepStatus.TIMED_OUT)


@dataclass(slots=True)
class StepState:
    """One step, or one item of a mapped step, that has begun."""

    name: str
    status: StepStatus
    attempts: list[Attempt] = field(default_factory=list)
    result: Packed | None = None
    progress: Progress | None = None
    awaited: Awaited = _NOTHING

    @property
    def number(self) -> int:
        """Of its newest attempt; 0 before the first."""
        return self.attempts[-1].number if self.attempts else 0

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return FATES[self.status] is not Fate.OPEN

    def change(
        self, *attempts: Attempt, output: Packed | None = None, was: StepStatus | None = None
    ) -> StepChange:
        """The step as it is to be stored, with the attempts that changed."""
        run = StepRun(self.name, self.status, self.result, self.progress, awaited=self.awaited)
        return StepChange(run, attempts, output, was)


class StepLedger:
    """`steps` and `graph` are the workflow's; `seed`, the execution's id, decides the jitter."""

    def __init__(
        self, steps: Mapping[str, Step], graph: Mapping[str, Node], seed: str = ""
    ) -> None:
        self._seed = seed
        self._definitions = steps
        self._graph = graph
        self._steps: dict[str, StepState] = {}
        self._with: dict[StepStatus, dict[str, StepState]] = {each: {} for each in StepStatus}
        self._items: dict[str, MappedItems] = {}
        self._failed: dict[str, StepState] = {}
        """The steps that have failed for good, in that order; not their items."""

    def load(self, found: Resumable) -> None:
        """Take over what is stored."""
        for step in found.steps:
            self._steps[step.name] = state = StepState(
                step.name,
                step.status,
                list(step.attempts),
                found.results.get(step.name),
                step.progress,
                step.awaited,
            )
            self._become(state, step.status)

    def __getitem__(self, name: str) -> StepState:
        return self._steps[name]

    def get(self, name: str) -> StepState | None:
        """A step, if it has begun."""
        return self._steps.get(name)

    def missing(self, planned: Iterable[str]) -> list[str]:
        """Steps that are not in the workflow any more as they were, though they have not ended.

        `planned` are those that it had when the execution began.
        """
        begun = [
            step.name
            for step in self._steps.values()
            if not step.has_ended and not self._is_known(step)
        ]
        known = self._steps.keys() | self._definitions.keys()
        return [*begun, *(name for name in planned if name not in known)]

    # What stands where

    def ready(self) -> list[str]:
        """The steps, and items of mapped steps, that can begin now."""
        known = {
            name: FATES[self._steps[name].status] for name in self._graph if name in self._steps
        }
        found = fates(self._graph, known)
        ready = [name for name, fate in found.items() if fate is Fate.READY]
        for group, items in self._items.items():
            mapped = self._definitions[group].mapped
            if mapped is not None and group in self._with[StepStatus.RUNNING]:
                ready.extend(items.ready(mapped.concurrency))
        return ready

    def running(self) -> list[StepState]:
        """The steps with an attempt under way in a runner."""
        return [step for step in self._in(StepStatus.RUNNING) if not self.is_group(step.name)]

    def open(self) -> list[StepState]:
        """The steps and items that have begun and not ended."""
        return [step for status in _OPEN for step in self._in(status)]

    def open_items(self, name: str) -> list[StepState]:
        """The items of a mapped step that have begun and not ended; none for other steps."""
        items = self._items.get(name)
        return [] if items is None else [self._steps[item] for item in items.open()]

    def retrying(self) -> list[StepState]:
        """The steps that wait for their next attempt."""
        return self._in(StepStatus.RETRYING)

    def waiting(self) -> list[StepState]:
        """The steps that wait for an instant, an event or another execution."""
        return self._in(StepStatus.WAITING)

    def groups(self) -> list[StepState]:
        """The mapped steps that have begun and not ended."""
        running = self._with[StepStatus.RUNNING]
        return [running[name] for name in self._graph if name in running and self.is_group(name)]

    def ended_groups(self) -> list[StepState]:
        """Those of them whose items have all ended."""
        if not self._items:
            return []
        return [step for step in self.groups() if self._items[step.name].are_through()]

    def is_group(self, name: str) -> bool:
        """Whether it is a mapped step, and not one of its items."""
        step = self._definitions.get(name)
        return step is not None and step.mapped is not None

    def failures(self) -> Iterator[tuple[str, Failure]]:
        """The steps that have failed for good, with the error of their last attempt."""
        for step in self._failed.values():
            error = step.attempts[-1].error if step.attempts else None
            yield step.name, error or Failure("Failed", "")

    def is_over(self) -> bool:
        """Whether nothing runs, waits or can begin."""
        return not any(self._with[status] for status in _OPEN) and not self.ready()

    def arguments(self, name: str) -> dict[str, Packed]:
        """The values of those parameters that take a step's result or an item of a list.

        Of a step that gave no result: null, if the parameter has no default of its own.
        """
        step, index = self._definitions[step_of(name)], index_of(name)
        found: dict[str, Packed] = {}
        for parameter in (*step.parameters, *step.when_parameters):
            if step.mapped is not None and parameter.name == step.mapped.parameter:
                if index is not None:
                    found[parameter.name] = self._items[step.name].values[index]
            elif parameter.source in self._graph:
                result = self.result_of(parameter.source)
                if result is not None or parameter.required:
                    found[parameter.name] = _NULL if result is None else result
        return found

    def result_of(self, name: str) -> Packed | None:
        """What a step returned; None: it has not succeeded (yet)."""
        step = self._steps.get(name)
        return None if step is None or step.status is not StepStatus.SUCCEEDED else step.result

    def result(self) -> Packed:
        """The workflow's: that of its last step, or a map if several steps come last."""
        last = {name: self.result_of(name) or _NULL for name in sinks(self._graph)}
        return next(iter(last.values())) if len(last) == 1 else pack_map(last)

    # What happens to a step

    def begin(self, name: str, at: datetime) -> StepChange:
        """Another attempt of a step, or its first."""
        return self._attempt(name, at, StepStatus.RUNNING, _NOTHING)

    def wait(self, name: str, at: datetime, awaited: Awaited) -> StepChange:
        """The step begins to wait."""
        return self._attempt(name, at, StepStatus.WAITING, awaited)

    def expand(self, name: str, items: list[Packed]) -> None:
        """The items of a mapped step; those that have begun before stay as they are."""
        names = (item_name(name, index) for index in range(len(items)))
        begun = [self._steps[each] for each in names if each in self._steps]
        self._items[name] = MappedItems(name, items, begun)

    def succeed(
        self, name: str, at: datetime, result: Packed, output: Packed | None = None
    ) -> StepChange:
        """The attempt under way returned, or what was waited for is there."""
        step = self._steps[name]
        was = _guard(step)
        step.result, step.awaited = result, _NOTHING
        self._become(step, StepStatus.SUCCEEDED)
        return step.change(self._close(step, at, None), output=output, was=was)

    def adopt(self, found: StepFound) -> None:
        """Take over a step that somebody else has ended: an event has come for it."""
        step = self._steps[found.step.name]
        step.awaited, step.result, step.attempts = _NOTHING, found.result, list(found.step.attempts)
        self._become(step, found.step.status)

    def skip(self, name: str, at: datetime, output: Packed | None = None) -> StepChange:
        """The attempt under way found that the step is not wanted."""
        step = self._steps[name]
        self._become(step, StepStatus.SKIPPED)
        return step.change(self._close(step, at, None), output=output)

    def fail(
        self,
        name: str,
        at: datetime,
        error: Failure,
        retry: Retry,
        *,
        kinds: Iterable[str] = (),
        timed_out: bool = False,
        output: Packed | None = None,
    ) -> tuple[StepChange, timedelta | None]:
        """The attempt under way failed; the wait before the next one, if there is one."""
        step = self._steps[name]
        was = _guard(step)
        attempt = self._close(step, at, error)
        wait = self._wait_after(step, error, retry, kinds)
        step.awaited = _NOTHING if wait is None else Awaited(wake_at=at + wait)
        ended = StepStatus.TIMED_OUT if timed_out else StepStatus.FAILED
        self._become(step, ended if wait is None else StepStatus.RETRYING)
        return step.change(attempt, output=output, was=was), wait

    def cancel(
        self, name: str, at: datetime, error: Failure, output: Packed | None = None
    ) -> StepChange:
        """The attempt under way was ended, or the next one is not wanted."""
        step = self._steps[name]
        was = _guard(step)
        step.awaited = _NOTHING
        self._become(step, StepStatus.CANCELLED)
        if step.attempts and step.attempts[-1].ended_at is None:
            return step.change(self._close(step, at, error), output=output, was=was)
        return step.change(output=output, was=was)

    def give_up(self, name: str, at: datetime, error: Failure) -> StepChange:
        """It had its time with all its attempts, and gets no other."""
        step = self._steps[name]
        was = _guard(step)
        step.awaited = _NOTHING
        self._become(step, StepStatus.TIMED_OUT)
        attempt = self._close(step, step.attempts[-1].ended_at or at, error)
        return step.change(attempt, was=was)

    def progress(self, name: str, progress: Progress) -> StepChange:
        """How far the attempt under way says it is."""
        step = self._steps[name]
        step.progress = progress
        return step.change()

    def items(self, name: str) -> list[StepState]:
        """The items of a mapped step in order, when all have begun."""
        runs = range(len(self._items[name].values))
        return [self._steps[item_name(name, index)] for index in runs]

    # Inside

    def _become(self, step: StepState, status: StepStatus) -> None:
        """The only place where a step's status changes."""
        self._with[step.status].pop(step.name, None)
        step.status = status
        self._with[status][step.name] = step
        items = self._items.get(step_of(step.name))
        if index_of(step.name) is None:
            if status in _FAILED:
                self._failed[step.name] = step
        elif items is not None:
            items.changed(step)

    def _is_known(self, step: StepState) -> bool:
        definition = self._definitions.get(step_of(step.name))
        if definition is None:
            return False
        if definition.mapped is None and index_of(step.name) is not None:
            return False
        return definition.wait is not None or step.status is not StepStatus.WAITING

    def _attempt(self, name: str, at: datetime, status: StepStatus, awaited: Awaited) -> StepChange:
        step = self._steps.setdefault(name, StepState(name, status))
        step.awaited = awaited
        attempt = Attempt(step.number + 1, at)
        step.attempts.append(attempt)
        self._become(step, status)
        return step.change(attempt)

    def _wait_after(
        self, step: StepState, error: Failure, retry: Retry, kinds: Iterable[str]
    ) -> timedelta | None:
        seed = f"{self._seed}:{step.name}:{step.number}"
        if error.type in _LOST:
            return delay_after_loss(_lost_in_a_row(step), seed=seed)
        failed = sum(1 for each in step.attempts if each.error and each.error.type not in _LOST)
        return delay(retry, max(1, failed), kinds=kinds, seed=seed)

    def _close(self, step: StepState, at: datetime, error: Failure | None) -> Attempt:
        attempt = replace(step.attempts[-1], ended_at=at, error=error)
        step.attempts[-1] = attempt
        return attempt

    def _in(self, status: StepStatus) -> list[StepState]:
        return list(self._with[status].values())


def _guard(step: StepState) -> StepStatus | None:
    """What must still be stored of it: an event may have ended its wait a moment ago."""
    return step.status if step.status is StepStatus.WAITING else None


def _lost_in_a_row(step: StepState) -> int:
    """How many of its newest attempts a dying server has cut off; an orderly stop is none."""
    kinds = (each.error.type if each.error else None for each in reversed(step.attempts))
    return sum(1 for _ in takewhile(lambda kind: kind == INTERRUPTED, kinds))
