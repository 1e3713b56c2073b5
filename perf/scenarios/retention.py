"""What others notice of the janitor at work: it deletes a long history and gives its space back meanwhile."""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import quantiles
from threading import Event

from perf.harness import Scenario, Size, Subject
from quarterjack.actors.janitor import GoRound
from quarterjack.actors.messages import Commit
from quarterjack.runtime import Runtime, Settings, Workflow
from quarterjack.storage import WorkflowId
from quarterjack.storage.database import Address, Reader
from quarterjack.storage.instants import to_micros
from quarterjack.storage.plain_data import pack
from quarterjack.storage.queries import ExecutionFilter, PageRequest
from quarterjack.storage.records import RunOptions
from quarterjack.storage.rows import packed_options
from quarterjack.storage.upgrade import open_upgraded

from .storage import queued_run

HISTORY = 100_000
"""Old executions: more than are deleted while is measured."""
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_FILL = """
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
    INSERT INTO executions (id, workflow_id, status, trigger, scheduled_time, queued_at, started_at,
        ended_at, priority, params, context, options, result)
    SELECT printf('exe_old_%08d', i), 'w' || (i % 50), 'succeeded', 'api', t, t, t, t, 5, :empty, :empty,
        :options, :result
    FROM (SELECT i, :begin + i AS t FROM n)
"""
_STEPS = """
    INSERT INTO steps (execution_id, name, status, result)
    SELECT id, 'step', 'succeeded', :empty FROM executions
"""
_ATTEMPTS = """
    INSERT INTO attempts (execution_id, step, number, started_at, ended_at)
    SELECT id, 'step', 1, started_at, ended_at FROM executions
"""
NEEDED = 200
"""Executions that a busy server makes in a second, and that are to be deleted as fast."""
Measure = Callable[[Runtime, int], list[float]]
_NUMBERS = itertools.count()
probe = Workflow("probe")
_STARTED: list[float] = []
_IS_STARTED = Event()


@probe.step
def starts() -> None:
    _STARTED.append(time.perf_counter())
    _IS_STARTED.set()


def _starts(runtime: Runtime, count: int) -> list[float]:
    """Seconds from a trigger to its step's start, one after the other."""
    found = []
    for _ in range(count):
        _IS_STARTED.clear()
        begin = time.perf_counter()
        runtime.run("probe").get(timeout=30)
        assert _IS_STARTED.wait(30)
        found.append(_STARTED.pop() - begin)
    return found


def _commits(runtime: Runtime, count: int) -> list[float]:
    """Seconds that a commit takes, one after the other."""
    found, state = [], runtime._running().cast.state
    for number in islice(_NUMBERS, count):
        begin = time.perf_counter()
        state.ask(Commit(queued_run(number))).get(timeout=30)
        found.append(time.perf_counter() - begin)
    return found


@contextmanager
def _served(history: int, *, at_work: bool) -> Iterator[Runtime]:
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{Path(folder, 'q.db')}"
        writer = open_upgraded(Address(address))
        try:
            given = {
                "count": history,
                "empty": pack({}),
                "result": pack("x" * 500),
                "options": packed_options(RunOptions()),
            }
            writer.connection.execute(_FILL, {**given, "begin": to_micros(_LONG_AGO)})
            writer.connection.execute(_STEPS, given)
            writer.connection.execute(_ATTEMPTS)
        finally:
            writer.close()
        settings = Settings(keep=timedelta(days=1))
        with Runtime(address, workflows=[probe], settings=settings) as runtime:
            if at_work:
                janitor = runtime._running().system.find("quarterjack/janitor")
                assert janitor is not None
                janitor.tell(GoRound())
            yield runtime
            if at_work:
                page = runtime.list_executions(
                    ExecutionFilter(workflow_id=WorkflowId("w9")), PageRequest(1)
                )
                assert page.get(timeout=30).items, "there was too little history to delete"


def _percentile(measure: Measure, number: int, at_work: bool) -> Callable[[Size], float]:
    def measured(size: Size) -> float:
        with _served(size.of(HISTORY, 20_000), at_work=at_work) as runtime:
            found = measure(runtime, size.of(500, 40))
        return 1_000 * quantiles(found, n=100)[number - 1]

    return measured


def _deleted_a_second(size: Size) -> float:
    """Executions with a step and an attempt each, while others commit."""
    history = size.of(HISTORY, 20_000)
    with _served(history, at_work=True) as runtime:
        begin = time.perf_counter()
        before = _left(runtime)
        while time.perf_counter() < begin + size.of(20, 2):
            _commits(runtime, 10)
            time.sleep(0.05)
        return (before - _left(runtime)) / (time.perf_counter() - begin)


def _left(runtime: Runtime) -> int:
    """How much of the history is there."""
    query = "SELECT count(*) FROM executions WHERE id LIKE 'exe_old_%'"

    def count(reader: Reader) -> int:
        return int(reader.execute_sql(query).fetchone()[0])

    found: int = runtime._running().environment.reads(count).get(timeout=30)
    return found


def _scenario(name: str, question: str, measure: Measure, number: int, floor: float) -> Scenario:
    return Scenario(
        name,
        f"{question}, p{number}, while history is deleted",
        "ms",
        higher_is_better=False,
        ours=Subject("janitor at work", _percentile(measure, number, True)),
        others=(Subject("janitor idle", _percentile(measure, number, False)),),
        floor=floor,
    )


SCENARIOS = (
    _scenario("bystander", "from a trigger to its step's start", _starts, 50, 0.3),
    _scenario("bystander-p99", "from a trigger to its step's start", _starts, 99, 0.05),
    _scenario("bystander-commit", "a commit", _commits, 99, 0.05),
    Scenario(
        "janitor",
        "old executions deleted while others commit",
        "1/s",
        higher_is_better=True,
        ours=Subject("janitor", _deleted_a_second),
        others=(Subject("as many as are made", lambda _: float(NEEDED)),),
        floor=0.1,
    ),
)
