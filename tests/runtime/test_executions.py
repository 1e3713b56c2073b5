"""Executions: order, results, retries, timeouts, cancelling; on a virtual clock."""

from datetime import timedelta
from typing import Any

import pytest
from events_of import every_event, types

from quarterjack.runtime import (
    ExecutionDetail,
    InvalidInput,
    NotFound,
    Retry,
    Settings,
    StepContext,
    Workflow,
)
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import IllegalTransition


def run(workflow: Workflow, **params: Any) -> tuple[ExecutionDetail, VirtualRuntime]:
    """Run a workflow to its end; what is stored of it, and the runtime (stopped)."""
    runtime = VirtualRuntime(workflows=[workflow])
    with runtime:
        key = runtime.run(workflow.id, params=params).get()
        runtime.wait_for(key).get()
        return runtime.get_execution(key).get(), runtime


def test_results_are_passed_on_by_name(report: Workflow) -> None:
    found, _ = run(report, region="asia")

    assert found.execution.result == {"load": 4, "notify": "asia api"}
    assert {step.name: step.result for step in found.steps} == {
        "extract": {"region": "asia"},
        "load": 4,
        "notify": "asia api",
    }
    assert found.depends_on["load"] == ("extract",)


def test_a_single_last_step_gives_the_result() -> None:
    chain = Workflow("chain")

    @chain.step
    def one() -> tuple[int, int]:
        return (1, 2)

    @chain.step
    def two(one: list[int]) -> list[int]:
        assert type(one) is list, "plain data has no tuples"
        return [*one, 3]

    assert run(chain)[0].execution.result == [1, 2, 3]


def test_a_step_can_wait_without_taking_a_result() -> None:
    order: list[str] = []
    chain = Workflow("chain")

    @chain.step(after=("later",))
    def last() -> None:
        order.append("last")

    @chain.step(name="later")
    def something() -> None:
        order.append("later")

    run(chain)

    assert order == ["later", "last"]


def test_what_a_step_knows_of_itself() -> None:
    known: list[dict[str, Any]] = []
    aware = Workflow("aware")

    @aware.step(retry=Retry(attempts=2, backoff="5s"))
    def look(ctx: StepContext, size: int = 3) -> None:
        known.append(
            {
                "ids": (ctx.execution_id, ctx.schedule_id, ctx.workflow_id, ctx.step),
                "attempt": ctx.attempt,
                "time": ctx.scheduled_time,
                "trigger": ctx.trigger.value,
                "params": dict(ctx.params),
                "context": dict(ctx.context),
                "key": ctx.idempotency_key,
                "logger": ctx.logger.name,
                "cancelled": ctx.cancelled,
                "shown": repr(ctx),
            }
        )
        assert ctx.attempt == 2

    with VirtualRuntime(workflows=[aware]) as runtime:
        schedule_id = runtime.create_scheduled_workflow(
            {"workflowId": "aware", "name": "n", "scheduleConfig": {"manual": True}}
        ).get()
        began = runtime.now()
        key = runtime.trigger_scheduled_execution(
            schedule_id, params={"size": 4}, context={"who": "me"}
        ).get()
        runtime.wait_for(key).get()

    first, second = known
    assert first == {
        "ids": (key, schedule_id, "aware", "look"),
        "attempt": 1,
        "time": began,
        "trigger": "manual",
        "params": {"size": 4},
        "context": {"who": "me"},
        "key": f"{key}:look",
        "logger": "quarterjack.step.aware.look",
        "cancelled": False,
        "shown": f"<StepContext {key} look attempt 1>",
    }
    assert second == {**first, "attempt": 2, "shown": first["shown"].replace("1>", "2>")}


def test_a_failure_is_stored_with_type_message_and_traceback(broken: Workflow) -> None:
    found, _ = run(broken)

    error = found.execution.error
    assert found.execution.status == "failed"
    assert error is not None
    assert (error.type, error.message) == ("LookupError", "nothing there")
    assert "raise LookupError" in error.traceback
    assert found.steps[0].attempts[0].error == error


def test_branches_that_do_not_depend_on_a_failure_go_on() -> None:
    mixed = Workflow("mixed")

    @mixed.step
    def bad() -> None:
        raise ValueError("no")

    @mixed.step
    def after_bad(bad: None) -> None:
        raise AssertionError("never reached")

    @mixed.step
    def good() -> int:
        return 1

    @mixed.step
    def after_good(good: int) -> int:
        return good + 1

    found, _ = run(mixed)

    status = {step.name: step.status.value for step in found.steps}
    assert status == {
        "bad": "failed",
        "after_bad": "skipped",
        "good": "succeeded",
        "after_good": "succeeded",
    }
    assert found.execution.status == "failed"
    assert found.execution.error is not None
    assert found.execution.error.type == "ValueError"


