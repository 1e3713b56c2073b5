"""Executions: all end, as their steps' ends and the plan have it; no finished step runs again."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.simulation.check_children import check_children, is_unwanted
from tests.simulation.driver import Call, Record
from tests.simulation.evidence import AttemptRow, Evidence, ExecutionRow
from tests.simulation.plans import Plan, StepPlan
from tests.simulation.works import World, value_of

ENDED = {"succeeded", "failed", "cancelled", "timedOut"}
FAILED = {"failed", "timedOut"}
LOST = {"Interrupted", "ServerStopped"}
_MADE = ("create", "trigger", "run", "retry")


def check_executions(plan: Plan, evidence: Evidence, record: Record, world: World) -> Iterator[str]:
    """Sentences about what is wrong."""
    cancels = {call.key for call in record.calls if call.kind == "cancel"}
    yield from _promised(evidence, record.calls)
    yield from check_children(plan, evidence)
    for key, execution in evidence.executions.items():
        if execution.status not in ENDED:
            yield f"{key} is still {execution.status}"
            continue
        course = _Course(plan, execution, evidence, world)
        is_free = execution.status == "cancelled"
        if is_free and not _may_be_cancelled(execution, cancels, evidence, record.calls):
            yield f"{key} is cancelled, and nobody asked for that"
        for problem in course.problems(is_cancelled=is_free):
            yield f"{key}: {problem}"
    yield from _calls_of_steps(evidence, world)


def _promised(evidence: Evidence, calls: list[Call]) -> Iterator[str]:
    """What was answered is there, and what was refused is not."""
    for call in calls:
        if call.answer is None or call.kind not in _MADE[1:]:
            continue
        if call.answer.error == "" and call.answer.value not in evidence.executions:
            yield f"{call.kind} was answered with {call.answer.value}, which is not stored"
    for call in calls:
        is_cancelled = call.kind == "cancel" and call.answer is not None and not call.answer.error
        if is_cancelled and evidence.executions[call.key].status == "succeeded":
            ended = evidence.executions[call.key].ended
            if ended is not None and ended > call.answer.at:  # type: ignore[union-attr]
                yield f"{call.key} was cancelled, and succeeded later"


def _may_be_cancelled(
    execution: ExecutionRow, cancels: set[str], evidence: Evidence, calls: list[Call]
) -> bool:
    if execution.id in cancels or is_unwanted(execution, evidence):
        return True
    ended = {call.key for call in calls if call.kind == "end_backfill"}
    if execution.backfill in ended and execution.retry_of is None:
        return True
    if any(call.kind == "delete" and call.key == execution.schedule for call in calls):
        return True
    return any(
        call.kind in ("create", "update")
        and call.key == execution.schedule
        and call.given["draft"]["scheduleConfig"]["overlap"] == "cancelRunning"
        for call in calls
    )


def _calls_of_steps(evidence: Evidence, world: World) -> Iterator[str]:
    """No attempt begins twice; none begins unrecorded; none begins after its step was done."""
    counted = Counter((each.execution_id, each.step, each.number) for each in world.begun)
    for (key, step, number), times in counted.items():
        if times > 1:
            yield f"{key}: attempt {number} of {step} began {times} times"
        stored = evidence.attempts.get((key, step), [])
        if number > len(stored):
            yield f"{key}: attempt {number} of {step} began and is not stored"
    for (key, step), values in world.returned.items():
        if len(values) > 1:
            attempts = evidence.attempts[key, step]
            lost = [each for each in attempts if each.error is not None]
            if len(values) > 1 + len(lost):
                yield f"{key}: {step} returned {len(values)} times"


class _Course:
    """What an execution must have come to, by its plan and what happened to its steps."""

    def __init__(
        self,
        plan: Plan,
        execution: ExecutionRow,
        evidence: Evidence,
        world: World,
    ) -> None:
        self._plan = next(each for each in plan.workflows if each.id == execution.workflow)
        self._is_steady = not plan.jumps
        self._execution = execution
        self._steps = evidence.steps[execution.id]
        self._evidence = evidence
        self._world = world

    def problems(self, *, is_cancelled: bool) -> Iterator[str]:
        """Of each step, and of the whole."""
        for step in self._plan.steps:
            for name in self._runs(step):
                yield from self._attempts(step, name, self._tries(name))
            if not is_cancelled:
                yield from self._step(step)
        if is_cancelled:
            return
        statuses = {step.name: self._status(step) for step in self._plan.steps}
        failed = [name for name, status in statuses.items() if status in FAILED]
        wanted = "failed" if failed else "succeeded"
        if self._execution.status != wanted:
            yield f"it {self._execution.status}, its steps are {statuses}"
        elif not failed and self._execution.result != self._whole():
            yield f"its result is {self._execution.result}, its steps' is {self._whole()}"

    def _whole(self) -> Any:
        """What the steps come to that no other needs."""
        working = [step for step in self._plan.steps if not step.always]
        working = working or list(self._plan.steps)
        needed = {name for step in working for name in step.needs}
        last = {s.name: self._result(s.name) for s in working if s.name not in needed}
        return next(iter(last.values())) if len(last) == 1 else last

    def _status(self, step: StepPlan) -> str:
        return self._status_of(step.name)

    def _status_of(self, name: str) -> str:
        row = self._steps.get(name)
        return "missing" if row is None else row.status

    def _tries(self, name: str) -> list[AttemptRow]:
        return self._evidence.attempts[self._execution.id, name]

    def _runs(self, step: StepPlan) -> list[str]:
        """The step, and those of its items that have begun."""
        items = [name for name in self._steps if step.items and name.startswith(f"{step.name}[")]
        return [step.name, *items]

    def _attempts(self, step: StepPlan, name: str, attempts: list[AttemptRow]) -> Iterator[str]:
        numbers = [each.number for each in attempts]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{name} has the attempts {numbers}"
        if any(each.ended is None for each in attempts):
            yield f"an attempt of {name} has no end"
        if any(each.error is None for each in attempts[:-1]):
            yield f"{name} was tried again when it was done"
        tries = [each for each in attempts if each.error not in LOST]
        is_group = bool(step.items) and name == step.name
        if step.kind not in ("sleep", "wait") and len(tries) > (1 if is_group else step.attempts):
            yield f"{name} was tried {len(tries)} times, {step.attempts} were allowed"
        begun = [each.started for need in step.needs for each in self._tries(need)[-1:]]
        if attempts and begun and self._is_steady and attempts[0].started < max(begun):
            yield f"{name} began before what it needs"

    def _step(self, step: StepPlan) -> Iterator[str]:
        status = self._status(step)
        needed = [self._status(self._of(name)) for name in step.needs]
        runs = step.always or all(each == "succeeded" for each in needed)
        if not runs:
            if status not in ("skipped", "missing"):
                yield f"{step.name} is {status}, what it needs is {needed}"
            return
        if step.kind == "sleep" and status != "succeeded":
            yield f"{step.name} sleeps, and is {status}"
        if step.items:
            yield from self._group(step, status)
        elif step.kind not in ("sleep", "wait"):
            yield from self._one(step, step.name, self._item_of(step))
        if status not in ("succeeded", *FAILED):
            yield f"{step.name} is {status}"

    def _item_of(self, step: StepPlan) -> dict[str, Any]:
        """The parameter of the run that it takes, if there is one."""
        params = self._execution.params
        return params if step.takes_item or step.kind == "child" else {}

    def _group(self, step: StepPlan, status: str) -> Iterator[str]:
        """A step for each item of a list: all have run, and it is what they came to."""
        items = self._result(step.items)
        names = [f"{step.name}[{index}]" for index in range(len(items))]
        if sorted(self._runs(step)[1:]) != sorted(names):
            yield f"{step.name} has {self._runs(step)[1:]} for {len(items)} items"
            return
        for name, item in zip(names, items, strict=True):
            yield from self._one(step, name, {"item": item})
            if self._status_of(name) not in ("succeeded", *FAILED):
                yield f"{name} is {self._status_of(name)}"
        is_good = all(self._status_of(name) == "succeeded" for name in names)
        if is_good != (status == "succeeded"):
            yield f"{step.name} is {status}, its items are {[*map(self._status_of, names)]}"
        elif is_good and self._result(step.name) != [*map(self._result, names)]:
            yield f"the result of {step.name} is not that of its items"

    def _one(self, step: StepPlan, name: str, item: dict[str, Any]) -> Iterator[str]:
        """A step, or one of its items."""
        attempts, status = self._tries(name), self._status_of(name)
        key = (self._execution.id, name)
        is_kept = self._execution.retry_of is not None and not attempts
        if is_kept:
            return
        tries = [each for each in attempts if each.error not in LOST]
        if status in FAILED and len(tries) != step.attempts:
            yield f"{name} has failed after {len(tries)} of {step.attempts} attempts"
        if step.kind == "child":
            return
        never = step.timeout is not None
        fails = self._world.failed[key]
        if status == "succeeded" and (never or fails > len(tries) - 1 + _lost(attempts)):
            yield f"{name} succeeded, and could not"
        if status in FAILED and not never and fails < step.attempts:
            yield f"{name} failed after {fails} failures, {step.attempts} attempts were allowed"
        if status == "succeeded":
            given = {need: self._result(need) for need in step.needs if need != step.items}
            if self._result(name) != value_of(step, given | item):
                yield f"the result of {name} is not what it makes of its parameters"

    def _result(self, name: str) -> Any:
        return self._steps[name].result if name in self._steps else None

    def _of(self, name: str) -> StepPlan:
        return next(step for step in self._plan.steps if step.name == name)


def _lost(attempts: list[AttemptRow]) -> int:
    return sum(1 for each in attempts if each.error in LOST)
