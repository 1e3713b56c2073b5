"""`ctx.emit`, wherever a step runs: what it sends is stored before its end is, in order."""

import threading
from pathlib import Path
from typing import Any

import pytest
from ledger import executions
from process_steps import senders as process_senders
from waiting import eventually

from quarterjack.runtime import (
    InvalidInput,
    Runtime,
    Settings,
    StepContext,
    TooManyEvents,
    Workflow,
)
from quarterjack.runtime.testing import VirtualRuntime


def senders() -> Workflow:
    """A step for each runner of this process; each sends some numbers."""
    found = Workflow("senders")

    def send(ctx: StepContext, count: int = 5) -> None:
        for number in range(count):
            ctx.emit("number", number, key=ctx.step)

    async def send_async(ctx: StepContext, count: int = 5) -> None:
        send(ctx, count)

    found.step(name="thread", runner="thread")(send)
    found.step(name="inline", runner="inline")(send)
    found.step(name="async", runner="async")(send_async)
    return found


def reader() -> Workflow:
    found = Workflow("reader")

    @found.step
    def read(ctx: StepContext) -> Any:
        return [ctx.context["event"]["key"], ctx.context["event"]["payload"]]

    return found


def listen(runtime: Any, event: str = "number", **more: Any) -> str:
    config = {"event": event, "overlap": "allow", **more}
    draft = {"workflowId": "reader", "name": "n", "scheduleConfig": config}
    return str(runtime.create_scheduled_workflow(draft).get())


def test_each_runner_s_steps_send_in_order(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with Runtime(database, workflows=[senders(), reader()]) as runtime:
        key = listen(runtime)
        runtime.wait_for(runtime.run("senders", params={"count": 30}).get()).get(timeout=20)
        runs = eventually(lambda: len(found := executions(runtime, key)) == 90 and found)
        results = [runtime.wait_for(run.id).get(timeout=20).result for run in runs]

    for runner in ("thread", "inline", "async"):
        assert [number for by, number in results if by == runner] == list(range(30))


def test_a_worker_s_steps_send_in_order() -> None:
    settings = Settings.of(processes=2)
    workflows = [process_senders, reader()]
    with Runtime(workflows=workflows, settings=settings) as runtime:
        key = listen(runtime)
        run = runtime.run("senders-in-processes", params={"count": 50})
        assert runtime.wait_for(run.get()).get(timeout=20).status == "succeeded"
        runs = eventually(lambda: len(found := executions(runtime, key)) == 50 and found)
        results = [runtime.wait_for(run.id).get(timeout=20).result for run in runs]

    assert [number for _, number in results] == list(range(50))


def test_what_is_sent_is_stored_before_the_step_s_end() -> None:
    flow = Workflow("flow")

    @flow.step
    def send(ctx: StepContext) -> None:
        ctx.emit("number", 1)

    flow.wait_for_event("number", name="waits")
    with VirtualRuntime(workflows=[flow], seed=1) as runtime:
        key = runtime.run("flow").get()
        runtime.wait_for(key).get()
        told = [
            event.data["step"]
            for event in runtime.events(0).get()
            if event.type == "workflow.step.completed"
        ]

    assert told == ["waits", "send"]


def test_a_step_s_event_is_there_while_the_step_still_runs() -> None:
    flow, gate = Workflow("flow"), threading.Event()

    @flow.step
    def send(ctx: StepContext) -> bool:
        ctx.emit("number", 1)
        return gate.wait(20)

    with Runtime(workflows=[flow, reader()]) as runtime:
        key = listen(runtime)
        run = runtime.run("flow").get()
        (made,) = eventually(lambda: executions(runtime, key))
        assert runtime.get_execution(run).get().execution.status == "running"
        gate.set()
        assert runtime.wait_for(run).get(timeout=20).result is True
        assert runtime.wait_for(made.id).get(timeout=20).result == [None, 1]


@pytest.mark.parametrize(
    ("name", "payload", "key", "loc"),
    [
        ("", None, None, "event"),
        ("workflow.failed:x", None, None, "event"),
        (7, None, None, "event"),
        ("x", None, "", "key"),
        ("x", object(), None, "payload"),
        ("x", "x" * 1_000_000, None, "payload"),
    ],
)
def test_a_wrong_event_fails_where_it_is_sent(name: Any, payload: Any, key: Any, loc: str) -> None:
    flow, raised = Workflow("flow"), list[InvalidInput]()

    @flow.step
    def send(ctx: StepContext) -> None:
        try:
            ctx.emit(name, payload, key)
        except InvalidInput as error:
            raised.append(error)
            raise

    with VirtualRuntime(workflows=[flow], seed=1) as runtime:
        ended = runtime.wait_for(runtime.run("flow").get()).get()

    assert raised[0].errors[0].loc == (loc,)
    assert ended.error is not None
    assert ended.error.type == "InvalidInput"


@pytest.mark.parametrize(("count", "size"), [(1_001, 1), (17, 990_000)])
def test_an_attempt_sends_a_bounded_number_of_events(count: int, size: int) -> None:
    flow, sent = Workflow("flow"), list[int]()

    @flow.step
    def send(ctx: StepContext) -> None:
        for number in range(count):
            ctx.emit("number", "x" * size)
            sent.append(number)

    with VirtualRuntime(workflows=[flow], seed=1) as runtime:
        ended = runtime.wait_for(runtime.run("flow").get()).get()

    assert len(sent) == count - 1
    assert ended.error is not None
    assert ended.error.type == TooManyEvents.__name__
    assert "at most 1,000 events" in ended.error.message
