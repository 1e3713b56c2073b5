"""Limits, rates and fairness as a user meets them: on the real tree, on a virtual clock."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from quarterjack.runtime import InvalidInput, Retry, Settings, StepContext, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import ExecutionStatus
from quarterjack.storage.queries import ExecutionFilter

SECOND = timedelta(seconds=1)


def nap(name: str, **options: Any) -> Workflow:
    """Takes ten seconds of virtual time: its step fails, waits, and succeeds."""
    made = Workflow(name, **options)

    @made.step(retry=Retry(attempts=2, backoff="10s"))
    def sleep(ctx: StepContext) -> None:
        assert ctx.attempt == 2, "not yet"

    return made


def instant(name: str, **options: Any) -> Workflow:
    """Takes no time."""
    made = Workflow(name, **options)

    @made.step
    def work() -> None: ...

    return made


def starts(runtime: VirtualRuntime, workflow: str | None = None) -> list[float]:
    """When executions started, in seconds since the first moment of the clock's day."""
    midnight = runtime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        (event.timestamp - midnight) / SECOND
        for event in runtime.events(0, limit=10_000).get()
        if event.type == "workflow.started" and event.workflow_id == (workflow or event.workflow_id)
    ]


def order(runtime: VirtualRuntime) -> list[str | None]:
    """The executions in the order of their starts."""
    stored = runtime.events(0, limit=10_000).get()
    return [event.execution_id for event in stored if event.type == "workflow.started"]


def test_all_limits_hold_at_every_moment() -> None:
    wide, narrow = nap("wide"), nap("narrow", max_concurrency=3)
    most: Counter[str] = Counter()
    with VirtualRuntime(workflows=[wide, narrow], settings=Settings.of(concurrency=5)) as runtime:
        draft = {"scheduleConfig": {"cron": "* * * * * *", "overlap": "queueAll"}, "name": "n"}
        keys = [
            runtime.create_scheduled_workflow(
                {**draft, "workflowId": name, "executionConfig": {"maxConcurrency": limit}}
            ).get()
            for name, limit in (("narrow", 2), ("narrow", 2), ("wide", 1))
        ]
        for _ in range(10):
            runtime.run("wide").get()
        for _ in range(60):
            runtime.advance("1s")
            running = (
                runtime.list_executions(ExecutionFilter(status=ExecutionStatus.RUNNING)).get().items
            )
            now = Counter({"all": len(running)})
            now.update(execution.workflow_id for execution in running)
            now.update(str(execution.schedule_id) for execution in running)
            most |= now

    assert most["all"] == 5
    assert most["narrow"] == 3
    assert [most[key] for key in keys] == [2, 2, 1]
    assert most["wide"] >= 2, "what is held back does not block others"


def test_starts_are_as_many_as_the_rates_say_to_the_microsecond() -> None:
    rated = instant("rated", rate_limit="10/min")
    with VirtualRuntime(workflows=[rated], settings=Settings.of(rate_limit="4/s")) as runtime:
        for _ in range(25):
            runtime.run("rated").get()
        runtime.advance("3 minutes")

        found = starts(runtime)

    minute = [0] * 4 + [1] * 4 + [2] * 2
    later = [60] * 4 + [61] * 4 + [62] * 2
    assert found == [*minute, *later, *[120] * 4, 121]


def test_one_workflow_s_rate_does_not_hold_back_another() -> None:
    rated, free = instant("rated", rate_limit="1/h"), instant("free")
    with VirtualRuntime(workflows=[rated, free]) as runtime:
        for name in ("rated", "rated", "free", "rated", "free"):
            runtime.run(name, priority=0 if name == "rated" else 9).get()
        runtime.advance("1m")

        assert starts(runtime, "free") == [0, 0]
        assert starts(runtime, "rated") == [0]


@pytest.mark.parametrize("crash", [False, True], ids=["restart", "crash of the queue"])
def test_a_rate_holds_across_a_restart(tmp_path: Path, *, crash: bool) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    rated = instant("rated", rate_limit="2/min")
    first = VirtualRuntime(database, workflows=[rated])
    with first:
        for _ in range(5):
            first.run("rated").get()
        first.advance("20s")
        if crash:
            first.crash("run-queue")
            first.advance("10s")
            assert starts(first) == [0, 0]

    with VirtualRuntime(database, workflows=[rated], clock=first.clock, seed=2) as second:
        second.advance("10 minutes")

        assert starts(second) == [0, 0, 60, 60, 120]


def test_a_rate_that_is_none_is_refused_with_a_sentence() -> None:
    with pytest.raises(InvalidInput, match=r'rate_limit: .*write "10/min"'):
        Settings.of(rate_limit="often")


def test_a_flood_of_priority_0_leaves_old_priority_9_one_start_in_ten() -> None:
    flow = instant("flow")
    with VirtualRuntime(workflows=[flow], settings=Settings.of(rate_limit="1/s")) as runtime:
        runtime.run("flow").get()
        old = [runtime.run("flow", priority=9).get() for _ in range(5)]
        for _ in range(60):
            runtime.run("flow", priority=0).get()
            runtime.run("flow", priority=0).get()
            runtime.advance("1s")

        started = order(runtime)[1:]

    assert [started.index(key) for key in old] == [9, 19, 29, 39, 49]
    assert len(started) == 60


def test_what_waited_at_the_end_of_a_server_starts_in_its_order_at_the_next(
    tmp_path: Path,
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    work, one = nap("work"), Settings.of(concurrency=1)
    with VirtualRuntime(database, workflows=[work], settings=one) as first:
        running = first.run("work").get()
        first.settle()
        waiting = {}
        for name in ("9", "5", "5b", "0"):
            waiting[name] = first.run("work", priority=int(name[0])).get()
            first.advance("1ms")
        clock = first.clock

    with VirtualRuntime(database, workflows=[work], settings=one, clock=clock, seed=2) as second:
        for key in waiting.values():
            second.wait_for(key).get()
        started = order(second)

    assert started == [running, *[waiting[name] for name in ("0", "5", "5b", "9")]]