def test_a_step_is_tried_again_after_its_waits() -> None:
    stubborn = Workflow("stubborn")

    @stubborn.step(retry=Retry(attempts=4, backoff="2s", factor=3, max_backoff="10s"))
    def never() -> None:
        raise OSError("gone")

    found, _ = run(stubborn)

    (step,) = found.steps
    starts = [attempt.started_at - step.attempts[0].started_at for attempt in step.attempts]
    assert [start.total_seconds() for start in starts] == [0, 2, 8, 18]
    assert [attempt.number for attempt in step.attempts] == [1, 2, 3, 4]
    assert step.status == "failed"


def test_a_schedule_s_retry_policy_holds_for_steps_without_one(broken: Workflow) -> None:
    with VirtualRuntime(workflows=[broken]) as runtime:
        key = runtime.create_scheduled_workflow(
            {
                "workflowId": "broken",
                "name": "n",
                "scheduleConfig": {"manual": True},
                "executionConfig": {"retryPolicy": {"attempts": 3, "backoff": "1s"}},
            }
        ).get()
        execution = runtime.trigger_scheduled_execution(key).get()
        runtime.wait_for(execution).get()

        assert len(runtime.get_execution(execution).get().steps[0].attempts) == 3
        assert types(runtime, of=execution) == [
            "schedule.triggered",
            "workflow.started",
            "workflow.step.started",
            "workflow.step.retrying",
            "workflow.step.started",
            "workflow.step.retrying",
            "workflow.step.started",
            "workflow.step.failed",
            "workflow.failed",
            "schedule.failed",
        ]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({1, 2}, "the result of give: a set is not plain data"),
        ({"a": object()}, "the result of give.a: a object is not plain data"),
        ("x" * 1_000_001, "over the limit of 1,000,000"),
        (float("inf"), "inf is no number"),
    ],
)
def test_a_result_that_is_not_plain_data_fails_its_step(value: Any, told: str) -> None:
    odd = Workflow("odd")

    @odd.step
    def give() -> Any:
        return value

    found, _ = run(odd)

    assert found.execution.error is not None
    assert found.execution.error.type == "NotPlainData"
    assert told in found.execution.error.message


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_a_step_that_tries_to_end_the_process_ends_itself(error: BaseException) -> None:
    rude = Workflow("rude")

    @rude.step
    def leave() -> None:
        raise error

    found, _ = run(rude)

    assert found.execution.error is not None
    assert found.execution.error.type == type(error).__name__


def test_an_error_whose_text_can_not_be_read_is_still_told() -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    rude = Workflow("rude")

    @rude.step
    def fail() -> None:
        raise Silent

    found, _ = run(rude)

    assert found.execution.error is not None
    assert found.execution.error.type == "Silent"
    assert "RuntimeError" in found.execution.error.message


def test_an_endless_error_text_is_cut() -> None:
    loud = Workflow("loud")

    @loud.step
    def fail() -> None:
        raise ValueError("x" * 1_000_000)

    found, _ = run(loud)

    assert found.execution.error is not None
    assert len(found.execution.error.message) < 20_000
    assert "characters left out" in found.execution.error.message


def test_progress_is_told_at_a_limited_rate_and_the_last_is_kept() -> None:
    busy = Workflow("busy")

    @busy.step
    def work(ctx: StepContext) -> None:
        for done in range(1, 101):
            ctx.progress(done, 100, f"part {done}")

    runtime = VirtualRuntime(workflows=[busy])
    with runtime:
        key = runtime.run("busy").get()
        runtime.wait_for(key).get()
        told = [
            event.data["done"]
            for event in every_event(runtime)
            if event.type == "workflow.step.progress"
        ]
        step = runtime.get_execution(key).get().steps[0]

    assert told == [1, 100]
    assert step.progress == (100, 100, "part 100")


def test_progress_of_odd_kinds_is_an_error_of_the_step() -> None:
    odd = Workflow("odd")

    @odd.step
    def work(ctx: StepContext) -> None:
        ctx.progress(float("nan"), 1)

    found, _ = run(odd)

    assert found.execution.error is not None
    assert found.execution.error.type == "ValueError"


