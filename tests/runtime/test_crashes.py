"""Whoever crashes is restarted, and what was stored is there; a run is a function of its seed."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from events_of import every_event, types

from quarterjack.actors.engine.errors import ActorCrashed
from quarterjack.actors.schedule import ScheduleActor
from quarterjack.runtime import Event, ExecutionStatus, ScheduleStatus, StepContext, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage.queries import ExecutionFilter, PageRequest

MINUTELY = {"cron": "* * * * *"}
CAST = [
    "state",
    "broadcaster",
    "ticker",
    "run-queue",
    "schedules",
    "executions",
    "deliveries",
    "webhooks",
    "janitor",
]


def make(runtime: VirtualRuntime, workflow: str = "report", **config: Any) -> str:
    rule = config or MINUTELY
    draft = {"workflowId": workflow, "name": "n", "scheduleConfig": rule}
    return runtime.create_scheduled_workflow(draft).get()


@pytest.mark.parametrize("actor", [*CAST, "schedules/{key}"])
def test_after_a_crash_everything_goes_on(runtime: VirtualRuntime, actor: str) -> None:
    key = make(runtime)
    heard: list[Event] = []
    runtime.subscribe("*", heard.append).get()
    runtime.advance("3m")
    path = actor.format(key=key)

    runtime.crash(path)
    runtime.advance("1s")
    restarts = {each.path: each.restarts for each in runtime.actors().get()}
    runtime.advance("179s")

    assert restarts[f"quarterjack/{path}"] == 1
    assert runtime.get_schedule(key).get().totals.succeeded == 6
    stored = every_event(runtime)
    assert [event.seq for event in stored] == list(range(1, len(stored) + 1))
    assert [event.seq for event in heard] == list(range(2, len(stored) + 1))


def test_what_the_supervisor_was_to_begin_as_it_crashed_begins(runtime: VirtualRuntime) -> None:
    runtime.crash("executions", "before")
    key = runtime.run("report").get()

    assert runtime.wait_for(key).get().status is ExecutionStatus.SUCCEEDED


def test_what_was_stored_although_who_asked_was_told_of_a_crash_begins(
    runtime: VirtualRuntime,
) -> None:
    runtime.crash("state", "after")
    with pytest.raises(ActorCrashed):
        runtime.run("report", execution_id="exe_mine").get()
    runtime.advance("2 days")

    assert runtime.wait_for("exe_mine").get().status is ExecutionStatus.SUCCEEDED


def test_what_waits_for_a_crashed_state_actor_is_stored(runtime: VirtualRuntime) -> None:
    replies = [
        runtime.create_scheduled_workflow(
            {"workflowId": "report", "name": f"{n}", "scheduleConfig": MINUTELY}
        )
        for n in range(5)
    ]
    runtime.crash("state")

    keys = [reply.get() for reply in replies]

    assert len(set(keys)) == 5
    assert len(runtime.list_schedules().get().items) == 5


def test_an_execution_goes_on_after_its_actor_crashed(runtime: VirtualRuntime) -> None:
    run = runtime.run("slow").get()
    runtime.settle()

    runtime.crash(f"executions/{run}")
    ended = runtime.wait_for(run).get()

    assert ended.status == "succeeded"
    attempts = runtime.get_execution(run).get().steps[0].attempts
    assert [attempt.number for attempt in attempts] == [1, 2]


@pytest.mark.parametrize("actor", ["schedules/{key}", "schedules", "state", "run-queue"])
def test_what_a_schedule_recorded_runs_whenever_it_crashes(report: Workflow, actor: str) -> None:
    for turns in range(1, 60):
        with VirtualRuntime(workflows=[report], seed=turns) as runtime:
            key = make(runtime, manual=True)
            reply = runtime.trigger_scheduled_execution(key)
            runtime.settle(turns)
            over = reply.done()
            runtime.crash(actor.format(key=key))
            runtime.advance("2m")
            runs = runtime.get_schedule_workflow_status(key).get()

        assert [run.status.value for run in runs.history] in ([], ["succeeded"])
        assert runs.history or not over
    assert over


def test_what_a_step_recorded_runs_whenever_its_execution_crashes(report: Workflow) -> None:
    parent = Workflow("parent")
    parent.subworkflow(report)
    crashed = 0
    for turns in range(1, 60):
        with VirtualRuntime(workflows=[parent], seed=turns) as runtime:
            reply = runtime.run("parent")
            runtime.settle(turns)
            paths = [each.path for each in runtime.actors().get() if each.kind == "execution"]
            if reply.done() and any(reply.get() in path for path in paths):
                runtime.crash(f"executions/{reply.get()}")
                crashed += 1
            ended = runtime.wait_for(reply.get()).get(timeout=60)

        assert ended.status == "succeeded", turns
    assert crashed > 10


def test_a_child_that_ended_before_its_parent_looked_is_heard(report: Workflow) -> None:
    parent = Workflow("parent")
    parent.subworkflow(report)
    for seed in range(60):
        with VirtualRuntime(workflows=[parent], seed=seed) as runtime:
            ended = runtime.wait_for(runtime.run("parent").get()).get(timeout=60)

        assert ended.status == "succeeded", seed


def test_a_schedule_that_crashes_again_and_again_is_put_aside(
    runtime: VirtualRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = make(runtime), make(runtime)
    original = ScheduleActor.handlers

    def crash_if_bad(self: Any, message: Any) -> None:
        if self._key == bad:
            raise RuntimeError("a bug")
        original[type(message)](self, message)

    fire = next(kind for kind in original if kind.__name__ == "FireDue")
    monkeypatch.setattr(ScheduleActor, "handlers", {**original, fire: crash_if_bad})

    runtime.advance("10m")

    found = runtime.get_schedule(bad).get()
    assert found.status is ScheduleStatus.ERROR
    assert found.last_error is not None
    assert "a bug" in found.last_error.message
    assert types(runtime, of=bad).count("schedule.error") == 1
    assert runtime.get_schedule(good).get().totals.succeeded == 10

    monkeypatch.undo()
    runtime.resume_schedule(bad).get()
    runtime.advance("3m")
    assert runtime.get_schedule(bad).get().status is ScheduleStatus.ACTIVE
    assert runtime.get_schedule(bad).get().totals.succeeded >= 2


def _story(seed: int, *, crashes: bool) -> Iterator[tuple[Any, ...]]:
    """A run with two workflows and several schedules, as the events that it leaves."""
    steady, flaky = Workflow("steady"), Workflow("flaky")

    @steady.step
    def one(ctx: StepContext) -> str:
        return str(ctx.scheduled_time)

    @steady.step
    def two(one: str) -> int:
        return len(one)

    @flaky.step
    def sometimes(ctx: StepContext) -> None:
        assert ctx.scheduled_time.minute % 3, "every third minute"

    with VirtualRuntime(workflows=[steady, flaky], seed=seed) as runtime:
        keys = [
            make(runtime, "steady", cron="* * * * *"),
            make(runtime, "flaky", interval="1m"),
            make(runtime, "steady", cron="*/20 * * * * *", overlap="queueAll"),
        ]
        for number in range(5):
            runtime.advance("90s")
            if crashes:
                runtime.crash(CAST[(seed + number) % len(CAST)])
        runtime.advance("30s")
        for key in keys:
            wanted = ExecutionFilter(schedule_id=runtime.get_schedule(key).get().id)
            runs = runtime.list_executions(wanted, PageRequest(500)).get().items
            due = [run.due for run in runs]
            assert len(due) == len(set(due))
            assert all(run.ended_at is not None for run in runs)
        events = every_event(runtime)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        for event in events:
            yield (event.type, event.execution_id, event.timestamp, str(event.data))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("crashes", [False, True], ids=["calm", "crashes"])
def test_the_same_seed_gives_the_same_run(seed: int, *, crashes: bool) -> None:
    assert list(_story(seed, crashes=crashes)) == list(_story(seed, crashes=crashes))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_order_each_due_instant_runs_once(seed: int) -> None:
    kinds = Counter(kind for kind, *_ in _story(seed, crashes=True))

    assert kinds["schedule.triggered"] == 8 + 8 + 24
    assert kinds["workflow.completed"] + kinds["workflow.failed"] == 40


def test_another_seed_gives_another_order() -> None:
    orders = {tuple(kind for kind, *_ in _story(seed, crashes=False)) for seed in range(10)}

    assert len(orders) > 1


def test_interrupted_work_goes_on_at_the_next_start(tmp_path: Path, slow: Workflow) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[slow]) as first:
        run = first.run("slow").get()
        first.settle()
        clock = first.clock

    with VirtualRuntime(database, workflows=[slow], clock=clock, seed=2) as second:
        assert second.wait_for(run).get().status == "succeeded"
        assert [a.number for a in second.get_execution(run).get().steps[0].attempts] == [1, 2]


def test_work_of_a_workflow_that_is_gone_fails_with_a_reason(
    tmp_path: Path, slow: Workflow, report: Workflow
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[slow]) as first:
        run = first.run("slow").get()
        first.settle()

    with VirtualRuntime(database, workflows=[report], seed=2) as second:
        ended = second.wait_for(run).get()
        detail = second.get_execution(run).get()

    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error.type == "WorkflowNotFound"
    assert "report" in ended.error.message
    assert [step.name for step in detail.steps] == ["twice"]


def test_work_whose_steps_are_gone_fails_with_a_reason(tmp_path: Path, slow: Workflow) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[slow]) as first:
        run = first.run("slow").get()
        first.settle()
    changed = Workflow("slow")

    @changed.step
    def other() -> int:
        return 1

    with VirtualRuntime(database, workflows=[changed], seed=2) as second:
        ended = second.wait_for(run).get()

    assert ended.error is not None
    assert ended.error.type == "WorkflowChanged"
    assert "twice" in ended.error.message


def _approval(*names: str) -> Workflow:
    """One step after the other, after an event."""
    flow = Workflow("approval")
    flow.wait_for_event("approved")
    for before, name in zip(("approved", *names), names, strict=False):

        def work(ctx: StepContext) -> str:
            return ctx.step

        flow.step(name=name, after=(before,))(work)
    return flow


@pytest.mark.parametrize(
    ("now", "result"),
    [
        pytest.param(("pay", "ship"), "ship", id="the same"),
        pytest.param(("pay", "ship", "thank"), "thank", id="a new step"),
        pytest.param(("ship", "pay"), "pay", id="another order"),
    ],
)
def test_work_goes_on_when_its_remaining_steps_are_there(
    tmp_path: Path, now: tuple[str, ...], result: str
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[_approval("pay", "ship")]) as first:
        run = first.run("approval").get()
        first.settle()

    with VirtualRuntime(database, workflows=[_approval(*now)], seed=2) as second:
        second.send_event("approved").get()
        assert second.wait_for(run).get().result == result


def test_work_whose_later_steps_are_gone_fails_and_can_be_retried(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[_approval("pay", "ship", "thank")]) as first:
        run = first.run("approval").get()
        first.settle()

    with VirtualRuntime(database, workflows=[_approval("pay", "send")], seed=2) as second:
        second.send_event("approved").get()
        error = second.wait_for(run).get().error
        again = second.retry_execution(run).get()
        second.settle()

        assert error is not None
        assert error.type == "WorkflowChanged"
        assert "no step ship, thank any more" in error.message
        assert second.wait_for(again).get().result == "send"


def test_an_unknown_actor_can_not_be_crashed(runtime: VirtualRuntime) -> None:
    with pytest.raises(LookupError, match="no actor 'cook'"):
        runtime.crash("cook")


def test_a_virtual_runtime_begins_when_its_clock_says(runtime: VirtualRuntime) -> None:
    runtime.advance(timedelta(hours=1))

    assert runtime.now() == datetime(2026, 1, 1, 1, tzinfo=UTC)
