"""Steps that wait: for an instant, an event, or another execution; on a virtual clock."""

from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from events_of import types
from one_run import statuses

from quarterjack.runtime import ExecutionDetail, InvalidInput, Retry, StepContext, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage.database import Address, Writer
from quarterjack.storage.deliveries import Arrival
from quarterjack.storage.event_changes import DeliverEvent
from quarterjack.storage.journal import Journal
from quarterjack.storage.plain_data import pack


def _actors(runtime: VirtualRuntime) -> list[str]:
    return [each.name for each in runtime.actors().get() if each.kind == "execution"]


def _nap(calls: list[str]) -> Workflow:
    flow = Workflow("nap")

    @flow.step
    def before() -> str:
        calls.append("before")
        return "b"

    flow.sleep("1h", after=("before",))

    @flow.step(after=("sleep",))
    def then(before: str) -> str:
        calls.append("then")
        return before + "t"

    return flow


def test_a_long_sleep_holds_no_actor() -> None:
    calls: list[str] = []
    with VirtualRuntime(workflows=[_nap(calls)]) as runtime:
        began = runtime.now()
        key = runtime.run("nap").get()
        runtime.settle()
        asleep = runtime.get_execution(key).get()
        actors = _actors(runtime)
        ended = runtime.wait_for(key).get()
        took = runtime.now() - began

    assert actors == []
    assert asleep.execution.status == "waiting"
    assert asleep.execution.wake_at == began + timedelta(hours=1)
    assert statuses(asleep) == {"before": "succeeded", "sleep": "waiting", "then": "pending"}
    assert ended.result == "bt"
    assert calls == ["before", "then"]
    assert took == timedelta(hours=1)


def test_a_sleep_outlives_a_restart_with_its_first_deadline(tmp_path: Path) -> None:
    calls: list[str] = []
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[_nap(calls)]) as runtime:
        began = runtime.now()
        key = runtime.run("nap").get()
        runtime.advance("20 min")
        clock = runtime.clock
    with VirtualRuntime(database, workflows=[_nap(calls)], clock=clock) as runtime:
        ended = runtime.wait_for(key).get()
        took = runtime.now() - began

    assert ended.status == "succeeded"
    assert calls == ["before", "then"]
    assert took == timedelta(hours=1)


def test_a_sleep_that_was_over_while_the_server_was_down_ends_at_once(tmp_path: Path) -> None:
    calls: list[str] = []
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[_nap(calls)]) as runtime:
        key = runtime.run("nap").get()
        runtime.settle()
        clock = runtime.clock
    with VirtualRuntime(workflows=[], clock=clock) as other:
        other.advance("3 h")
    with VirtualRuntime(database, workflows=[_nap(calls)], clock=clock) as runtime:
        runtime.advance("1s")
        found = runtime.get_execution(key).get()

    assert found.execution.status == "succeeded"


def _approval(**options: Any) -> Workflow:
    flow = Workflow("approval")

    @flow.step
    def ask(order: int) -> str:
        return f"order-{order}"

    flow.wait_for_event("approved", key="ask", **options)

    @flow.step
    def ship(approved: dict[str, str], ask: str) -> str:
        return f"{ask} by {approved['who']}"

    return flow


def test_an_event_with_the_right_key_ends_the_waiting() -> None:
    with VirtualRuntime(workflows=[_approval()]) as runtime:
        seven, eight = (runtime.run("approval", params={"order": n}).get() for n in (7, 8))
        runtime.advance("30 days")
        wrong = runtime.send_event("approved", {"who": "Eve"}, key="order-9").get()
        nameless = runtime.send_event("approved", {"who": "Eve"}).get()
        woken = runtime.send_event("approved", {"who": "Ann"}, key="order-8").get()
        ended = runtime.wait_for(eight).get()
        again = runtime.send_event("approved", {"who": "Bob"}, key="order-8").get()
        waiting = runtime.get_execution(seven).get()
        told = types(runtime, of=eight)

    assert (wrong, nameless, woken, again) == ([], [], [eight], [])
    assert ended.result == "order-8 by Ann"
    assert waiting.execution.status == "waiting"
    assert waiting.steps[1].awaited[:3] == (None, "approved", "order-7")
    assert told == [
        "workflow.started",
        "workflow.step.started",
        "workflow.step.completed",
        "workflow.step.started",
        "workflow.step.completed",
        "workflow.step.started",
        "workflow.step.completed",
        "workflow.completed",
    ]


def test_an_event_that_was_stored_just_before_a_kill_is_found(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[_approval(timeout="9d")]) as runtime:
        key = runtime.run("approval", params={"order": 1}).get()
        runtime.settle()
        clock = runtime.clock
    with closing(Writer(Address(database))) as writer:  # and nobody was told
        arrival = Arrival("approved", "order-1", pack({"who": "Ann"}), clock.now())
        Journal(writer).commit([DeliverEvent(arrival)])
    with VirtualRuntime(database, workflows=[_approval(timeout="9d")], clock=clock) as runtime:
        runtime.advance("1s")
        found = runtime.get_execution(key).get()

    assert found.execution.result == "order-1 by Ann"


