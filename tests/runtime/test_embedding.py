"""A runtime in a real program: real time, real threads, real files."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pykka
import pytest
from gate import Gate
from waiting import eventually

from quarterjack.actors.engine import WouldDeadlock
from quarterjack.runtime import (
    DatabaseError,
    Event,
    InvalidInput,
    Runtime,
    RuntimeNotStarted,
    Settings,
    StepContext,
    Workflow,
    WorkflowDefinitionError,
)


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    """Whatever the test does, its threads are gone afterwards."""
    before = set(threading.enumerate())
    yield
    eventually(lambda: set(threading.enumerate()) <= before, within=10)


@pytest.fixture
def double() -> Workflow:
    found = Workflow("double")

    @found.step
    def twice(number: int) -> int:
        return number * 2

    return found


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'q.db'}"


def _manual(runtime: Runtime, workflow: str, **params: Any) -> str:
    draft = {
        "workflowId": workflow,
        "name": "n",
        "scheduleConfig": {"manual": True},
        "executionConfig": {"params": params},
    }
    return runtime.create_scheduled_workflow(draft).get(timeout=10)


def test_a_with_block_runs_what_is_asked(database: str, double: Workflow) -> None:
    with Runtime(database, workflows=[double]) as runtime:
        schedule_id = _manual(runtime, "double", number=4)
        key = runtime.trigger_scheduled_execution(schedule_id).get(timeout=10)

        ended = runtime.wait_for(key).get(timeout=10)

        assert ended.status == "succeeded"
        assert ended.result == 8
        assert runtime.readiness().ready


def test_an_async_with_block_runs_what_is_asked(database: str, double: Workflow) -> None:
    async def main() -> Any:
        async with Runtime(database, workflows=[double]) as runtime:
            key = await runtime.run("double", params={"number": 4})
            return (await runtime.wait_for(key)).result

    assert asyncio.run(main()) == 8


def test_a_schedule_fires_by_itself(double: Workflow) -> None:
    heard: list[Event] = []
    done = threading.Event()
    with Runtime(workflows=[double]) as runtime:
        triggered = runtime.on_schedule_triggered(heard.append)
        completed = runtime.on_workflow_completed(lambda _: done.set())
        triggered.get(), completed.get()
        runtime.create_scheduled_workflow(
            {
                "workflowId": "double",
                "name": "n",
                "scheduleConfig": {"cron": "* * * * * *"},
                "executionConfig": {"params": {"number": 1}},
            }
        ).get(timeout=10)

        assert done.wait(10)
    assert heard[0].type == "schedule.triggered"
    assert heard[0].data["trigger"] == "cron"
    assert heard[0].data["lateness"] >= 0


def test_calls_before_the_start_and_after_the_stop_say_so(double: Workflow) -> None:
    runtime = Runtime(workflows=[double])
    assert runtime.readiness().reasons == ["not started"]
    with pytest.raises(RuntimeNotStarted, match="with runtime"):
        runtime.list_schedules().get()

    with runtime:
        pass

    with pytest.raises(RuntimeNotStarted):
        runtime.run("double").get()
    assert not runtime.readiness().ready


def test_starting_and_stopping_twice_changes_nothing(database: str, double: Workflow) -> None:
    runtime = Runtime(database, workflows=[double])
    runtime.initialize().get(timeout=10)
    for _ in range(2):
        runtime.start().get(timeout=10)
    key = runtime.run("double", params={"number": 1}).get(timeout=10)
    runtime.wait_for(key).get(timeout=10)
    for _ in range(2):
        runtime.stop().get(timeout=10)

    runtime.start().get(timeout=10)
    assert runtime.get_execution(key).get(timeout=10).execution.result == 2
    runtime.stop().get(timeout=10)


def test_a_database_that_can_not_be_used_ends_the_start(tmp_path: Path, database: str) -> None:
    nowhere = Runtime(f"sqlite:///{tmp_path}/nowhere/q.db")
    for call in (nowhere.initialize, nowhere.start):
        with pytest.raises(DatabaseError, match="folder"):
            call().get(timeout=10)
    with pytest.raises(RuntimeNotStarted):
        nowhere.list_schedules().get()

    with Runtime(database), pytest.raises(DatabaseError, match="in use by process"):
        Runtime(database).start().get(timeout=10)


def test_wrong_arguments_are_told_at_once(double: Workflow) -> None:
    with pytest.raises(InvalidInput, match="database"):
        Runtime("mysql://x")
    with pytest.raises(WorkflowDefinitionError):
        Runtime(workflows=[double, double])
    with pytest.raises(InvalidInput, match="concurrency"):
        Settings.of(concurrency=0)
    with pytest.raises(InvalidInput, match="colour"):
        Settings.of(colour="red")


def test_several_runtimes_live_side_by_side(double: Workflow) -> None:
    with Runtime(workflows=[double]) as one, Runtime(workflows=[double]) as two:
        key = one.run("double", params={"number": 1}).get(timeout=10)
        one.wait_for(key).get(timeout=10)

        assert len(one.list_executions().get(timeout=10).items) == 1
        assert two.list_executions().get(timeout=10).items == []


def test_steps_run_side_by_side_where_the_graph_allows() -> None:
    together = threading.Barrier(3)
    fan = Workflow("fan")

    @fan.step
    def start() -> int:
        return 1

    for name in ("left", "middle", "right"):

        @fan.step(name=name)
        def wait(start: int) -> int:
            return together.wait(10) * 0 + start

    @fan.step
    def end(left: int, middle: int, right: int) -> int:
        return left + middle + right

    with Runtime(workflows=[fan]) as runtime:
        key = runtime.run("fan").get(timeout=10)
        assert runtime.wait_for(key).get(timeout=15).result == 3


def test_coroutines_run_side_by_side_on_a_loop_of_their_own() -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    pair = Workflow("pair")
    met: dict[str, asyncio.Event] = {}

    async def meet(mine: str, other: str) -> str:
        loops.append(asyncio.get_running_loop())
        met.setdefault(mine, asyncio.Event()).set()
        await asyncio.wait_for(met.setdefault(other, asyncio.Event()).wait(), 10)
        return mine

    @pair.step
    async def one(ctx: StepContext) -> str:
        ctx.progress(1, 1)
        return await meet("one", "two")

    @pair.step
    async def two() -> str:
        return await meet("two", "one")

    with Runtime(workflows=[pair]) as runtime:
        key = runtime.run("pair").get(timeout=10)
        assert runtime.wait_for(key).get(timeout=15).result == {"one": "one", "two": "two"}

    assert len(set(map(id, loops))) == 1


def test_coroutines_run_also_when_plain_functions_run_inline() -> None:
    flow = Workflow("flow")

    @flow.step
    async def early() -> str:
        await asyncio.sleep(0.01)
        return threading.current_thread().name

    @flow.step
    def late(early: str) -> list[str]:
        return [early, threading.current_thread().name]

    with Runtime(workflows=[flow], settings=Settings.of(runner="inline")) as runtime:
        result = runtime.wait_for(runtime.run("flow").get()).get(timeout=20).result

    assert result == ["quarterjack-async", "quarterjack-loop"]


def test_a_step_on_a_thread_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    gate = Gate()
    hanging = Workflow("hanging")

    @hanging.step(timeout="100ms")
    def hang(ctx: StepContext) -> bool:
        gate.wait()
        return ctx.cancelled

    with Runtime(workflows=[hanging]) as runtime:
        key = runtime.run("hanging").get(timeout=10)
        ended = runtime.wait_for(key).get(timeout=10)
        gate.open()

    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error.type == "StepTimeout"


def test_a_coroutine_that_takes_too_long_is_cancelled() -> None:
    ended_by: list[str] = []
    hanging = Workflow("hanging")

    @hanging.step(timeout="100ms")
    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended_by.append("cancelled")
            raise

    with Runtime(workflows=[hanging]) as runtime:
        key = runtime.run("hanging").get(timeout=10)
        ended = runtime.wait_for(key).get(timeout=10)

    assert ended.error is not None
    assert ended.error.type == "StepTimeout"
    assert ended_by == ["cancelled"]


def test_a_cancelled_step_is_told_and_ends_its_execution() -> None:
    began, noticed = threading.Event(), threading.Event()
    patient = Workflow("patient")

    @patient.step
    def wait(ctx: StepContext) -> None:
        began.set()
        eventually(lambda: ctx.cancelled)
        noticed.set()

    with Runtime(workflows=[patient]) as runtime:
        key = runtime.run("patient").get(timeout=10)
        assert began.wait(10)
        runtime.cancel_scheduled_execution(key).get(timeout=10)
        ended = runtime.wait_for(key).get(timeout=10)
        (step,) = runtime.get_execution(key).get(timeout=10).steps

    assert noticed.is_set()
    assert ended.status == "cancelled"
    assert step.status == "cancelled"
    assert step.attempts[0].error is not None
    assert "what it returned is not kept" in step.attempts[0].error.message


@pytest.mark.parametrize("kind", ["coroutine", "thread"])
def test_half_the_work_of_a_cancelled_step_is_done_again_by_a_retry(kind: str) -> None:
    began, calls = threading.Event(), list[int]()
    flow = Workflow("flow")

    async def in_coroutine(ctx: StepContext) -> str:
        calls.append(1)
        try:
            began.set()
            await asyncio.sleep(0 if len(calls) > 1 else 60)
        except asyncio.CancelledError:
            return "half"
        return "whole"

    def on_thread(ctx: StepContext) -> str:
        calls.append(1)
        began.set()
        if len(calls) > 1:
            return "whole"
        eventually(lambda: ctx.cancelled)
        return "half"

    flow.step(name="work")(in_coroutine if kind == "coroutine" else on_thread)
    with Runtime(workflows=[flow]) as runtime:
        key = runtime.run("flow").get(timeout=10)
        assert began.wait(10)
        runtime.cancel_scheduled_execution(key).get(timeout=10)
        runtime.wait_for(key).get(timeout=10)
        again = runtime.retry_execution(key).get(timeout=10)
        ended = runtime.wait_for(again).get(timeout=10)

    assert ended.result == "whole"


def test_a_stop_waits_for_running_steps(database: str) -> None:
    began, gate = threading.Event(), Gate()
    slow = Workflow("slow")

    @slow.step
    def hold() -> int:
        began.set()
        gate.wait()
        return 1

    @slow.step
    def after(hold: int) -> int:
        return hold + 1

    runtime = Runtime(database, workflows=[slow])
    runtime.start().get(timeout=10)
    key = runtime.run("slow").get(timeout=10)
    assert began.wait(10)
    stopping = runtime.stop(grace=10)
    gate.open()
    stopping.get(timeout=15)

    with Runtime(database, workflows=[slow]) as again:
        assert again.wait_for(key).get(timeout=10).result == 2
        steps = again.get_execution(key).get(timeout=10).steps
    assert [len(step.attempts) for step in steps] == [1, 1]


def test_what_a_stop_interrupts_goes_on_at_the_next_start(database: str) -> None:
    gate = Gate()
    runs: list[int] = []
    slow = Workflow("slow")

    @slow.step
    def before() -> int:
        runs.append(0)
        return 1

    @slow.step
    def hold(before: int, ctx: StepContext) -> int:
        runs.append(ctx.attempt)
        if ctx.attempt == 1:
            eventually(lambda: ctx.cancelled)
        return ctx.attempt

    runtime = Runtime(database, workflows=[slow])
    runtime.start().get(timeout=10)
    key = runtime.run("slow").get(timeout=10)
    eventually(lambda: 1 in runs)
    runtime.stop(grace=0).get(timeout=15)

    with Runtime(database, workflows=[slow]) as again:
        assert again.wait_for(key).get(timeout=10).result == 2
    assert runs == [0, 1, 2]
    gate.open()


def test_a_callback_that_fails_harms_nobody(
    double: Workflow, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def fail(event: Event) -> None:
        raise ZeroDivisionError(event.type)

    with Runtime(workflows=[double]) as runtime:
        broken = runtime.subscribe("*", fail).get(timeout=10)
        runtime.subscribe("workflow:*", lambda event: heard.append(event.type)).get(timeout=10)
        runtime.wait_for(runtime.run("double", params={"number": 1}).get(timeout=10)).get(
            timeout=10
        )
        assert runtime.unsubscribe(broken).get(timeout=10) is True
        assert runtime.unsubscribe(broken).get(timeout=10) is False
        with pytest.raises(InvalidInput, match="no topic 'weather'"):
            runtime.subscribe("weather", fail).get(timeout=10)

    assert heard[0] == "workflow.started"
    assert heard[-1] == "workflow.completed"
    assert "a callback for workflow.started failed" in caplog.text


def test_callbacks_run_on_a_thread_of_their_own(double: Workflow) -> None:
    threads: set[str] = set()
    with Runtime(workflows=[double]) as runtime:
        runtime.subscribe(
            "*", lambda _: threads.add(threading.current_thread().name), key="double"
        ).get(timeout=10)
        runtime.wait_for(runtime.run("double", params={"number": 1}).get(timeout=10)).get(
            timeout=10
        )

    assert len(threads) == 1
    assert next(iter(threads)).startswith("quarterjack-callbacks")


def test_waiting_on_the_actors_own_loop_is_an_error_that_says_so(double: Workflow) -> None:
    async def main() -> None:
        runtime = Runtime(workflows=[double])
        await runtime.serve_on_this_loop()
        try:
            with pytest.raises(WouldDeadlock, match="await"):
                runtime.run("double", params={"number": 1}).get()
        finally:
            await runtime.drain(0)

    asyncio.run(main())


def test_a_reply_that_does_not_come_in_time_is_told(double: Workflow) -> None:
    gate = Gate()
    held = Workflow("held")

    @held.step
    def hold() -> None:
        gate.wait()

    with Runtime(workflows=[held]) as runtime:
        key = runtime.run("held").get(timeout=10)
        with pytest.raises(pykka.Timeout):
            runtime.wait_for(key).get(timeout=0.01)
        gate.open()
        assert runtime.wait_for(key).get(timeout=10).status == "succeeded"


def test_writes_wait_while_the_database_takes_none(
    tmp_path: Path, database: str, double: Workflow
) -> None:
    with Runtime(database, workflows=[double]) as runtime:
        with closing(sqlite3.connect(tmp_path / "q.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            waiting = [runtime.run("double", params={"number": n}) for n in range(3)]
            eventually(lambda: not runtime.readiness().ready)
            assert not any(reply.done() for reply in waiting)
            assert runtime.list_executions().get(timeout=10).items == []
            other.execute("ROLLBACK")

        results = [
            runtime.wait_for(reply.get(timeout=30)).get(timeout=10).result for reply in waiting
        ]

        assert results == [0, 2, 4]
        assert runtime.readiness().ready


def test_many_runs_at_once_all_end(database: str, double: Workflow) -> None:
    with Runtime(database, workflows=[double], settings=Settings.of(concurrency=7)) as runtime:
        keys = [runtime.run("double", params={"number": n}) for n in range(200)]
        ends = [runtime.wait_for(key.get(timeout=30)) for key in keys]

        assert [end.get(timeout=30).result for end in ends] == [n * 2 for n in range(200)]
        seqs = [event.seq for event in runtime.events(0, limit=10_000).get(timeout=10)]
        assert seqs == list(range(1, len(seqs) + 1))
