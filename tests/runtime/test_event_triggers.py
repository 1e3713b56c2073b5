"""Events fire the schedules that wait for them, once each; on a virtual clock."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from events_of import every_event
from ledger import executions, fires

from quarterjack.runtime import (
    IdempotencyConflict,
    InvalidInput,
    Retry,
    ScheduleStatus,
    StepContext,
    Workflow,
)
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import FireOutcome, FireReason, Trigger

UPLOADED = {"event": "uploaded"}


@pytest.fixture
def reader() -> Workflow:
    """Gives back the event that it was begun by."""
    found = Workflow("reader")

    @found.step
    def read(ctx: StepContext) -> Any:
        return ctx.context["event"]

    return found


@pytest.fixture
def slow_reader() -> Workflow:
    """Takes ten seconds."""
    found = Workflow("slow-reader")

    @found.step(retry=Retry(attempts=2, backoff="10s"))
    def read(ctx: StepContext) -> Any:
        assert ctx.attempt == 2, "not yet"
        return ctx.context["event"]["payload"]

    return found


@pytest.fixture
def workflows(reader: Workflow, slow_reader: Workflow) -> list[Workflow]:
    return [reader, slow_reader]


@pytest.fixture
def runtime(workflows: list[Workflow]) -> Any:
    with VirtualRuntime(workflows=workflows, seed=1) as started:
        yield started


def make(
    runtime: VirtualRuntime, config: dict[str, Any], workflow: str = "reader", **more: Any
) -> str:
    draft = {"workflowId": workflow, "name": "n", "scheduleConfig": config, **more}
    return runtime.create_scheduled_workflow(draft).get()


def test_an_event_fires_each_schedule_that_waits_for_it(runtime: VirtualRuntime) -> None:
    first, second = make(runtime, UPLOADED), make(runtime, UPLOADED)
    other = make(runtime, {"event": "downloaded"})
    runtime.advance("5m")

    answer = runtime.send_event("uploaded", {"file": "a.csv"}, key="a").get()
    runs = [runtime.wait_for(key).get() for key in answer]

    assert [run.schedule_id for run in runs] == [first, second]
    for run in runs:
        assert run.trigger is Trigger.EVENT
        assert run.scheduled_time == run.due
        assert run.result == {"name": "uploaded", "key": "a", "payload": {"file": "a.csv"}}
        (fire,) = fires(runtime, str(run.schedule_id))
        assert (fire.outcome, fire.execution_id, fire.due) == ("started", run.id, run.due)
    assert fires(runtime, other) == []
    triggered = [each for each in every_event(runtime) if each.type == "schedule.triggered"]
    assert {each.data["trigger"] for each in triggered} == {"event"}


def test_an_event_without_a_payload_is_one_too(runtime: VirtualRuntime) -> None:
    make(runtime, UPLOADED)

    (key,) = runtime.send_event("uploaded").get()

    expected = {"name": "uploaded", "key": None, "payload": None}
    assert runtime.wait_for(key).get().result == expected


def test_events_that_come_together_fire_one_after_the_other(runtime: VirtualRuntime) -> None:
    key = make(runtime, UPLOADED | {"overlap": "queueAll"})

    sent = [runtime.send_event("uploaded", number) for number in range(50)]
    answers = [reply.get() for reply in sent]
    runtime.settle()

    runs = executions(runtime, key)
    assert [[run.id] for run in runs] == answers
    assert [run.result["payload"] for run in runs] == list(range(50))
    due = [fire.due for fire in fires(runtime, key)]
    assert due == [due[0] + timedelta(microseconds=number) for number in range(50)]


def test_an_event_wakes_steps_and_fires_schedules() -> None:
    flow = Workflow("flow")
    flow.wait_for_event("uploaded")
    reads = Workflow("reads")

    @reads.step
    def read(ctx: StepContext) -> Any:
        return ctx.context["event"]["payload"]

    with VirtualRuntime(workflows=[flow, reads]) as both:
        waiting = both.run("flow").get()
        both.advance("1h")
        make(both, UPLOADED, "reads")
        resumed, made = both.send_event("uploaded", 7).get()
        results = [both.wait_for(key).get().result for key in (waiting, made)]

    assert resumed == waiting
    assert results == [7, 7]


@pytest.mark.parametrize(
    ("wanted", "fired"),
    [
        ({"file.kind": "csv"}, True),
        ({"file.kind": ["json", "csv"], "size": 3}, True),
        ({"file.kind": "json"}, False),
        ({"size": "3"}, False),
        ({"file.owner": None}, False),
    ],
)
def test_a_filter_chooses_by_the_payload(
    runtime: VirtualRuntime, wanted: dict[str, Any], *, fired: bool
) -> None:
    key = make(runtime, UPLOADED | {"eventFilter": wanted})

    answer = runtime.send_event("uploaded", {"file": {"kind": "csv"}, "size": 3}).get()

    assert len(answer) == len(executions(runtime, key)) == len(fires(runtime, key)) == int(fired)


def test_an_event_that_nobody_waits_for_changes_nothing(runtime: VirtualRuntime) -> None:
    key = make(runtime, UPLOADED, enabled=False)

    assert runtime.send_event("uploaded").get() == []
    assert runtime.send_event("downloaded").get() == []
    assert fires(runtime, key) == []


def test_what_stands_in_the_way_is_in_the_ledger(runtime: VirtualRuntime) -> None:
    key = make(runtime, UPLOADED, "slow-reader")
    (running,) = runtime.send_event("uploaded", 1).get()

    assert runtime.send_event("uploaded", 2).get() == []

    started, skipped = fires(runtime, key)
    assert started.outcome is FireOutcome.STARTED
    assert (skipped.outcome, skipped.reason) == (FireOutcome.SKIPPED, FireReason.OVERLAP)
    assert skipped.blocked_by == running


def test_cancel_running_ends_what_the_event_before_began(runtime: VirtualRuntime) -> None:
    make(runtime, UPLOADED | {"overlap": "cancelRunning"}, "slow-reader")

    keys = [runtime.send_event("uploaded", number).get()[0] for number in range(3)]

    statuses = [runtime.wait_for(key).get().status.value for key in keys]
    assert statuses == ["cancelled", "cancelled", "succeeded"]


def test_a_paused_schedule_misses_events_and_does_not_make_up_for_them(
    runtime: VirtualRuntime,
) -> None:
    key = make(runtime, UPLOADED)
    runtime.pause_schedule(key).get()
    assert runtime.send_event("uploaded").get() == []
    runtime.advance("1h")
    assert runtime.get_schedule(key).get().status is ScheduleStatus.PAUSED

    runtime.resume_schedule(key).get()
    runtime.advance("1h")
    assert len(runtime.send_event("uploaded").get()) == 1

    missed, started = fires(runtime, key)
    assert (missed.outcome, missed.reason) == (FireOutcome.MISSED, FireReason.PAUSED)
    assert started.outcome is FireOutcome.STARTED


def test_the_dates_of_a_schedule_hold_for_events(runtime: VirtualRuntime) -> None:
    key = make(
        runtime,
        UPLOADED
        | {
            "startAt": "2026-01-02T00:00:00Z",
            "endAt": "2026-01-05T00:00:00Z",
            "exclude": ["2026-01-04"],
            "timezone": "Asia/Tokyo",
        },
    )
    fired = []
    for _ in range(6):  # in Tokyo it is 08:00 on the 2nd, then each time an hour earlier
        runtime.advance("23h")
        fired.append(len(runtime.send_event("uploaded").get()))

    reasons = [fire.reason and fire.reason.value for fire in fires(runtime, key)]
    assert fired == [0, 1, 0, 1, 0, 0]
    assert reasons == ["outside", None, "excluded", None, "outside"]
    assert runtime.get_schedule(key).get().status is ScheduleStatus.FINISHED


def test_after_its_last_run_a_schedule_is_finished(runtime: VirtualRuntime) -> None:
    key = make(runtime, UPLOADED | {"maxRuns": 2, "overlap": "allow"})

    sent = [runtime.send_event("uploaded") for _ in range(4)]
    answers = [len(reply.get()) for reply in sent]

    assert sum(answers) == 2
    assert runtime.get_schedule(key).get().status is ScheduleStatus.FINISHED
    reasons = [fire.reason for fire in fires(runtime, key)]
    assert reasons[:2] == [None, None]
    assert set(reasons[2:]) <= {FireReason.MAX_RUNS}
    changed = runtime.update_scheduled_workflow(key, {"scheduleConfig": {"maxRuns": 3}}).get()
    assert changed.status is ScheduleStatus.ACTIVE
    assert len(runtime.send_event("uploaded").get()) == 1


def test_a_schedule_can_begin_to_wait_for_another_event(runtime: VirtualRuntime) -> None:
    key = make(runtime, UPLOADED | {"eventFilter": {"size": 1}})

    changed = runtime.update_scheduled_workflow(key, {"scheduleConfig": {"event": "other"}}).get()

    assert changed.schedule_config.event_filter is None
    assert runtime.send_event("uploaded", {"size": 1}).get() == []
    assert len(runtime.send_event("other").get()) == 1


def test_an_event_at_the_instant_of_a_fire_that_was_is_its_own(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"cron": "* * * * *"}, "slow-reader", executionConfig={"timeout": "1s"})
    runtime.advance("1m")
    runtime.update_scheduled_workflow(
        key, {"scheduleConfig": {**UPLOADED, "overlap": "allow"}}
    ).get()

    made = runtime.send_event("uploaded").get()

    assert len(made) == 1
    assert len(fires(runtime, key)) == 2


def test_a_large_event_arrives_whole(runtime: VirtualRuntime) -> None:
    make(runtime, UPLOADED)
    deep: Any = "x" * 900_000
    for _ in range(64):
        deep = [deep]

    (key,) = runtime.send_event("uploaded", deep).get()

    assert runtime.get_execution(key).get().execution.context["event"]["payload"] == deep


def test_an_idempotency_key_makes_repetitions_one(
    workflows: list[Workflow], tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=workflows) as runtime:
        key = make(runtime, UPLOADED)
        sent = [runtime.send_event("uploaded", 1, idempotency_key="k") for _ in range(10)]
        answers = [reply.get() for reply in sent]
        clock = runtime.clock
    with VirtualRuntime(database, workflows=workflows, clock=clock) as runtime:
        runtime.advance("23h")
        answers.append(runtime.send_event("uploaded", 1, idempotency_key="k").get())
        runs = executions(runtime, key)

    assert len(runs) == 1
    assert answers == [[runs[0].id]] * 11


def test_an_idempotency_key_is_of_one_event_for_a_day(runtime: VirtualRuntime) -> None:
    key = make(runtime, UPLOADED)
    runtime.send_event("uploaded", 1, idempotency_key="k").get()

    for changed in ({"payload": 2}, {"payload": 1, "key": "x"}):
        with pytest.raises(IdempotencyConflict, match="'k'"):
            runtime.send_event("uploaded", **changed, idempotency_key="k").get()
    assert runtime.send_event("downloaded", 2, idempotency_key="k").get() == []
    assert len(executions(runtime, key)) == 1

    runtime.advance("25h")
    assert len(runtime.send_event("uploaded", 2, idempotency_key="k").get()) == 1


@pytest.mark.parametrize(
    ("event", "more", "loc"),
    [
        ("", {}, "event"),
        ("x" * 201, {}, "event"),
        ("workflow.succeeded:reader", {}, "event"),
        ("workflow.x", {}, "event"),
        ("x", {"key": ""}, "key"),
        ("x", {"key": "x" * 201}, "key"),
        ("x", {"payload": {1, 2}}, "payload"),
        ("x", {"payload": "x" * 1_000_000}, "payload"),
        ("x", {"idempotency_key": ""}, "idempotency_key"),
        ("x", {"idempotency_key": "a b"}, "idempotency_key"),
        ("x", {"idempotency_key": "é"}, "idempotency_key"),
        ("x", {"idempotency_key": "x" * 201}, "idempotency_key"),
    ],
)
def test_a_wrong_event_is_refused(
    runtime: VirtualRuntime, event: str, more: dict[str, Any], loc: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        runtime.send_event(event, **more).get()

    assert refused.value.errors[0].loc == (loc,)


@pytest.mark.parametrize(
    ("config", "loc"),
    [
        ({"event": ""}, ("scheduleConfig", "event")),
        ({"event": "workflow.cancelled:reader"}, ("scheduleConfig", "event")),
        ({"event": "workflow.failed:nobody"}, ("scheduleConfig", "event")),
        ({"event": "x", "eventFilter": {}}, ("scheduleConfig", "eventFilter")),
        ({"event": "x", "eventFilter": "x"}, ("scheduleConfig", "eventFilter")),
        ({"event": "x", "jitter": "1m"}, ("scheduleConfig",)),
        ({"cron": "* * * * *", "eventFilter": {"a": 1}}, ("scheduleConfig",)),
    ],
)
def test_a_wrong_rule_is_refused(
    runtime: VirtualRuntime, config: dict[str, Any], loc: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        make(runtime, config)

    assert refused.value.errors[0].loc == loc
