"""Schedules on a virtual clock: when they fire, and what stands in their way."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from events_of import every_event, types
from ledger import executions, fires

from quarterjack.runtime import (
    InvalidInput,
    NotFound,
    OverlapRefused,
    ScheduleStatus,
    Workflow,
)
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import (
    AlreadyExists,
    FireOutcome,
    FireReason,
    IllegalTransition,
    VersionConflict,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTELY = {"cron": "* * * * *"}


def make(
    runtime: VirtualRuntime, config: dict[str, Any], workflow: str = "report", **more: Any
) -> str:
    draft = {"workflowId": workflow, "name": "n", "scheduleConfig": config, **more}
    return runtime.create_scheduled_workflow(draft).get()


def outcomes(runtime: VirtualRuntime, key: str) -> list[str]:
    return [fire.outcome.value for fire in fires(runtime, key)]


def test_a_due_schedule_fires_in_the_order_that_is_promised(runtime: VirtualRuntime) -> None:
    key = make(runtime, MINUTELY)

    runtime.advance("1m")

    assert types(runtime) == [
        "schedule.created",
        "schedule.triggered",
        "workflow.started",
        "workflow.step.started",
        "workflow.step.completed",
        "workflow.step.started",
        "workflow.step.started",
        "workflow.step.completed",
        "workflow.step.completed",
        "workflow.completed",
        "schedule.completed",
    ]
    assert [event.seq for event in every_event(runtime)] == list(range(1, 12))
    (run,) = executions(runtime, key)
    assert run.scheduled_time == run.due == START + timedelta(minutes=1)
    assert run.result == {"load": 2, "notify": "eu cron"}


def test_each_day_has_one_run_across_a_change_of_the_clock(runtime: VirtualRuntime) -> None:
    # a whole year, in more zones: tests/simulation
    key = make(runtime, {"cron": "30 2 * * *", "timezone": "Europe/Paris"})

    runtime.advance("100 days")

    runs = executions(runtime, key)
    days = [run.scheduled_time.astimezone(ZoneInfo("Europe/Paris")).date() for run in runs]
    assert len(runs) == len(set(days)) == 100
    assert runtime.get_schedule(key).get().totals.succeeded == 100


def test_an_interval_keeps_to_its_anchor(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"interval": "10m", "anchor": "2025-12-31T23:55:00Z"})

    runtime.advance("30m")

    minutes = [run.scheduled_time.minute for run in executions(runtime, key)]
    assert minutes == [5, 15, 25]
    assert {run.trigger.value for run in executions(runtime, key)} == {"interval"}


def test_a_schedule_for_one_instant_is_finished_then(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"at": "2026-01-01T06:00:00Z"})

    runtime.advance("1d")

    assert [run.trigger.value for run in executions(runtime, key)] == ["at"]
    found = runtime.get_schedule(key).get()
    assert found.status is ScheduleStatus.FINISHED
    assert found.next_fire is None


def test_a_manual_schedule_fires_only_when_triggered(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"manual": True}, executionConfig={"params": {"region": "us"}})
    runtime.advance("1d")

    first = runtime.trigger_scheduled_execution(key).get()
    second = runtime.trigger_scheduled_execution(
        key, params={"region": "asia"}, context={"who": "me"}, priority=1
    ).get()

    assert runtime.wait_for(first).get().result == {"load": 2, "notify": "us manual"}
    found = runtime.wait_for(second).get()
    assert found.result == {"load": 4, "notify": "asia manual"}
    assert found.context == {"who": "me"}
    assert found.priority == 1
    assert fires(runtime, key) == []


def test_a_disabled_schedule_fires_nothing_until_enabled(runtime: VirtualRuntime) -> None:
    key = make(runtime, MINUTELY, enabled=False)
    runtime.advance("5m")
    assert executions(runtime, key) == []

    runtime.update_scheduled_workflow(key, {"enabled": True}).get()
    runtime.advance("5m")
    runtime.update_scheduled_workflow(key, {"enabled": False}).get()
    runtime.advance("5m")

    assert len(executions(runtime, key)) == 5
    assert runtime.get_schedule(key).get().status is ScheduleStatus.DISABLED


def test_a_paused_schedule_fires_nothing_until_resumed(runtime: VirtualRuntime) -> None:
    key = make(runtime, MINUTELY | {"catchUp": "skip"})
    runtime.advance("2m")
    paused = runtime.pause_schedule(key, "lunch").get()
    runtime.advance("1h 30s")
    resumed = runtime.resume_schedule(key, "back").get()
    runtime.advance("2m")

    assert (paused.status, paused.note) == (ScheduleStatus.PAUSED, "lunch")
    assert (resumed.status, resumed.note) == (ScheduleStatus.ACTIVE, "back")
    assert len(executions(runtime, key)) == 4
    assert [kind for kind in types(runtime) if kind in ("schedule.paused", "schedule.resumed")] == [
        "schedule.paused",
        "schedule.resumed",
    ]


def test_a_paused_schedule_can_be_triggered_by_hand(runtime: VirtualRuntime) -> None:
    key = make(runtime, MINUTELY)
    runtime.pause_schedule(key).get()

    run = runtime.trigger_scheduled_execution(key).get()

    assert runtime.wait_for(run).get().status == "succeeded"


def test_what_the_state_does_not_allow_is_refused(runtime: VirtualRuntime) -> None:
    key = make(runtime, MINUTELY, enabled=False)

    with pytest.raises(IllegalTransition):
        runtime.pause_schedule(key).get()
    with pytest.raises(VersionConflict):
        runtime.pause_schedule(key, version=9).get()
    with pytest.raises(VersionConflict):
        runtime.delete_scheduled_workflow(key, version=9).get()
    with pytest.raises(VersionConflict):
        runtime.update_scheduled_workflow(key, {"name": "x"}, version=9).get()


@pytest.mark.parametrize("key", ["sch_nothing", "no id", "a/b"])
def test_a_schedule_that_is_not_there_is_not_found(runtime: VirtualRuntime, key: str) -> None:
    for call in (
        runtime.get_schedule,
        runtime.pause_schedule,
        runtime.resume_schedule,
        runtime.delete_scheduled_workflow,
        runtime.trigger_scheduled_execution,
        runtime.sync_schedule_workflow_state,
        runtime.get_schedule_workflow_status,
        runtime.upcoming,
    ):
        with pytest.raises(NotFound):
            call(key).get()
    with pytest.raises(NotFound):
        runtime.update_scheduled_workflow(key, {"name": "x"}).get()


def test_an_id_of_one_s_own_is_taken_once(runtime: VirtualRuntime) -> None:
    draft = {"workflowId": "report", "name": "n", "scheduleConfig": MINUTELY}

    assert runtime.create_scheduled_workflow(draft, schedule_id="sch_mine").get() == "sch_mine"
    with pytest.raises(AlreadyExists):
        runtime.create_scheduled_workflow(draft, schedule_id="sch_mine").get()
    with pytest.raises(InvalidInput, match="an id is"):
        runtime.create_scheduled_workflow(draft, schedule_id="not/mine").get()
    assert runtime.get_schedule("sch_mine").get().version == 1


@pytest.mark.parametrize(
    ("changes", "rule", "due"),
    [
        ({"name": "other"}, ["* * * * *"], 1),
        ({"scheduleConfig": {"cron": "*/5 * * * *"}}, ["*/5 * * * *"], 5),
        ({"scheduleConfig": {"overlap": "allow"}}, ["* * * * *"], 1),
        ({"scheduleConfig": {"interval": "10m"}}, None, 10),
    ],
)
def test_a_change_keeps_what_it_does_not_name(
    runtime: VirtualRuntime, changes: dict[str, Any], rule: list[str] | None, due: int
) -> None:
    key = make(runtime, {**MINUTELY, "timezone": "Europe/Paris"}, metadata={"a": 1})

    changed = runtime.update_scheduled_workflow(key, changes).get()

    lines = changed.schedule_config.cron
    assert (None if lines is None else list(lines)) == rule
    assert changed.schedule_config.timezone == "Europe/Paris"
    assert changed.metadata == {"a": 1}
    assert changed.version == 2
    assert changed.next_fire == START + timedelta(minutes=due)
    assert runtime.upcoming(key, 1).get() == [changed.next_fire]


def test_bytes_among_the_parameters_are_kept(runtime: VirtualRuntime) -> None:
    key = make(runtime, MINUTELY, executionConfig={"params": {"region": b"\xff"}})

    runtime.update_scheduled_workflow(key, {"name": "other"}).get()

    assert runtime.get_schedule(key).get().execution_config.params == {"region": b"\xff"}


def test_a_finished_schedule_with_a_new_rule_is_active_again(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"at": "2026-01-01T00:01:00Z"})
    runtime.advance("1h")

    changed = runtime.update_scheduled_workflow(key, {"scheduleConfig": MINUTELY}).get()

    assert changed.status is ScheduleStatus.ACTIVE
    runtime.advance("2m")
    assert len(executions(runtime, key)) == 3


@pytest.mark.parametrize(
    ("changes", "loc"),
    [
        ({"colour": 1}, ("colour",)),
        ({"workflowId": "nothing"}, ("workflowId",)),
        ({"scheduleConfig": {"cron": "x"}}, ("scheduleConfig", "cron")),
        ({"executionConfig": {"params": {"x": 1}}}, ("executionConfig", "params", "x")),
        ({"executionConfig": {"pauseOnFailure": 0}}, ("executionConfig", "pauseOnFailure")),
        ({"metadata": {"x": {1, 2}}}, ("metadata",)),
        ({"executionConfig": {"params": {"region": {1}}}}, ("executionConfig", "params")),
    ],
)
def test_a_wrong_change_changes_nothing(
    runtime: VirtualRuntime, changes: dict[str, Any], loc: tuple[str, ...]
) -> None:
    key = make(runtime, MINUTELY)
    before = runtime.get_schedule(key).get()

    with pytest.raises(InvalidInput) as refused:
        runtime.update_scheduled_workflow(key, changes).get()

    assert refused.value.errors[0].loc == loc
    assert runtime.get_schedule(key).get() == before


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("skip", ["started", "skipped", "started", "skipped"]),
        ("queueOne", ["started", "queued", "queued", "queued"]),
        ("queueAll", ["started", "queued", "queued", "queued"]),
        ("allow", ["started", "started", "started", "started"]),
        ("cancelRunning", ["started", "started", "started", "started"]),
    ],
)
def test_what_happens_when_one_is_still_running(
    runtime: VirtualRuntime, policy: str, expected: list[str]
) -> None:
    key = make(runtime, {**MINUTELY, "overlap": policy}, "slow")

    runtime.advance("4m")

    assert outcomes(runtime, key) == expected


def test_queue_one_skips_when_one_waits_already(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"cron": "*/20 * * * * *", "overlap": "queueOne"}, "slow")

    runtime.advance("60s")
    started, queued, skipped = fires(runtime, key)

    assert started.outcome is FireOutcome.STARTED
    assert queued.outcome is FireOutcome.QUEUED
    assert skipped.outcome is FireOutcome.SKIPPED
    assert skipped.reason is FireReason.OVERLAP
    assert skipped.blocked_by == started.execution_id
    assert skipped.lateness == timedelta(0)


def test_cancel_running_ends_the_one_before(runtime: VirtualRuntime) -> None:
    key = make(runtime, {**MINUTELY, "overlap": "cancelRunning"}, "slow")

    runtime.advance("3m")
    runtime.pause_schedule(key).get()
    runtime.advance("3m")

    assert [run.status.value for run in executions(runtime, key)] == [
        "cancelled",
        "cancelled",
        "succeeded",
    ]


def test_queued_ones_run_one_after_the_other(runtime: VirtualRuntime) -> None:
    key = make(runtime, {**MINUTELY, "overlap": "queueAll"}, "slow")
    runtime.advance("3m")
    runtime.pause_schedule(key).get()

    runtime.advance("10m")

    runs = executions(runtime, key)
    assert [run.status.value for run in runs] == ["succeeded"] * 3
    minutes = [run.started_at and run.started_at - START for run in runs]
    assert minutes == [timedelta(seconds=60 + 90 * number) for number in range(3)]


def test_as_many_run_at_once_as_the_schedule_allows(runtime: VirtualRuntime) -> None:
    key = make(
        runtime,
        {"cron": "*/10 * * * * *", "overlap": "queueAll"},
        "slow",
        executionConfig={"maxConcurrency": 2},
    )

    runtime.advance("40s")

    assert outcomes(runtime, key) == ["started", "started", "queued", "queued"]
    status = runtime.get_schedule_workflow_status(key).get()
    assert (len(status.running), len(status.queued)) == (2, 2)


@pytest.mark.parametrize(
    ("policy", "refused"),
    [("skip", True), ("queueOne", False), ("queueAll", False), ("allow", False)],
)
def test_a_trigger_can_respect_overlap(
    runtime: VirtualRuntime, policy: str, *, refused: bool
) -> None:
    key = make(runtime, {"manual": True, "overlap": policy}, "slow")
    first = runtime.trigger_scheduled_execution(key).get()
    runtime.settle()

    asked = runtime.trigger_scheduled_execution(key, respect_overlap=True)

    if refused:
        with pytest.raises(OverlapRefused) as error:
            asked.get()
        assert error.value.blocked_by == first
    else:
        assert asked.get() != first


def test_a_trigger_that_replaces_ends_the_one_before(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"manual": True, "overlap": "cancelRunning"}, "slow")
    first = runtime.trigger_scheduled_execution(key).get()
    runtime.settle()

    second = runtime.trigger_scheduled_execution(key, respect_overlap=True).get()

    assert runtime.wait_for(first).get().status == "cancelled"
    assert runtime.wait_for(second).get().status == "succeeded"


def test_deleting_lets_what_runs_end(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"manual": True}, "slow")
    run = runtime.trigger_scheduled_execution(key).get()
    runtime.settle()

    runtime.delete_scheduled_workflow(key).get()

    assert runtime.wait_for(run).get().status == "succeeded"
    with pytest.raises(NotFound):
        runtime.get_schedule(key).get()
    assert "schedule.deleted" in types(runtime, of=key)


def test_deleting_with_cancel_ends_what_runs(runtime: VirtualRuntime) -> None:
    key = make(runtime, {**MINUTELY}, "slow")
    runtime.advance("1m")
    (run,) = runtime.get_schedule_workflow_status(key).get().running

    runtime.delete_scheduled_workflow(key, cancel=True).get()
    runtime.advance("10m")

    assert runtime.wait_for(run.id).get().status == "cancelled"
    assert types(runtime).count("schedule.triggered") == 1


@pytest.mark.parametrize(
    ("policy", "window", "expected"),
    [
        ("skip", "1h", ["missed"] * 5),
        ("latest", "1h", ["missed"] * 4 + ["caughtUp"]),
        ("all", "1h", ["caughtUp"] * 5),
        ("all", "150s", ["missed"] * 2 + ["caughtUp"] * 3),
        ("latest", None, ["missed"] * 4 + ["caughtUp"]),
    ],
)
def test_what_was_missed_while_nothing_ran(
    tmp_path: Path, report: Workflow, policy: str, window: str | None, expected: list[str]
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[report]) as first:
        config = {**MINUTELY, "catchUp": policy, "catchUpWindow": window, "overlap": "queueAll"}
        key = make(first, config)
        clock = first.clock
    clock.jump(timedelta(minutes=5, seconds=20))

    with VirtualRuntime(database, workflows=[report], clock=clock) as second:
        second.settle()
        second.pause_schedule(key).get()

        assert outcomes(second, key) == expected
        runs = executions(second, key)
        assert len(runs) == expected.count("caughtUp")
        assert {run.status.value for run in runs} <= {"succeeded"}


def test_the_wall_clock_going_back_fires_nothing_twice(runtime: VirtualRuntime) -> None:
    key = make(runtime, MINUTELY)
    runtime.advance("3m")

    runtime.clock.jump(timedelta(minutes=-2))
    runtime.advance("4m")

    due = [run.due for run in executions(runtime, key)]
    assert len(due) == len(set(due)) == 5


def test_the_wall_clock_going_forward_is_caught_up(runtime: VirtualRuntime) -> None:
    key = make(runtime, MINUTELY)
    runtime.advance("90s")

    runtime.clock.jump(timedelta(minutes=3))
    runtime.advance("30s")

    assert outcomes(runtime, key) == ["started", "missed", "missed", "missed", "started"]
    assert [fire.due.minute for fire in fires(runtime, key)] == [1, 2, 3, 4, 5]
