"""One schedule leads to another: by events that steps send, by ends of workflows; and loops are stopped."""

import logging
from typing import Any

import pytest
from events_of import every_event
from ledger import executions, fires

from quarterjack.runtime import Retry, StepContext, Workflow, WorkflowDefinitionError
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import FireReason


def sender() -> Workflow:
    """Sends the events that its parameter `sends` names."""
    found = Workflow("sender")

    @found.step
    def send(ctx: StepContext, sends: list[str]) -> None:
        for name in sends:
            ctx.emit(name, {"by": ctx.schedule_id})

    return found


def ends() -> list[Workflow]:
    """Workflows that end in their ways: `good`, `bad`, `late`; and `after`, which tells what came before."""
    good, bad, late, after = (Workflow(name) for name in ("good", "bad", "late", "after"))

    @good.step
    def value(size: int = 3) -> str:
        return "x" * size

    @bad.step
    def fail() -> None:
        raise LookupError("nothing there")

    late.sleep("1h")

    @after.step
    def tell(ctx: StepContext) -> Any:
        return ctx.context["event"]

    return [good, bad, late, after]


def sends(runtime: VirtualRuntime, key: str, rule: dict[str, Any], *events: str) -> None:
    draft = {
        "workflowId": "sender",
        "name": key,
        "scheduleConfig": rule,
        "executionConfig": {"params": {"sends": list(events)}},
    }
    runtime.create_scheduled_workflow(draft, schedule_id=key).get()


def runs(runtime: VirtualRuntime, *keys: str) -> dict[str, int]:
    """How many executions each schedule has."""
    return {key: len(executions(runtime, key)) for key in keys}


def start(runtime: VirtualRuntime, key: str) -> None:
    runtime.trigger_scheduled_execution(key).get()
    runtime.advance("1m")


def make(runtime: VirtualRuntime, workflow: str, event: str, **more: Any) -> str:
    config = {"event": event, "overlap": "allow", **more}
    draft = {"workflowId": workflow, "name": "n", "scheduleConfig": config}
    return runtime.create_scheduled_workflow(draft).get()


def test_a_step_s_event_fires_another_schedule() -> None:
    with VirtualRuntime(workflows=[sender()], seed=1) as runtime:
        sends(runtime, "first", {"cron": "0 * * * *"}, "one")
        sends(runtime, "second", {"event": "one"}, "two")
        sends(runtime, "third", {"event": "two"})
        runtime.advance("2h 1m")
        found = runs(runtime, "first", "second", "third")
        last = executions(runtime, "third")[-1]

    assert found == {"first": 2, "second": 2, "third": 2}
    assert last.chain == ("first", "second")
    assert last.context == {"event": {"name": "two", "key": None, "payload": {"by": "second"}}}


@pytest.mark.parametrize("circle", [1, 2, 5])
def test_a_circle_of_schedules_is_stopped_with_a_reason(
    circle: int, caplog: pytest.LogCaptureFixture
) -> None:
    keys = [f"s{number}" for number in range(circle)]
    with VirtualRuntime(workflows=[sender()], seed=1) as runtime:
        for number, key in enumerate(keys):
            sends(runtime, key, {"event": f"e{number}"}, f"e{(number + 1) % circle}")
        with caplog.at_level(logging.WARNING, "quarterjack.schedules"):
            (began,) = runtime.send_event("e0").get()
            runtime.advance("1h")
        found = runs(runtime, *keys)
        stopped = fires(runtime, "s0")[-1]
        last = executions(runtime, keys[-1])[-1].id
        told = [each for each in every_event(runtime) if each.type == "schedule.skipped"]

    assert found == dict.fromkeys(keys, 1)
    assert stopped.reason is FireReason.LOOP
    assert stopped.blocked_by == last
    assert [each.data["reason"] for each in told] == ["loop"]
    path = " → ".join([*keys, "s0"])
    assert (
        f"did not fire the schedule 's0', because an execution of that schedule led to it ({path})"
        in (str(told[0].data["detail"]))
    )
    assert [record.message for record in caplog.records] == [told[0].data["detail"]]
    assert began


