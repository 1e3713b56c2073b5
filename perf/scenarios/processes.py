"""Steps in worker processes, beside calls through a bare `pebble` pool of as many workers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context

from pebble import ProcessPool

from perf.harness import Scenario, Size, Subject, stopwatch
from quarterjack.actors.runner import AttemptKey, StepEnd, StepReport, StepTask
from quarterjack.runtime import Workflow
from quarterjack.runtime.runners import ProcessRunner
from quarterjack.storage import ExecutionId, Trigger
from quarterjack.storage.instants import EPOCH

WORKERS = 2
flow = Workflow("perf-processes")


@flow.step
def nothing() -> int:
    return 1


def _task(number: int) -> StepTask:
    return StepTask(
        key=AttemptKey(ExecutionId("exe_1"), "nothing", number),
        step=flow.steps["nothing"],
        workflow_id=flow.id,
        schedule_id=None,
        scheduled_time=EPOCH,
        trigger=Trigger.API,
        params={},
        context={},
        results={},
    )


class _Ends:
    """Counts the ends of attempts."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.all = threading.Event()

    def __call__(self, report: StepReport) -> None:
        if isinstance(report, StepEnd):
            self._left -= 1
            if not self._left:
                self.all.set()


@contextmanager
def _runner() -> Iterator[ProcessRunner]:
    runner = ProcessRunner([flow], now=lambda: datetime.now(UTC), processes=WORKERS)
    runner.start()
    try:
        yield runner
    finally:
        runner.close()


@contextmanager
def _pool() -> Iterator[ProcessPool]:
    with ProcessPool(max_workers=WORKERS, context=get_context("forkserver")) as pool:
        for future in [pool.schedule(nothing) for _ in range(20)]:
            future.result()
        yield pool


def runner_round_trip(size: Size) -> float:
    """Milliseconds of one step after the other."""
    count = size.of(2_000, 100)
    with _runner() as runner, stopwatch() as watch:
        for number in range(count):
            ends = _Ends(1)
            runner.submit(_task(number), ends)
            ends.all.wait(30)
    return 1_000 / watch.rate(count)


def pebble_round_trip(size: Size) -> float:
    """Milliseconds of one call after the other."""
    count = size.of(2_000, 100)
    with _pool() as pool, stopwatch() as watch:
        for _ in range(count):
            pool.schedule(nothing).result()
    return 1_000 / watch.rate(count)


def runner_rate(size: Size) -> float:
    """Steps per second, all submitted at once."""
    count = size.of(5_000, 200)
    with _runner() as runner, stopwatch() as watch:
        ends = _Ends(count)
        for number in range(count):
            runner.submit(_task(number), ends)
        ends.all.wait(60)
    return watch.rate(count)


def pebble_rate(size: Size) -> float:
    """Calls per second, all submitted at once."""
    count = size.of(5_000, 200)
    with _pool() as pool, stopwatch() as watch:
        for future in [pool.schedule(nothing) for _ in range(count)]:
            future.result()
    return watch.rate(count)


SCENARIOS = (
    Scenario(
        "processes",
        "a step in a worker process, there and back",
        "ms",
        higher_is_better=False,
        ours=Subject("process runner", runner_round_trip),
        others=(Subject("pebble", pebble_round_trip),),
        floor=0.3,
    ),
    Scenario(
        "many-processes",
        "steps in two worker processes, submitted at once",
        "1/s",
        higher_is_better=True,
        ours=Subject("process runner", runner_rate),
        others=(Subject("pebble", pebble_rate),),
        floor=0.2,
    ),
)