def test_a_waiting_execution_is_cancelled_before_it_begins(slow: Workflow) -> None:
    with VirtualRuntime(workflows=[slow], settings=Settings.of(concurrency=1)) as runtime:
        first, second = runtime.run("slow").get(), runtime.run("slow").get()

        runtime.cancel_scheduled_execution(second).get()

        assert runtime.wait_for(second).get().status == "cancelled"
        assert runtime.wait_for(second).get().started_at is None
        assert runtime.wait_for(first).get().status == "succeeded"
        assert types(runtime, of=second) == ["workflow.cancelled"]


def test_an_execution_that_waits_for_a_retry_is_cancelled_at_once(slow: Workflow) -> None:
    with VirtualRuntime(workflows=[slow]) as runtime:
        key = runtime.run("slow").get()
        runtime.settle()

        runtime.cancel_scheduled_execution(key).get()
        ended = runtime.wait_for(key).get()
        steps = runtime.get_execution(key).get().steps

        assert ended.status == "cancelled"
        assert ended.duration == timedelta(0)
        assert [step.status.value for step in steps] == ["cancelled"]
        with pytest.raises(IllegalTransition, match="cancelled"):
            runtime.cancel_scheduled_execution(key).get()


def test_an_unknown_execution_can_not_be_cancelled_or_waited_for(slow: Workflow) -> None:
    with VirtualRuntime(workflows=[slow]) as runtime:
        for call in (
            runtime.cancel_scheduled_execution,
            runtime.wait_for,
            runtime.get_execution,
        ):
            with pytest.raises(NotFound):
                call("exe_nothing").get()


def test_an_execution_that_takes_too_long_is_timed_out(slow: Workflow) -> None:
    with VirtualRuntime(workflows=[slow]) as runtime:
        key = runtime.create_scheduled_workflow(
            {
                "workflowId": "slow",
                "name": "n",
                "scheduleConfig": {"manual": True},
                "executionConfig": {"timeout": "30s"},
            }
        ).get()
        execution = runtime.trigger_scheduled_execution(key).get()

        ended = runtime.wait_for(execution).get()

        assert ended.status == "timedOut"
        assert ended.duration == timedelta(seconds=30)
        assert ended.error is not None
        assert ended.error.type == "ExecutionTimeout"
        assert types(runtime, of=execution)[-2:] == ["workflow.timedOut", "schedule.failed"]
        status = runtime.get_schedule_workflow_status(key).get()
        assert status.schedule.totals.failed == 1


@pytest.mark.parametrize(
    ("arguments", "loc"),
    [
        ({"params": {"colour": 1}}, ("params", "colour")),
        ({"params": {"region": {1}}}, ("params",)),
        ({"context": {"x": object()}}, ("context",)),
        ({"priority": 10}, ("priority",)),
    ],
)
def test_a_wrong_run_is_refused(
    report: Workflow, arguments: dict[str, Any], loc: tuple[str, ...]
) -> None:
    with VirtualRuntime(workflows=[report]) as runtime:
        with pytest.raises(InvalidInput) as refused:
            runtime.run("report", **arguments).get()
        assert refused.value.errors[0].loc == loc
        with pytest.raises(NotFound):
            runtime.run("nothing").get()
        assert runtime.list_executions().get().items == []


def test_a_missing_parameter_is_named() -> None:
    wants = Workflow("wants")

    @wants.step
    def need(this: int) -> int:
        return this

    with (
        VirtualRuntime(workflows=[wants]) as runtime,
        pytest.raises(InvalidInput, match=r"params\.this: is required"),
    ):
        runtime.run("wants").get()


def test_lower_priorities_run_first_then_the_older_ones() -> None:
    order: list[str] = []
    tagged = Workflow("tagged")

    @tagged.step(retry=Retry(attempts=2, backoff="1s"))
    def tag(name: str, ctx: StepContext) -> None:
        if ctx.attempt == 1:
            order.append(name)
        assert name != "first" or ctx.attempt == 2

    with VirtualRuntime(workflows=[tagged], settings=Settings.of(concurrency=1)) as runtime:
        names = [("first", 5), ("low", 9), ("old", 5), ("young", 5), ("high", 0)]
        keys = [
            runtime.run("tagged", params={"name": name}, priority=priority).get()
            for name, priority in names
        ]
        for key in keys:
            runtime.wait_for(key).get()

    assert order == ["first", "high", "old", "young", "low"]