def test_an_event_reaches_a_wait_while_other_steps_run() -> None:
    flow = Workflow("flow")
    flow.wait_for_event("go")

    @flow.step(retry=Retry(attempts=2, backoff="1s"))
    def busy(ctx: StepContext) -> int:
        assert ctx.attempt == 2
        return 1

    @flow.step
    def both(go: int, busy: int) -> int:
        return go + busy

    with VirtualRuntime(workflows=[flow]) as runtime:
        key = runtime.run("flow").get()
        runtime.settle()
        assert len(_actors(runtime)) == 1
        woken = runtime.send_event("go", 41).get()
        ended = runtime.wait_for(key).get()

    assert woken == [key]
    assert ended.result == 42


def test_an_event_that_does_not_come_times_the_step_out() -> None:
    with VirtualRuntime(workflows=[_approval(timeout="2d")]) as runtime:
        began = runtime.now()
        key = runtime.run("approval", params={"order": 1}).get()
        ended = runtime.wait_for(key).get()
        took = runtime.now() - began
        found = runtime.get_execution(key).get()

    assert took == timedelta(days=2)
    assert ended.error is not None
    assert ended.error.type == "EventTimeout"
    assert "no event 'approved' came within 2 days" in ended.error.message
    assert statuses(found)["approved"] == "timedOut"


def test_an_event_survives_a_restart(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[_approval()]) as runtime:
        key = runtime.run("approval", params={"order": 1}).get()
        runtime.settle()
    with VirtualRuntime(database, workflows=[_approval()]) as runtime:
        assert runtime.get_execution(key).get().execution.status == "waiting"
        assert runtime.send_event("approved", {"who": "Ann"}, key="order-1").get() == [key]
        assert runtime.wait_for(key).get().result == "order-1 by Ann"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        pytest.param(("", None, None), "event", id="no name"),
        pytest.param(("e", None, "k" * 201), "key", id="long key"),
        pytest.param(("e", object(), None), "payload", id="not plain"),
    ],
)
def test_a_wrong_event_is_refused(arguments: tuple[Any, ...], field: str) -> None:
    event, payload, key = arguments
    with VirtualRuntime() as runtime, pytest.raises(InvalidInput, match=field):
        runtime.send_event(event, payload, key=key).get()


def _family(child_retry: Retry | None = None, **options: Any) -> tuple[Workflow, list[Any]]:
    calls: list[Any] = []
    child = Workflow("clean-table")

    @child.step(retry=child_retry)
    def clean(table: str, ctx: StepContext) -> str:
        calls.append((table, ctx.trigger.value, ctx.schedule_id))
        if table == "bad":
            raise ValueError("no such table")
        return table.upper()

    parent = Workflow("nightly")

    @parent.step
    def tables(names: list[str]) -> list[str]:
        return names

    parent.subworkflow(child, **options)

    @parent.step
    def report(clean_table: list[str]) -> str:
        return "+".join(clean_table)

    return parent, calls


def test_a_sub_workflow_is_an_execution_of_its_own() -> None:
    parent, calls = _family(map={"table": "tables"})
    with VirtualRuntime(workflows=[parent]) as runtime:
        key = runtime.run("nightly", params={"names": ["a", "b"]}).get()
        ended = runtime.wait_for(key).get()
        children = [each for each in runtime.list_executions().get().items if each.parent]
        found = runtime.get_execution(key).get()

    assert ended.result == "A+B"
    assert calls == [("a", "api", None), ("b", "api", None)]
    assert {child.parent for child in children} == {
        (key, "clean_table[0]"),
        (key, "clean_table[1]"),
    }
    assert {child.workflow_id for child in children} == {"clean-table"}
    assert [item.result for item in found.items["clean_table"]] == ["A", "B"]


def test_a_sub_workflow_that_fails_fails_its_step() -> None:
    parent, _ = _family(map={"table": "tables"})
    with VirtualRuntime(workflows=[parent]) as runtime:
        key = runtime.run("nightly", params={"names": ["a", "bad"]}).get()
        ended = runtime.wait_for(key).get()

    assert ended.error is not None
    assert ended.error.type == "ValueError"
    assert "1 of 2 items failed; the first, clean_table[1]: execution exe_" in ended.error.message
    assert "no such table" in ended.error.message


def test_a_sub_workflow_is_tried_again_as_its_step_says() -> None:
    parent, calls = _family(retry=Retry(attempts=3, backoff="1m"))
    with VirtualRuntime(workflows=[parent]) as runtime:
        key = runtime.run("nightly", params={"names": [], "table": "bad"}).get()
        runtime.wait_for(key).get()
        found = runtime.get_execution(key).get()

    assert len(calls) == 3
    step = next(step for step in found.steps if step.name == "clean_table")
    assert [attempt.number for attempt in step.attempts] == [1, 2, 3]


