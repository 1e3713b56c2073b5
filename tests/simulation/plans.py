"""What a seed makes: workflows, schedules, what is asked for and what goes wrong, and when.

A plan is data; it knows nothing of how the product works.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from tests.simulation.rules import SECOND, instant, parsed

SPAN = timedelta(days=7)
STARTS = (
    "2026-01-05T00:00:00+00:00",
    "2026-03-26T00:00:00+00:00",  # Europe's clocks go forward on the 29th
    "2026-03-05T00:00:00+00:00",  # America's on the 8th
    "2026-10-22T00:00:00+00:00",  # Europe's go back on the 25th
    "2028-02-26T00:00:00+00:00",  # a leap day
    "2026-12-28T00:00:00+00:00",
)
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
CRONS = (
    "0 3 * * *",
    "30 2 * * *",
    "0 */6 * * *",
    "15 8,20 * * *",
    "0 9 * * mon-fri",
    "0 0 1 * *",
    "45 23 * * sun",
    "*/30 1-3 * * *",
    "0 12 29 2 *",
    "0 4,16 */2 * *",
)
OVERLAPS = ("skip", "queueOne", "queueAll", "cancelRunning", "allow")
CATCH_UPS = ("skip", "latest", "all")
EVENTS = ("uploaded", "approved")
_TAKES = {
    "trigger": ("pick",),
    "run": ("workflow",),
    "cancel": ("pick",),
    "retry": ("pick",),
    "event": (),
    "approve": (),
}


@dataclass(frozen=True)
class StepPlan:
    """One step: its first `fails` calls raise, each takes `seconds`.

    `fickle` of ten executions (or items) of it raise at every call. A `list` returns one of at most
    `length`; a `map` takes the items of the step `items`, at most `concurrency` at once; a `child` runs
    a workflow, giving it what the step `item` returned, or each of `items`.
    """

    name: str
    needs: tuple[str, ...]
    kind: str = "plain"
    seconds: int = 0
    fails: int = 0
    attempts: int = 1
    backoff: int = 1
    timeout: int | None = None
    always: bool = False
    event: str = ""
    fickle: int = 0
    length: int = 0
    takes_item: bool = False
    items: str = ""
    item: str = ""
    concurrency: int | None = None
    child: str = ""


@dataclass(frozen=True)
class WorkflowPlan:
    """Steps in an order in which they can run."""

    id: str
    steps: tuple[StepPlan, ...]


@dataclass(frozen=True)
class Act:
    """Something that is asked for or goes wrong, so many seconds after the begin."""

    at: float
    kind: str
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """All that a seed decides beforehand."""

    seed: int
    start: str
    workflows: tuple[WorkflowPlan, ...]
    acts: tuple[Act, ...]
    concurrency: int
    has_faults: bool
    jumps: bool


def plan_of(seed: int) -> Plan:
    """The same for the same seed, in every process; without what `more_plans` adds."""
    return _Planner(seed).plan()


class _Planner:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.dice = Random(f"plan {seed}")
        self.start = self.dice.choice(STARTS)
        self.labels = 0

    def plan(self) -> Plan:
        dice = self.dice
        workflows = tuple(self._workflow(number) for number in range(dice.randint(1, 3)))
        faults, jumps = dice.random() < 0.8, dice.random() < 0.15
        acts: list[Act] = []
        for number in range(dice.randint(1, 4)):
            acts += self._schedule(f"s{number}", workflows)
        acts += self._calls(workflows)
        if faults:
            acts += self._faults(workflows, jumps=jumps)
        return Plan(
            self.seed,
            self.start,
            workflows,
            tuple(sorted(acts, key=lambda act: act.at)),
            dice.choice((1, 2, 5, 128)),
            faults,
            faults and jumps,
        )

    def _workflow(self, number: int) -> WorkflowPlan:
        steps: list[StepPlan] = []
        for place in range(self.dice.choice((1, 1, 2, 3, 4))):
            before = [step.name for step in steps]
            needs = tuple(self.dice.sample(before, min(len(before), self.dice.randint(0, 2))))
            steps.append(self._step(f"w{number}_{place}", needs))
        return WorkflowPlan(f"work{number}", tuple(steps))

    def _step(self, name: str, needs: tuple[str, ...]) -> StepPlan:
        dice = self.dice
        kind = dice.choices(("plain", "sleep", "wait"), (10, 1, 1))[0]
        seconds = dice.choice((0, 1, 5, 60, 600, 5_000, 9_000))
        if kind == "sleep":
            return StepPlan(name, needs, kind, seconds=max(1, seconds))
        if kind == "wait":
            return StepPlan(name, needs, kind, timeout=dice.choice((30, 3_600)), event="approved")
        attempts = dice.choice((1, 1, 2, 3))
        fails = dice.choices((0, 1, 2, 9), (12, 3, 1, 1))[0]
        is_slow = dice.random() < 0.05 and seconds > 1
        return StepPlan(
            name,
            needs,
            seconds=seconds,
            fails=fails,
            attempts=attempts,
            backoff=dice.choice((1, 30)),
            timeout=seconds // 2 if is_slow else None,
            always=bool(needs) and dice.random() < 0.1,
        )

    def _moment(self) -> float:
        """Some time of the week; sometimes at a full hour, when schedules are due."""
        seconds = self.dice.uniform(1, SPAN.total_seconds())
        if self.dice.random() < 0.2:
            return seconds // 3_600 * 3_600 + self.dice.choice((0, 0.001, 3))
        return round(seconds, 3)

    def _schedule(self, key: str, workflows: tuple[WorkflowPlan, ...]) -> list[Act]:
        dice = self.dice
        draft = self._draft(dice.choice(workflows).id, self._rule())
        acts = [
            Act(dice.choice((0.0, 0.0, 1.5, 50_000.25)), "create", {"key": key, "draft": draft})
        ]
        if dice.random() < 0.3:
            paused = self._moment()
            acts.append(Act(paused, "pause", {"key": key}))
            if dice.random() < 0.8:
                until = paused + dice.choice((10, 4_000, 100_000))
                acts.append(Act(until, "resume", {"key": key}))
        if dice.random() < 0.25:
            changed = self._draft(draft["workflowId"], self._rule())
            acts.append(Act(self._moment(), "update", {"key": key, "draft": changed}))
        if dice.random() < 0.1:
            given = {"key": key, "cancel": dice.random() < 0.5}
            acts.append(Act(self._moment(), "delete", given))
        return acts

    def _draft(self, workflow_id: str, rule: dict[str, Any]) -> dict[str, Any]:
        self.labels += 1
        dice = self.dice
        config = {"overlap": dice.choice(OVERLAPS), **rule}
        if "event" not in rule and "manual" not in rule:
            config["catchUp"] = dice.choice(CATCH_UPS)
            if dice.random() < 0.6:
                config["catchUpWindow"] = dice.choice((60, 7_200, 172_800))
            if dice.random() < 0.15:
                config["maxRuns"] = dice.randint(1, 6)
            if dice.random() < 0.15:
                day = instant(parsed(self.start) + dice.randint(0, 6) * 86_400 * SECOND)
                config["exclude"] = [day.date().isoformat()]
            if dice.random() < 0.1:
                config["startAt"] = self._iso(dice.randint(1, 3) * 86_400)
            if dice.random() < 0.1:
                config["endAt"] = self._iso(dice.randint(4, 6) * 86_400)
        limit = 1 if dice.random() < 0.8 else 2
        return {
            "workflowId": workflow_id,
            "name": f"label {self.labels}",
            "scheduleConfig": config,
            "executionConfig": {"maxConcurrency": limit, "priority": dice.randint(0, 9)},
        }

    def _rule(self) -> dict[str, Any]:
        dice = self.dice
        kind = dice.choices(("cron", "interval", "at", "event", "manual"), (10, 5, 1, 1, 1))[0]
        if kind == "cron":
            return {"cron": dice.choice(CRONS), "timezone": dice.choice(ZONES)}
        if kind == "interval":
            rule: dict[str, Any] = {"interval": dice.choice((14_400, 20_000, 86_400, 90_001))}
            return rule | ({"anchor": self.start} if dice.random() < 0.5 else {})
        if kind == "at":
            return {"at": self._iso(dice.randint(60_000, 500_000))}
        return {"event": EVENTS[0]} if kind == "event" else {"manual": True}

    def _iso(self, seconds: int) -> str:
        return instant(parsed(self.start) + seconds * SECOND).isoformat()

    def _calls(self, workflows: tuple[WorkflowPlan, ...]) -> list[Act]:
        acts: list[Act] = []
        for _ in range(self.dice.randint(0, 8)):
            acts += self._call(self._moment(), workflows)
        return acts

    def _call(self, at: float, workflows: tuple[WorkflowPlan, ...]) -> list[Act]:
        kind = self.dice.choice(tuple(_TAKES))
        given = {"pick": self.dice.random(), "workflow": self.dice.choice(workflows).id}
        return [Act(at, kind, {key: given[key] for key in _TAKES[kind]})]

    def _faults(self, workflows: tuple[WorkflowPlan, ...], *, jumps: bool) -> list[Act]:
        kinds = ["crash", "crash", "kill", "cut", "disk", "slow", "lose", "stall"]
        if jumps:
            kinds += ["jump", "jump"]
        acts = []
        for _ in range(self.dice.randint(1, 6)):
            kind = self.dice.choice(kinds)
            at = self._moment()
            acts += getattr(self, f"_{kind}")(at)
            if self.dice.random() < 0.4:  # somebody asks for something just then
                acts += self._call(at + self.dice.choice((0, 0.02, 1)), workflows)
        return acts

    def _crash(self, at: float) -> list[Act]:
        when = self.dice.choice(("now", "before", "after"))
        return [Act(at, "crash", {"pick": self.dice.random(), "when": when})]

    def _down(self) -> float:
        return self.dice.choice((0, 1, 30, 1_000, 8_000, 40_000, 120_000))

    def _kill(self, at: float) -> list[Act]:
        given = {"turns": self.dice.randint(0, 60), "down": self._down()}
        return [Act(at, "kill", given)]

    def _cut(self, at: float) -> list[Act]:
        given = {
            "after": self.dice.randint(1, 12),
            "durable": self.dice.random() < 0.6,
            "down": self._down(),
        }
        return [Act(at, "cut", given)]

    def _disk(self, at: float) -> list[Act]:
        trouble = self.dice.choice(("full", "locked", "io"))
        span = self.dice.choice((0.05, 3, 60, 1_200, 7_500))
        return [Act(at, "disk", {"trouble": trouble}), Act(at + span, "disk", {"trouble": None})]

    def _slow(self, at: float) -> list[Act]:
        span = self.dice.choice((10, 5_000))
        took = self.dice.choice((0.01, 0.5, 8))
        return [Act(at, "slow", {"took": took}), Act(at + span, "slow", {"took": 0})]

    def _lose(self, at: float) -> list[Act]:
        return [Act(at, "lose", {"pick": self.dice.random()})]

    def _stall(self, at: float) -> list[Act]:
        return [Act(at, "stall"), Act(at + self.dice.choice((1, 3_000, 90_000)), "follow")]

    def _jump(self, at: float) -> list[Act]:
        span = self.dice.choice((-86_400, -5_400, -61, 5, 70, 7_200, 100_000))
        return [Act(at, "jump", {"seconds": span})]
