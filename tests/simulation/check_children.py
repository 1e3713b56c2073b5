"""Workflows as steps, and steps for each item of a list: what they owe to the one that began them.

The order of things is that of their events, which clock jumps don't change.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.simulation.evidence import AttemptRow, EventRow, Evidence, ExecutionRow
from tests.simulation.plans import Plan, StepPlan

TIMEOUT = "StepTimeout"
DEAF = "StepDeaf"
_ENDS = {"workflow.completed", "workflow.failed", "workflow.timedOut", "workflow.cancelled"}


def is_unwanted(execution: ExecutionRow, evidence: Evidence) -> bool:
    """Whether what began it has been cancelled, or waits for it no more."""
    if execution.parent is None or execution.parent_step is None:
        return False
    if evidence.executions[execution.parent].status == "cancelled":
        return True
    attempt = _attempt_of(execution, evidence)
    return attempt is not None and attempt.error == TIMEOUT


def check_children(plan: Plan, evidence: Evidence) -> Iterator[str]:
    """Sentences about what is wrong."""
    steps = {step.name: step for each in plan.workflows for step in each.steps}
    if not any(step.child or step.items for step in steps.values()):
        return
    order = _Order(evidence)
    for (parent, name), children in evidence.children.items():
        step = steps[name.partition("[")[0]]
        attempts = evidence.attempts[parent, name]
        if parent not in evidence.executions:
            yield f"{children[0].id} has a parent that is not stored"
            continue
        if len(children) != len(attempts):
            yield f"{parent}: {name} has {len(attempts)} attempts and {len(children)} executions"
            continue
        for attempt, child in zip(attempts, children, strict=True):
            pair = _Pair(step, evidence.executions[parent], attempt, child)
            for problem in [*pair.given(evidence), *pair.ends(order, has_faults=plan.has_faults)]:
                yield f"{parent}: {child.id}, attempt {attempt.number} of {name}: {problem}"
    for key, execution in evidence.executions.items():
        for step in _steps_of(plan, execution):
            if step.child and not step.items:
                yield from _all_have_one(key, step.name, evidence)
            if step.concurrency is not None:
                yield from _at_once(key, step, order)


def _steps_of(plan: Plan, execution: ExecutionRow) -> tuple[StepPlan, ...]:
    return next(each for each in plan.workflows if each.id == execution.workflow).steps


def _attempt_of(child: ExecutionRow, evidence: Evidence) -> AttemptRow | None:
    """The attempt of its parent's step that it stands for."""
    assert child.parent is not None
    assert child.parent_step is not None
    place = evidence.children[child.parent, child.parent_step].index(child)
    return next(iter(evidence.attempts[child.parent, child.parent_step][place:]), None)


def _all_have_one(key: str, name: str, evidence: Evidence) -> Iterator[str]:
    attempts, children = evidence.attempts[key, name], evidence.children.get((key, name), [])
    if len(attempts) != len(children):
        yield f"{key}: {name} has {len(attempts)} attempts and {len(children)} executions"


class _Order:
    """Which event came when."""

    def __init__(self, evidence: Evidence) -> None:
        self.ends: dict[str, int] = {}
        self.begins: dict[str, int] = {}
        self.of_steps: defaultdict[tuple[str, str], list[EventRow]] = defaultdict(list)
        for event in evidence.events:
            if event.execution is None:
                continue
            if event.type in _ENDS:
                self.ends[event.execution] = event.seq
            elif event.type == "workflow.started":
                self.begins[event.execution] = event.seq
            elif event.type.startswith("workflow.step."):
                self.of_steps[event.execution, event.data["step"]].append(event)


class _Pair:
    """An attempt of a step, and the execution that it waits for."""

    def __init__(
        self, step: StepPlan, parent: ExecutionRow, attempt: AttemptRow, child: ExecutionRow
    ) -> None:
        self._step = step
        self._parent = parent
        self._attempt = attempt
        self._child = child

    def given(self, evidence: Evidence) -> Iterator[str]:
        """It runs the right workflow, with what it was to get."""
        steps, wanted = evidence.steps[self._parent.id], {}
        if self._step.item:
            wanted = {"item": steps[self._step.item].result}
        elif self._step.items:
            index = int(self._attempt.step.partition("[")[2][:-1])
            wanted = {"item": steps[self._step.items].result[index]}
        if self._child.workflow != self._step.child:
            yield f"it runs {self._child.workflow}"
        if self._child.schedule is not None or self._child.due is not None:
            yield "it is said to be of a schedule"
        if wanted and self._child.params != wanted:
            yield f"it got {self._child.params}, not {wanted}"

    def ends(self, order: _Order, *, has_faults: bool) -> Iterator[str]:
        """Both end alike, the child first."""
        error, child = self._attempt.error, self._child
        if error == DEAF and not has_faults:
            yield "it could not be cancelled"
        if error is None and child.status != "succeeded":
            yield f"the step succeeded, it has {child.status}"
        if child.status == "succeeded" and error not in (None, TIMEOUT, DEAF):
            yield f"it succeeded, the step failed with {error}"
        end, last = order.ends.get(child.id, 0), self._end(order)
        if last < end and error not in (TIMEOUT, DEAF):
            yield "it ended later than the step"
        if last < end and child.status != "cancelled":
            yield f"nobody waited for it, and it {child.status}"
        if last < order.begins.get(child.id, 0):
            yield "it began when nobody waited for it"

    def _end(self, order: _Order) -> int:
        """When the attempt ended; at the latest with its execution."""
        for event in order.of_steps[self._parent.id, self._attempt.step]:
            is_mine = event.data.get("attempt") == self._attempt.number
            if is_mine and event.type != "workflow.step.started":
                return event.seq
        return order.ends.get(self._parent.id, 0)


def _at_once(key: str, step: StepPlan, order: _Order) -> Iterator[str]:
    """No more items of a list are under way at once than may be."""
    turns: list[tuple[int, int]] = []
    index = 0
    while events := order.of_steps.get((key, f"{step.name}[{index}]")):
        ends = [event.seq for event in events if _is_end(event)]
        turns += [(events[0].seq, 1), (ends[-1] if ends else order.ends.get(key, 0), -1)]
        index += 1
    running = 0
    for _, turn in sorted(turns):
        running += turn
        if running > (step.concurrency or 0):
            yield f"{key}: {running} items of {step.name} at once, {step.concurrency} may"
            return


def _is_end(event: Any) -> bool:
    return event.type in ("workflow.step.completed", "workflow.step.failed")
