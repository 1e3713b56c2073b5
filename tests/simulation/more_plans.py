"""What half of the seeds have more: workflows as steps, steps for each item of a list.

Each kind has dice of its own, so that the plan of an old seed stays what it was, and gets something new.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from random import Random

from tests.simulation.plans import Plan, StepPlan, WorkflowPlan, plan_of

SHARE = 0.5
"""Of the seeds that have more."""


def whole_plan_of(seed: int, kinds: Collection[str] | None = None) -> Plan:
    """The plan of a seed with what it has more; of these kinds only, if they are given."""
    plan = plan_of(seed)
    if Random(f"more {seed}").random() >= SHARE:
        return plan
    for kind, likely, add in _KINDS:
        dice = Random(f"more {seed} {kind}")
        if dice.random() < likely and (kinds is None or kind in kinds):
            plan = add(plan, dice)
    return plan


# Graphs


def _graphs(plan: Plan, dice: Random) -> Plan:
    """One workflow more, for others to run, and new steps between the old ones."""
    leaf = _leaf(f"work{len(plan.workflows)}", dice)
    known, found = [leaf], [leaf]
    for workflow in reversed(plan.workflows):  # each runs only later ones, so that it ends
        steps = list(workflow.steps)
        for number in range(dice.choice((0, 1, 1, 2))):
            _insert(steps, f"{workflow.steps[0].name[:-1]}m{number}", known, dice)
        known.append(WorkflowPlan(workflow.id, tuple(steps)))
        found.insert(0, known[-1])
    return replace(plan, workflows=tuple(found))


def _leaf(key: str, dice: Random) -> WorkflowPlan:
    first = _work(f"{key}_0", (), dice)
    first = replace(first, takes_item=dice.random() < 0.7)
    if dice.random() < 0.5:
        return WorkflowPlan(key, (first,))
    second = _work(f"{key}_1", (first.name,), dice)
    if dice.random() < 0.2:
        second = StepPlan(second.name, second.needs, "sleep", seconds=dice.choice((1, 1_000)))
    return WorkflowPlan(key, (first, second))


def _work(name: str, needs: tuple[str, ...], dice: Random) -> StepPlan:
    return StepPlan(
        name,
        needs,
        seconds=dice.choice((0, 0, 1, 60, 600)),
        fails=dice.choice((0, 0, 0, 1)),
        attempts=dice.choice((1, 1, 2, 3)),
        backoff=dice.choice((1, 30)),
        fickle=dice.choice((0, 0, 2, 5)),
    )


def _insert(steps: list[StepPlan], name: str, known: list[WorkflowPlan], dice: Random) -> None:
    place = dice.randint(0, len(steps))
    before = [step.name for step in steps[:place]]
    needs = tuple(dice.sample(before, min(len(before), dice.randint(0, 1))))
    kind = dice.choice(("map", "child", "children"))
    if kind == "children":
        known = [each for each in known if takes_item(each)]
        kind = kind if known else "map"
    new = _child(name, needs, known, dice) if kind != "map" else _work(name, needs, dice)
    added = [new]
    if kind != "child":
        source = replace(_work(f"{name}_list", needs, dice), kind="list", length=4)
        concurrency = dice.choice((None, 1, 2, 3))
        new = replace(
            new, needs=(*needs, source.name), item="", items=source.name, concurrency=concurrency
        )
        added = [source, replace(new, kind="map", takes_item=True) if kind == "map" else new]
    for number, step in enumerate(steps[place:], start=place):
        if dice.random() < 0.3:
            steps[number] = replace(step, needs=(*step.needs, name))
    steps[place:place] = added


def _child(name: str, needs: tuple[str, ...], known: list[WorkflowPlan], dice: Random) -> StepPlan:
    child = dice.choice(known)
    return StepPlan(
        name,
        needs,
        "child",
        attempts=dice.choice((1, 1, 2, 3)),
        backoff=dice.choice((1, 30, 1_000)),
        timeout=dice.choice((None, None, None, 300, 7_200)),
        item=needs[0] if needs and takes_item(child) else "",
        child=child.id,
    )


def takes_item(workflow: WorkflowPlan) -> bool:
    """Whether a run of it has the parameter `item`."""
    return any(step.takes_item and not step.items for step in workflow.steps)


_KINDS: tuple[tuple[str, float, Callable[[Plan, Random], Plan]], ...] = (("graphs", 0.4, _graphs),)
