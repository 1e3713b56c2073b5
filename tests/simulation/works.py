"""The workflows of a plan, and the world that their steps work in: it outlives every crash and kill."""

import inspect
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from quarterjack.actors.runner import StepTask
from quarterjack.runtime import Retry, Workflow
from quarterjack.runtime.testing import VirtualClock
from tests.simulation.plans import StepPlan, WorkflowPlan
from tests.simulation.rules import micros


class StepFailed(Exception):
    """The plan wants it so."""


class Begun(NamedTuple):
    """An attempt began, as a runner saw it."""

    at: int
    execution_id: str
    step: str
    number: int
    key: str


def value_of(step: str, given: Mapping[str, Any]) -> int:
    """What a step returns for what it is given: another number for each."""
    return zlib.crc32(repr((step, sorted(given.items()))).encode())


class World:
    """What happened outside the product: calls of steps, and their ends."""

    def __init__(self, clock: VirtualClock, plans: tuple[WorkflowPlan, ...]) -> None:
        self._clock = clock
        self.steps = {step.name: step for plan in plans for step in plan.steps}
        self.begun: list[Begun] = []
        self.failed: Counter[tuple[str, str]] = Counter()
        """Calls that raised, and workers that were lost, by execution and step."""
        self.returned: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    def now(self) -> int:
        """The wall clock, in microseconds."""
        return micros(self._clock.now())

    def took(self, task: StepTask) -> timedelta:
        """An attempt begins; how long it will take."""
        key = task.key
        self.begun.append(Begun(self.now(), key.execution_id, key.step, key.number, str(key)))
        return timedelta(seconds=self.steps[key.step].seconds)

    def called(self, step: StepPlan, execution_id: str, given: Mapping[str, Any]) -> int:
        """The function of a step."""
        key = (execution_id, step.name)
        if self.failed[key] < step.fails:
            self.failed[key] += 1
            raise StepFailed(f"time {self.failed[key]}")
        value = value_of(step.name, given)
        self.returned[key].append(value)
        return value


def built(plan: WorkflowPlan, world: World) -> Workflow:
    """The workflow of a plan."""
    workflow = Workflow(plan.id)
    for step in plan.steps:
        _add(workflow, step, world)
    return workflow


def _add(workflow: Workflow, step: StepPlan, world: World) -> None:
    if step.kind == "sleep":
        workflow.sleep(f"{step.seconds}s", name=step.name, after=step.needs)
        return
    if step.kind == "wait":
        workflow.wait_for_event(
            step.event, name=step.name, timeout=f"{step.timeout}s", after=step.needs
        )
        return

    def function(**given: Any) -> int:
        return world.called(step, given.pop("ctx").execution_id, given)

    named = [*step.needs, "ctx"]
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(name, keyword) for name in named]
    function.__name__ = step.name
    setattr(function, "__signature__", inspect.Signature(parameters))  # noqa: B010
    workflow.step(
        retry=Retry(attempts=step.attempts, backoff=f"{step.backoff}s"),
        timeout=None if step.timeout is None else f"{step.timeout}s",
        run_if="always" if step.always else "success",
    )(function)
