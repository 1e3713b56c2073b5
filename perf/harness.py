"""What a scenario is, and how it is measured: ours and others, in turns, in one run.

The machines that this runs on are shared and noisy, so a figure means something only beside another
one of the same minute. Each repetition measures everybody; the median over the repetitions counts.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done: 1.0 in a full run, less in a short one."""

    factor: float

    def of(self, count: int, least: int = 1) -> int:
        """So many, scaled."""
        return max(least, int(count * self.factor))


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody who is measured: `measure` gives one figure in the scenario's unit."""

    name: str
    measure: Callable[[Size], float]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One question. `others` are peers and raw limits; the first of them has the floor.

    `floor` is the least ratio (how many times better than it) that is not a failure: generous,
    because the machine is not ours alone.
    """

    name: str
    question: str
    unit: str
    higher_is_better: bool
    ours: Subject
    others: tuple[Subject, ...]
    floor: float

    def ratio(self, ours: float, other: float) -> float:
        """How many times better ours is; below 1: worse."""
        if ours <= 0 or other <= 0:
            return 0.0
        return ours / other if self.higher_is_better else other / ours


@dataclass(slots=True)
class Result:
    """The medians of a scenario."""

    scenario: Scenario
    ours: float
    others: dict[str, float] = field(default_factory=dict)

    @property
    def ratios(self) -> dict[str, float]:
        """By other: how many times better ours is."""
        return {name: self.scenario.ratio(self.ours, each) for name, each in self.others.items()}

    @property
    def holds(self) -> bool:
        """Whether the first ratio is not under the floor."""
        return next(iter(self.ratios.values())) >= self.scenario.floor


def run(scenario: Scenario, size: Size, repetitions: int) -> Result:
    """Measure everybody in turns, and take the medians."""
    ours: list[float] = []
    others: dict[str, list[float]] = {each.name: [] for each in scenario.others}
    for _ in range(repetitions):
        ours.append(scenario.ours.measure(size))
        for each in scenario.others:
            others[each.name].append(each.measure(size))
    return Result(scenario, median(ours), {name: median(each) for name, each in others.items()})


class Stopwatch:
    """Seconds between entering and leaving a block."""

    seconds = 0.0

    def rate(self, count: int) -> float:
        """So many in that time, per second."""
        return count / self.seconds


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Time a block."""
    watch = Stopwatch()
    begin = time.perf_counter()
    try:
        yield watch
    finally:
        watch.seconds = time.perf_counter() - begin
