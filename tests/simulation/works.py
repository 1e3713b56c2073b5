"""The workflows of a plan, and the world that their steps work in: it outlives every crash and kill."""

import inspect
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from quarterjack.actors.runner import StepTask
from quarterjack.runtime import Retry, StepContext, Workflow
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


def value_of(step: StepPlan, given: Mapping[str, Any]) -> Any:
    """What a step returns for what it is given: another number, or list of them, for each."""
    number = zlib.crc32(repr((step.name, sorted(given.items()))).encode())
    if step.kind == "list":
        return [number + each for each in range(number % (step.length + 1))]
    return number


class World:
    """What happened outside the product: calls of steps, and their ends."""

    def __init__(self, clock: VirtualClock, plans: tuple[WorkflowPlan, ...]) -> None:
        self._clock = clock
        self.steps = {step.name: step for plan in plans for step in plan.steps}
        self.begun: list[Begun] = []
        self.failed: Counter[tuple[str, str]] = Counter()
        """Calls that raised, and workers that were lost, by execution and step."""
        self.returned: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)

    def now(self) -> int:
        """The wall clock, in microseconds."""
        return micros(self._clock.now())

    def took(self, task: StepTask) -> timedelta:
        """An attempt begins; how long it will take."""
        key = task.key
        self.begun.append(Begun(self.now(), key.execution_id, key.step, key.number, str(key)))
        return timedelta(seconds=self.steps[key.step.partition("[")[0]].seconds)

    def called(self, step: StepPlan, ctx: StepContext, given: Mapping[str, Any]) -> Any:
        """The function of a step."""
        name = step.name if ctx.item is None else f"{step.name}[{ctx.item}]"
        key = (ctx.execution_id, name)
        if self.failed[key] < step.fails or _is_fickle(step, *key):
            self.failed[key] += 1
            raise StepFailed(f"time {self.failed[key]}")
        value = value_of(step, given)
        self.returned[key].append(value)
        return value


def _is_fickle(step: StepPlan, execution_id: str, name: str) -> bool:
    """Another for each execution and item, so that what begins anew may succeed."""
    return zlib.crc32(f"{execution_id} {name}".encode()) % 10 < step.fickle


def built(plans: tuple[WorkflowPlan, ...], world: World) -> list[Workflow]:
    """The workflows of plans; each runs only later ones."""
    found: dict[str, Workflow] = {}
    for plan in reversed(plans):
        workflow = found[plan.id] = Workflow(plan.id)
        for step in plan.steps:
            _add(workflow, step, world, found)
    return list(reversed(found.values()))


def _add(workflow: Workflow, step: StepPlan, world: World, known: dict[str, Workflow]) -> None:
    if step.kind == "sleep":
        workflow.sleep(f"{step.seconds}s", name=step.name, after=step.needs)
    elif step.kind == "wait":
        workflow.wait_for_event(
            step.event, name=step.name, timeout=f"{step.timeout}s", after=step.needs
        )
    elif step.kind == "child":
        workflow.subworkflow(
            known[step.child],
            name=step.name,
            params={"item": step.item} if step.item else None,
            after=step.needs,
            **_how(step),
        )
    else:
        workflow.step(run_if="always" if step.always else "success", **_how(step))(
            _function(step, world)
        )


def _how(step: StepPlan) -> dict[str, Any]:
    """What any step can have that is tried again."""
    return {
        "retry": Retry(attempts=step.attempts, backoff=f"{step.backoff}s"),
        "timeout": None if step.timeout is None else f"{step.timeout}s",
        "map": {"item": step.items} if step.items else None,
        "concurrency": step.concurrency,
    }


def _function(step: StepPlan, world: World) -> Callable[..., Any]:
    def function(**given: Any) -> Any:
        return world.called(step, given.pop("ctx"), given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    named = [name for name in step.needs if name != step.items]
    parameters = [inspect.Parameter(name, keyword) for name in (*named, "ctx")]
    if step.takes_item:
        parameters.append(inspect.Parameter("item", keyword, default=0))
    function.__name__ = step.name
    setattr(function, "__signature__", inspect.Signature(parameters))  # noqa: B010
    return function