def test_a_diamond_is_no_circle() -> None:
    with VirtualRuntime(workflows=[sender()], seed=1) as runtime:
        sends(runtime, "top", {"manual": True}, "split")
        sends(runtime, "left", {"event": "split"}, "join")
        sends(runtime, "right", {"event": "split"}, "join")
        sends(runtime, "bottom", {"event": "join", "overlap": "allow"})
        start(runtime, "top")
        start(runtime, "top")
        found = runs(runtime, "left", "right", "bottom")
        chains = {run.chain for run in executions(runtime, "bottom")}

    assert found == {"left": 2, "right": 2, "bottom": 4}
    assert chains == {("top", "left"), ("top", "right")}


def test_a_chain_of_too_many_schedules_is_stopped_with_a_reason() -> None:
    with VirtualRuntime(workflows=[sender()], seed=1) as runtime:
        for number in range(23):
            sends(runtime, f"s{number}", {"event": f"e{number}"}, f"e{number + 1}")
        runtime.send_event("e0").get()
        runtime.advance("1h")
        found = [runs(runtime, f"s{number}")[f"s{number}"] for number in range(23)]
        (stopped,) = fires(runtime, "s20")[:1]
        nothing = fires(runtime, "s21")

    assert found == [1] * 20 + [0] * 3
    assert stopped.reason is FireReason.CHAIN_TOO_LONG
    assert nothing == []


def test_a_retry_keeps_the_chain() -> None:
    flaky = Workflow("flaky")
    fail = [True]

    @flaky.step
    def once(ctx: StepContext) -> Any:
        if fail:
            fail.clear()
            raise OSError("not yet")
        ctx.emit("again")
        return ctx.context["event"]["payload"]

    with VirtualRuntime(workflows=[flaky], seed=1) as runtime:
        key = make(runtime, "flaky", "again")
        (first,) = runtime.send_event("again", 5).get()
        runtime.wait_for(first).get()
        second = runtime.retry_execution(first).get()
        ended = runtime.wait_for(second).get()
        runtime.advance("1m")
        reasons = [fire.reason for fire in fires(runtime, key)]

    assert ended.result == 5
    assert reasons == [None, FireReason.LOOP]


def test_what_a_sub_workflow_sends_belongs_to_the_chain() -> None:
    child, parent = Workflow("child"), Workflow("parent")

    @child.step
    def send(ctx: StepContext) -> None:
        ctx.emit("done")

    parent.subworkflow(child)
    with VirtualRuntime(workflows=[parent], seed=1) as runtime:
        key = make(runtime, "parent", "done")
        runtime.send_event("done").get()
        runtime.advance("1m")
        reasons = [fire.reason for fire in fires(runtime, key)]

    assert reasons == [None, FireReason.LOOP]


def test_the_end_of_a_workflow_fires_those_that_wait_for_it() -> None:
    with VirtualRuntime(workflows=ends(), seed=1) as runtime:
        good, bad = runtime.run("good").get(), runtime.run("bad").get()
        runtime.settle()
        succeeded = make(runtime, "after", "workflow.succeeded:good")
        failed = make(runtime, "after", "workflow.failed:bad")
        every = make(runtime, "after", "workflow.failed:*")
        good, bad = runtime.run("good").get(), runtime.run("bad").get()
        runtime.advance("1m")
        told = {
            key: [run.result for run in executions(runtime, key)]
            for key in (succeeded, failed, every)
        }

    about_bad = {
        "executionId": bad,
        "workflowId": "bad",
        "scheduleId": None,
        "status": "failed",
        "error": {"type": "LookupError", "message": "nothing there"},
        "result": None,
    }
    about_good = {
        "executionId": good,
        "workflowId": "good",
        "scheduleId": None,
        "status": "succeeded",
        "error": None,
        "result": "xxx",
    }
    assert told[succeeded] == [
        {"name": "workflow.succeeded:good", "key": None, "payload": about_good}
    ]
    assert told[failed] == [{"name": "workflow.failed:bad", "key": None, "payload": about_bad}]
    assert told[every] == told[failed]


