"""Executions: all end, as their steps' ends and the plan have it; no finished step runs again."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

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
    if execution.id in cancels:
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
            attempts = self._evidence.attempts[self._execution.id, step.name]
            yield from self._attempts(step, attempts)
            if not is_cancelled:
                yield from self._step(step, attempts)
        if is_cancelled:
            return
        statuses = {step.name: self._status(step) for step in self._plan.steps}
        failed = [name for name, status in statuses.items() if status in FAILED]
        wanted = "failed" if failed else "succeeded"
        if self._execution.status != wanted:
            yield f"it {self._execution.status}, its steps are {statuses}"

    def _status(self, step: StepPlan) -> str:
        row = self._steps.get(step.name)
        return "missing" if row is None else row.status

    def _attempts(self, step: StepPlan, attempts: list[AttemptRow]) -> Iterator[str]:
        numbers = [each.number for each in attempts]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{step.name} has the attempts {numbers}"
        if any(each.ended is None for each in attempts):
            yield f"an attempt of {step.name} has no end"
        if any(each.error is None for each in attempts[:-1]):
            yield f"{step.name} was tried again when it was done"
        tries = [each for each in attempts if each.error not in LOST]
        if step.kind == "plain" and len(tries) > step.attempts:
            yield f"{step.name} was tried {len(tries)} times, {step.attempts} were allowed"
        begun = [
            each.started
            for need in step.needs
            for each in self._evidence.attempts[self._execution.id, need][-1:]
        ]
        if attempts and begun and self._is_steady and attempts[0].started < max(begun):
            yield f"{step.name} began before what it needs"

    def _step(self, step: StepPlan, attempts: list[AttemptRow]) -> Iterator[str]:
        status = self._status(step)
        needed = [self._status(self._of(name)) for name in step.needs]
        runs = step.always or all(each == "succeeded" for each in needed)
        if not runs:
            if status not in ("skipped", "missing"):
                yield f"{step.name} is {status}, what it needs is {needed}"
            return
        if step.kind == "sleep" and status != "succeeded":
            yield f"{step.name} sleeps, and is {status}"
        if step.kind == "plain":
            yield from self._plain(step, status, attempts)
        if status not in ("succeeded", *FAILED):
            yield f"{step.name} is {status}"

    def _plain(self, step: StepPlan, status: str, attempts: list[AttemptRow]) -> Iterator[str]:
        key = (self._execution.id, step.name)
        is_kept = self._execution.retry_of is not None and not attempts
        if is_kept:
            return
        tries = [each for each in attempts if each.error not in LOST]
        if status in FAILED and len(tries) != step.attempts:
            yield f"{step.name} has failed after {len(tries)} of {step.attempts} attempts"
        never = step.timeout is not None
        fails = self._world.failed[key]
        if status == "succeeded" and (never or fails > len(tries) - 1 + _lost(attempts)):
            yield f"{step.name} succeeded, and could not"
        if status in FAILED and not never and fails < step.attempts:
            yield f"{step.name} failed after {fails} failures, {step.attempts} attempts were allowed"
        if status == "succeeded":
            given = {name: self._result(name) for name in step.needs}
            if self._steps[step.name].result != value_of(step.name, given):
                yield f"the result of {step.name} is not what it makes of its parameters"

    def _result(self, name: str) -> Any:
        return self._steps[name].result if name in self._steps else None

    def _of(self, name: str) -> StepPlan:
        return next(step for step in self._plan.steps if step.name == name)


def _lost(attempts: list[AttemptRow]) -> int:
    return sum(1 for each in attempts if each.error in LOST)
