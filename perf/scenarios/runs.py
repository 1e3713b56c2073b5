"""Whole executions, recorded and durable at every step, beside the commits that they can't do without."""

import tempfile

from perf.harness import Scenario, Size, Subject, stopwatch
from quarterjack.runtime import Runtime, Workflow

from .storage import single_rows

one = Workflow("one")


@one.step
def only() -> int:
    return 1


three = Workflow("three")


@three.step
def first() -> int:
    return 1


@three.step
def second(first: int) -> int:
    return first + 1


@three.step
def third(second: int) -> int:
    return second + 1


def _runs(workflow: Workflow, count: int) -> float:
    with (
        tempfile.TemporaryDirectory() as folder,
        Runtime(f"sqlite:///{folder}/q.db", workflows=[workflow]) as runtime,
    ):
        with stopwatch() as watch:
            keys = [runtime.run(workflow.id) for _ in range(count)]
            ends = [runtime.wait_for(key.get(timeout=60)) for key in keys]
            for end in ends:
                assert end.get(timeout=60).status == "succeeded"
        return watch.rate(count)


def one_step(size: Size) -> float:
    """One-step executions per second, from submission to their end."""
    return _runs(one, size.of(1_000, 50))


def three_steps(size: Size) -> float:
    """Three-step executions per second."""
    return _runs(three, size.of(500, 25))


SCENARIOS = (
    Scenario(
        "runs",
        "one-step executions, submitted at once",
        "1/s",
        higher_is_better=True,
        ours=Subject("runtime, threads", one_step),
        others=(Subject("SQLite, row by row", single_rows),),
        floor=0.05,
    ),
    Scenario(
        "runs-of-three",
        "three-step executions, submitted at once",
        "1/s",
        higher_is_better=True,
        ours=Subject("runtime, threads", three_steps),
        others=(Subject("SQLite, row by row", single_rows),),
        floor=0.02,
    ),
)