def test_a_sub_workflow_whose_parameters_are_too_large_fails_its_step() -> None:
    child, parent = Workflow("child"), Workflow("parent")

    @child.step
    def use(one: str, other: str) -> int:
        return len(one) + len(other)

    @parent.step
    def one() -> str:
        return "x" * 600_000

    @parent.step
    def other() -> str:
        return "x" * 600_000

    parent.subworkflow(child)
    with VirtualRuntime(workflows=[parent]) as runtime:
        error = runtime.wait_for(runtime.run("parent").get()).get().error

    assert error is not None
    assert error.type == "NotPlainData"
    assert error.message.startswith("the parameters of child: 1,200,")
    assert "keep it in a file or an object store" in error.message


def test_sub_workflows_do_not_wait_for_the_place_of_their_parent() -> None:
    from quarterjack.runtime import Settings

    parent, calls = _family(map={"table": "tables"})
    with VirtualRuntime(workflows=[parent], settings=Settings.of(concurrency=1)) as runtime:
        key = runtime.run("nightly", params={"names": ["a", "b", "c"]}).get()
        ended = runtime.wait_for(key).get()

    assert ended.result == "A+B+C"
    assert len(calls) == 3


def _sleepy_family() -> Workflow:
    child = Workflow("child")
    child.sleep("1d")
    parent = Workflow("parent")
    parent.subworkflow(child)
    return parent


def _run_sleepy(runtime: VirtualRuntime) -> tuple[str, str]:
    key = runtime.run("parent").get()
    runtime.settle()
    found: ExecutionDetail = runtime.get_execution(key).get()
    child = found.steps[0].awaited.child_id
    assert child is not None
    return key, child


def test_cancelling_reaches_waiting_executions_and_their_children() -> None:
    with VirtualRuntime(workflows=[_sleepy_family()]) as runtime:
        key, child = _run_sleepy(runtime)
        runtime.cancel_scheduled_execution(key).get()
        runtime.settle()
        ended = [runtime.get_execution(each).get().execution for each in (key, child)]
        actors = _actors(runtime)

    assert [each.status.value for each in ended] == ["cancelled", "cancelled"]
    assert actors == []


def test_a_cancel_is_not_lost_while_an_execution_leaves_to_wait() -> None:
    for seed in range(60):
        with VirtualRuntime(workflows=[_nap([])], seed=seed) as runtime:
            key = runtime.run("nap").get()
            runtime.settle(seed)
            runtime.cancel_scheduled_execution(key).get()
            runtime.advance("1m")
            ended = runtime.get_execution(key).get().execution

        assert ended.status.value == "cancelled", seed


def test_cancelling_a_child_fails_its_parent_s_step() -> None:
    with VirtualRuntime(workflows=[_sleepy_family()]) as runtime:
        key, child = _run_sleepy(runtime)
        runtime.cancel_scheduled_execution(child).get()
        ended = runtime.wait_for(key).get(timeout=60)

    assert ended.error is not None
    assert ended.error.type == "SubworkflowFailed"
    assert "has ended as cancelled" in ended.error.message


def test_a_child_that_ended_while_the_parent_was_not_told_is_found(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[_sleepy_family()]) as runtime:
        key, _ = _run_sleepy(runtime)
        clock = runtime.clock
    with VirtualRuntime(database, workflows=[_sleepy_family()], clock=clock) as runtime:
        ended = runtime.wait_for(key).get()

    assert ended.status == "succeeded"


def test_an_execution_s_own_timeout_counts_while_it_waits() -> None:
    with VirtualRuntime(workflows=[_approval()]) as runtime:
        schedule_id = runtime.create_scheduled_workflow(
            {
                "workflowId": "approval",
                "name": "n",
                "scheduleConfig": {"manual": True},
                "executionConfig": {"timeout": "1h", "params": {"order": 1}},
            }
        ).get()
        began = runtime.now()
        key = runtime.trigger_scheduled_execution(schedule_id).get()
        ended = runtime.wait_for(key).get()
        took = runtime.now() - began

    assert ended.status == "timedOut"
    assert took == timedelta(hours=1)


def test_the_next_one_of_a_schedule_does_not_begin_beside_one_that_sleeps() -> None:
    flow = Workflow("flow")
    flow.sleep("90s")

    with VirtualRuntime(workflows=[flow]) as runtime:
        schedule_id = runtime.create_scheduled_workflow(
            {
                "workflowId": "flow",
                "name": "n",
                "scheduleConfig": {"cron": "* * * * *", "overlap": "queueAll"},
            }
        ).get()
        runtime.advance("10m")
        found = runtime.get_schedule_workflow_status(schedule_id).get()
        began = sorted(each.started_at for each in found.history if each.started_at is not None)

    gaps = {later - earlier for earlier, later in pairwise(began)}
    assert len(began) > 4
    assert gaps == {timedelta(seconds=90)}