def test_timed_out_is_failed_and_cancelled_is_neither() -> None:
    with VirtualRuntime(workflows=ends(), seed=1) as runtime:
        key = make(runtime, "after", "workflow.failed:late")
        also = make(runtime, "after", "workflow.succeeded:*")
        draft = {
            "workflowId": "late",
            "name": "n",
            "scheduleConfig": {"manual": True},
            "executionConfig": {"timeout": "10m"},
        }
        late = runtime.create_scheduled_workflow(draft).get()
        cancelled = runtime.trigger_scheduled_execution(late).get()
        runtime.cancel_scheduled_execution(cancelled).get()
        timed_out = runtime.trigger_scheduled_execution(late).get()
        runtime.advance("1h")
        (run,) = executions(runtime, key)
        others = executions(runtime, also)

    assert run.result["payload"]["executionId"] == timed_out
    assert run.result["payload"]["status"] == "timedOut"
    assert run.result["payload"]["error"]["type"] == "ExecutionTimeout"
    assert run.chain == (late,)
    assert [each.chain for each in others] == [(late, key)]  # and not one more, by itself


def test_a_large_result_is_left_out_of_the_event() -> None:
    with VirtualRuntime(workflows=ends(), seed=1) as runtime:
        key = make(runtime, "after", "workflow.succeeded:good")
        for size in (65_000, 66_000):
            runtime.wait_for(runtime.run("good", params={"size": size}).get()).get()
        runtime.advance("1m")
        small, large = (run.result["payload"] for run in executions(runtime, key))

    assert len(small["result"]) == 65_000
    assert "result" not in large


def test_a_filter_chooses_whose_end_it_is() -> None:
    with VirtualRuntime(workflows=ends(), seed=1) as runtime:
        draft = {"workflowId": "good", "name": "n", "scheduleConfig": {"manual": True}}
        wanted, other = (runtime.create_scheduled_workflow(draft).get() for _ in range(2))
        key = make(runtime, "after", "workflow.succeeded:good", eventFilter={"scheduleId": wanted})
        start(runtime, other)
        start(runtime, wanted)
        (run,) = executions(runtime, key)

    assert run.result["payload"]["scheduleId"] == wanted


def test_a_workflow_that_waits_for_its_own_end_is_stopped() -> None:
    with VirtualRuntime(workflows=ends(), seed=1) as runtime:
        key = make(runtime, "good", "workflow.succeeded:good")
        runtime.run("good").get()
        runtime.advance("1h")
        reasons = [fire.reason for fire in fires(runtime, key)]

    assert reasons == [None, FireReason.LOOP]


def test_a_step_can_t_wait_for_the_end_of_a_workflow() -> None:
    flow = Workflow("flow")

    with pytest.raises(WorkflowDefinitionError, match="can only be waited for by schedules"):
        flow.wait_for_event("workflow.succeeded:good", name="good")


def test_an_event_of_a_failed_attempt_has_happened_and_is_not_repeated() -> None:
    flow, attempts = Workflow("flow"), list[int]()

    @flow.step(retry=Retry(attempts=3, backoff="1m"))
    def send(ctx: StepContext) -> None:
        attempts.append(ctx.attempt)
        for number in (1, 1, 2):
            ctx.emit("sent", number)
        ctx.emit("attempt", ctx.attempt)
        assert ctx.attempt == 3, "not yet"

    reader = Workflow("reader")

    @reader.step
    def read(ctx: StepContext) -> Any:
        return ctx.context["event"]["payload"]

    with VirtualRuntime(workflows=[flow, reader], seed=1) as runtime:
        sent, attempt = make(runtime, "reader", "sent"), make(runtime, "reader", "attempt")
        for _ in range(2):
            runtime.wait_for(runtime.run("flow").get()).get()
        runtime.advance("1m")
        numbers = [run.result for run in executions(runtime, sent)]
        tried = [run.result for run in executions(runtime, attempt)]

    assert attempts == [1, 2, 3, 1, 2, 3]
    assert numbers == [1, 1, 2, 1, 1, 2]
    assert tried == [1, 2, 3, 1, 2, 3]
