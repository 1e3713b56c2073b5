"""What half of the seeds have more: workflows as steps, steps for each item, jitter, calendars.

Each kind has dice of its own, so that the plan of an old seed stays what it was, and gets something new.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from random import Random
from typing import Any

from tests.simulation.plans import SPAN, Act, Plan, StepPlan, WorkflowPlan, plan_of
from tests.simulation.rules import SECOND, instant, parsed

SHARE = 0.5
"""Of the seeds that have more."""
CALENDARS = ("bank", "school")


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


# Times


def _times(plan: Plan, dice: Random) -> Plan:
    """Schedules with jitter, and such as exclude the days of calendars that change."""
    acts = [_with_times(act, dice) for act in plan.acts]
    first = parsed(plan.start)
    for name in CALENDARS:
        moments = (0.0, *(dice.uniform(1, SPAN.total_seconds()) for _ in range(dice.randint(0, 3))))
        for at in moments:
            days = (instant(first + day * 86_400 * SECOND) for day in range(9))
            dates = [day.date().isoformat() for day in days if dice.random() < 0.3]
            given = {"name": name, "dates": dates}
            if at and dice.random() < 0.5:
                acts += _just_then(at, given, dice, is_slow=plan.has_faults)
            else:
                acts.append(Act(round(at, 3), "calendar", given))
    return replace(plan, acts=tuple(sorted(acts, key=lambda act: act.at)))


def _just_then(at: float, given: dict[str, Any], dice: Random, *, is_slow: bool) -> list[Act]:
    """A change about when something is due, and some schedule is awake; perhaps while commits are slow."""
    at = at // 43_200 * 43_200 + 43_200
    acts = [Act(at - 10, "trigger", {"pick": dice.random()})]
    if is_slow and dice.random() < 0.5:
        acts += [Act(at - 3, "slow", {"took": 8}), Act(at + 100, "slow", {"took": 0})]
    return [*acts, Act(at + dice.choice((-6, -1, -0.02, 0, 0.001)), "calendar", given)]


def _with_times(act: Act, dice: Random) -> Act:
    if act.kind not in ("create", "update"):
        return act
    draft, at = act.given["draft"], act.at
    config = dict(draft["scheduleConfig"])
    if "event" in config or "manual" in config:
        return act
    if dice.random() < 0.5:
        config["jitter"] = dice.choice((20, 600, 600, 3_000, 20_000))
    if dice.random() < 0.5:
        config["exclude"] = [*config.get("exclude", ()), f"calendar:{dice.choice(CALENDARS)}"]
        at = at or 1.0  # the calendar is made first
    return replace(act, at=at, given={**act.given, "draft": {**draft, "scheduleConfig": config}})


# Backfills


def _backfills(plan: Plan, dice: Random) -> Plan:
    """Ranges of the past are made up for; some of that is cancelled, perhaps at once."""
    keys = sorted({act.given["key"] for act in plan.acts if act.kind == "create"})
    acts = list(plan.acts)
    for _ in range(dice.choice((1, 1, 2, 3))):
        at = round(dice.uniform(90_000, SPAN.total_seconds()), 3)
        if dice.random() < 0.2:
            at = at // 3_600 * 3_600
        begin = at - dice.choice((20_000, 90_000, 200_000, 400_000))
        given: dict[str, Any] = {"key": dice.choice(keys), "begin": begin, "end": at + 10_000}
        if dice.random() < 0.6:
            given["end"] = dice.uniform(begin + 1, at)
        given["how"] = dice.choice(
            ({}, {"overlap": "queueAll"}, {"overlap": "allow"}, {"maxConcurrency": 3})
        )
        acts.append(Act(at, "backfill", given))
        if dice.random() < 0.4:  # again, while the first is under way
            acts.append(Act(at + dice.choice((0, 0.02, 3_000)), "backfill", given))
        if dice.random() < 0.4:
            after = dice.choice((0, 0.02, 1, 4_000, 20_000))
            acts.append(Act(at + after, "end_backfill", {"pick": dice.random()}))
    return replace(plan, acts=tuple(sorted(acts, key=lambda act: act.at)))


_KINDS: tuple[tuple[str, float, Callable[[Plan, Random], Plan]], ...] = (
    ("graphs", 0.4, _graphs),
    ("times", 0.5, _times),
    ("backfills", 0.4, _backfills),
)
