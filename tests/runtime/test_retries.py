"""Trying again: which errors, for how long, and whole executions from where they failed."""

from datetime import timedelta
from typing import Any

import pytest
from events_of import every_event
from one_run import run_once, statuses

from quarterjack.runtime import NotFound, Retry, StepContext, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import IllegalTransition


@pytest.mark.parametrize(
    ("retry", "attempts"),
    [
        pytest.param(Retry(attempts=3), 3, id="any"),
        pytest.param(Retry(attempts=3, retry_on=(LookupError,)), 3, id="a base class"),
        pytest.param(Retry(attempts=3, retry_on=("KeyError",)), 3, id="by name"),
        pytest.param(Retry(attempts=3, retry_on=OSError), 1, id="another class"),
        pytest.param(Retry(attempts=3, no_retry_on=LookupError), 1, id="not that one"),
        pytest.param(
            Retry(attempts=3, retry_on=(Exception,), no_retry_on=(KeyError,)), 1, id="both"
        ),
    ],
)
def test_only_errors_that_are_wanted_are_tried_again(retry: Retry, attempts: int) -> None:
    flow = Workflow("flow")

    @flow.step(retry=retry)
    def work() -> None:
        raise KeyError("gone")

    (step,) = run_once(flow).steps
    assert len(step.attempts) == attempts


def test_a_step_has_a_time_for_all_its_attempts() -> None:
    flow = Workflow("flow")

    @flow.step(retry=Retry(attempts=100, backoff="1m", factor=1), total_timeout="10m")
    def work() -> None:
        raise ConnectionError("not today")

    @flow.step(after=("work",), run_if="always")
    def tidy() -> None: ...

    with VirtualRuntime(workflows=[flow]) as runtime:
        began = runtime.now()
        key = runtime.run("flow").get()
        ended = runtime.wait_for(key).get()
        took = runtime.now() - began
        found = runtime.get_execution(key).get()

    assert took == timedelta(minutes=10)
    assert statuses(found) == {"work": "timedOut", "tidy": "succeeded"}
    assert ended.error is not None
    assert ended.error.type == "StepTimeout"
    assert "0:10:00 with all its attempts" in ended.error.message


def test_jitter_shortens_waits_and_is_the_same_each_time() -> None:
    def delays() -> list[float]:
        flow = Workflow("flow")

        @flow.step(retry=Retry(attempts=5, backoff="100s", factor=1, jitter=0.5))
        def work() -> None:
            raise ConnectionError("not today")

        with VirtualRuntime(workflows=[flow]) as runtime:
            runtime.wait_for(runtime.run("flow").get()).get()
            told = every_event(runtime)
        return [event.data["delay"] for event in told if event.type.endswith("retrying")]

    first = delays()

    assert all(50 <= delay <= 100 for delay in first)
    assert len(set(first)) > 1
    assert delays() == first


def test_jitter_spreads_executions_that_fail_together() -> None:
    flow = Workflow("flow")

    @flow.step(retry=Retry(attempts=2, backoff="100s", jitter=1))
    def work() -> None:
        raise ConnectionError("not today")

    with VirtualRuntime(workflows=[flow]) as runtime:
        for key in [runtime.run("flow").get() for _ in range(10)]:
            runtime.wait_for(key).get()
        told = every_event(runtime)

    assert len({event.data["delay"] for event in told if event.type.endswith("retrying")}) == 10


def _report(calls: list[str]) -> Workflow:
    flow = Workflow("report")

    @flow.step
    def extract(day: str) -> str:
        calls.append("extract")
        return day

    @flow.step(map={"part": "parts"})
    def load(part: int, extract: str, ctx: StepContext) -> int:
        calls.append(f"load {part}")
        if part == 2 and ctx.context.get("broken") and "fixed" not in calls:
            raise ConnectionError("no route")
        return part

    @flow.step
    def send(load: list[int]) -> int:
        calls.append("send")
        return sum(load)

    return flow


def _fail_once(runtime: VirtualRuntime, calls: list[str]) -> str:
    params: dict[str, Any] = {"day": "monday", "parts": [1, 2, 3]}
    key = runtime.run("report", params=params, context={"broken": True}).get()
    assert runtime.wait_for(key).get().status == "failed"
    calls.append("fixed")
    return key


def test_a_retried_execution_keeps_what_was_finished() -> None:
    calls: list[str] = []
    with VirtualRuntime(workflows=[_report(calls)]) as runtime:
        key = _fail_once(runtime, calls)
        again = runtime.retry_execution(key).get()
        ended = runtime.wait_for(again).get()

    assert calls == ["extract", "load 1", "load 2", "load 3", "fixed", "load 2", "send"]
    assert (ended.result, ended.status.value) == (6, "succeeded")
    assert (ended.retry_of, ended.trigger.value) == (key, "retry")
    assert (ended.params, ended.context) == (
        {"day": "monday", "parts": [1, 2, 3]},
        {"broken": True},
    )


def test_a_retry_counts_for_its_schedule() -> None:
    flow = Workflow("flow")

    @flow.step
    def work(ctx: StepContext) -> None:
        assert ctx.trigger.value == "retry", "only then"

    with VirtualRuntime(workflows=[flow]) as runtime:
        schedule_id = runtime.create_scheduled_workflow(
            {"workflowId": "flow", "name": "n", "scheduleConfig": {"manual": True}}
        ).get()
        key = runtime.trigger_scheduled_execution(schedule_id).get()
        failed = runtime.wait_for(key).get()
        again = runtime.retry_execution(key).get()
        ended = runtime.wait_for(again).get()
        totals = runtime.get_schedule(schedule_id).get().totals

    assert (failed.status.value, ended.status.value) == ("failed", "succeeded")
    assert ended.scheduled_time == failed.scheduled_time
    assert (totals.executions, totals.succeeded, totals.failed) == (2, 1, 1)


def test_what_succeeded_or_runs_is_not_retried() -> None:
    calls: list[str] = []
    flow, sleeper = _report(calls), Workflow("asleep")
    sleeper.sleep("1h")
    with VirtualRuntime(workflows=[flow, sleeper]) as runtime:
        asleep = runtime.run("asleep").get()
        key = runtime.run("report", params={"day": "x", "parts": []}).get()
        runtime.wait_for(key).get()
        with pytest.raises(IllegalTransition, match="is waiting"):
            runtime.retry_execution(asleep).get()
        with pytest.raises(IllegalTransition, match="is succeeded"):
            runtime.retry_execution(key).get()
        with pytest.raises(NotFound):
            runtime.retry_execution("exe_none").get()


def test_a_retry_tidies_up_and_tells_of_its_failure_as_the_first_run_did() -> None:
    calls: list[str] = []
    flow = Workflow("flow")

    @flow.step
    def fine() -> None:
        calls.append("fine")

    @flow.step(after=("fine",))
    def bad(ctx: StepContext) -> None:
        calls.append("bad")
        raise ValueError(ctx.trigger.value)

    @flow.step(run_if="always")
    def note(fine: None) -> None:
        calls.append("note")

    @flow.step(run_if="always", map={"part": "parts"})
    def tidy(part: int, bad: None) -> None:
        calls.append(f"tidy {part}")

    @flow.on_failure
    def alarm(ctx: StepContext) -> None:
        calls.append(f"alarm {ctx.failures['bad'].message}")

    with VirtualRuntime(workflows=[flow]) as runtime:
        key = runtime.run("flow", params={"parts": [1, 2]}).get()
        runtime.wait_for(key).get()
        again = runtime.retry_execution(key).get()
        ended = runtime.wait_for(again).get()

    assert ended.status == "failed"
    assert calls == [
        *("fine", "bad", "note", "tidy 1", "tidy 2", "alarm api"),
        *("bad", "tidy 1", "tidy 2", "alarm retry"),
    ]
