"""What bounds a schedule, through the real tree: start, end, runs, days, jitter, pauses, failures."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from events_of import every_event, types
from ledger import executions, fires

from quarterjack.runtime import ScheduleStatus, Workflow
from quarterjack.runtime.testing import VirtualRuntime

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOURLY = {"cron": "0 * * * *"}


def make(
    runtime: VirtualRuntime, config: dict[str, Any], workflow: str = "report", **more: Any
) -> str:
    draft = {"workflowId": workflow, "name": "n", "scheduleConfig": config, **more}
    return runtime.create_scheduled_workflow(draft).get()


def decided(runtime: VirtualRuntime, key: str) -> list[str]:
    """Each row of the ledger, oldest first: the reason, or else the outcome."""
    return [(fire.reason or fire.outcome).value for fire in fires(runtime, key)]


# From startAt to endAt


def test_a_schedule_fires_between_its_start_and_its_end(runtime: VirtualRuntime) -> None:
    key = make(
        runtime, HOURLY | {"startAt": "2026-01-02T00:00:00Z", "endAt": "2026-01-02T03:00:00Z"}
    )
    assert runtime.upcoming(key).get() == [START + timedelta(days=1, hours=h) for h in range(3)]

    runtime.advance("3d")

    assert [run.due and run.due.hour for run in executions(runtime, key)] == [0, 1, 2]
    found = runtime.get_schedule(key).get()
    assert found.status is ScheduleStatus.FINISHED
    assert runtime.upcoming(key).get() == []


def test_a_schedule_that_is_over_before_it_begins_is_finished(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"at": "2025-06-01T00:00:00Z"})

    assert runtime.get_schedule(key).get().status is ScheduleStatus.FINISHED


def test_a_finished_schedule_goes_on_when_its_end_is_put_off(runtime: VirtualRuntime) -> None:
    key = make(runtime, HOURLY | {"endAt": "2026-01-01T02:00:00Z"})
    runtime.advance("5h")
    assert runtime.get_schedule(key).get().status is ScheduleStatus.FINISHED

    changed = runtime.update_scheduled_workflow(key, {"scheduleConfig": {"endAt": None}}).get()
    runtime.advance("1h")

    assert changed.status is ScheduleStatus.ACTIVE
    assert decided(runtime, key) == ["started", "started"]


# maxRuns


def test_a_schedule_is_finished_after_as_many_runs_as_it_may(runtime: VirtualRuntime) -> None:
    key = make(runtime, HOURLY | {"maxRuns": 2})
    assert len(runtime.upcoming(key).get()) == 2

    runtime.advance("1h")
    runtime.trigger_scheduled_execution(key).get()  # not its rule's
    assert len(runtime.upcoming(key).get()) == 1
    runtime.advance("5h")

    assert decided(runtime, key) == ["started", "started"]
    assert runtime.get_schedule(key).get().status is ScheduleStatus.FINISHED


def test_instants_that_make_no_execution_are_no_runs(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"cron": "* * * * *", "maxRuns": 2}, "slow")

    runtime.advance("5m")

    assert decided(runtime, key) == ["started", "overlap", "started"]


def test_what_is_caught_up_counts_and_the_rest_says_so(tmp_path: Path, report: Workflow) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    config = {
        "cron": "* * * * *",
        "maxRuns": 2,
        "catchUp": "all",
        "catchUpWindow": "1h",
        "overlap": "allow",
    }
    with VirtualRuntime(database, workflows=[report]) as first:
        key = make(first, config)
        clock = first.clock
    clock.jump(4 * MINUTE + timedelta(seconds=30))

    with VirtualRuntime(database, workflows=[report], clock=clock) as second:
        second.settle()

        assert decided(second, key) == ["caughtUp", "caughtUp", "maxRuns", "maxRuns"]
        assert second.get_schedule(key).get().status is ScheduleStatus.FINISHED


# exclude


def test_an_excluded_day_leaves_a_row_and_no_execution(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"cron": "0 12 * * *", "exclude": ["2026-01-02"]})
    assert [each.day for each in runtime.upcoming(key, 2).get()] == [1, 3]

    runtime.advance("3d")

    assert decided(runtime, key) == ["started", "excluded", "started"]
    told = [each for each in every_event(runtime) if each.type == "schedule.skipped"]
    assert [each.data["reason"] for each in told] == ["excluded"]
    assert fires(runtime, key)[1].lateness == timedelta(0)


# jitter


def test_jitter_puts_an_instant_off_by_the_same_each_time(tmp_path: Path, report: Workflow) -> None:
    def run(seed: int) -> list[timedelta]:
        database = f"sqlite:///{tmp_path / f'{seed}.db'}"
        with VirtualRuntime(database, workflows=[report], seed=seed) as runtime:
            draft = {
                "workflowId": "report",
                "name": "n",
                "scheduleConfig": HOURLY | {"jitter": "10m"},
            }
            key = runtime.create_scheduled_workflow(draft, schedule_id="spread").get()
            runtime.advance("5h")
            found = fires(runtime, key)
            assert {fire.lateness for fire in found} == {timedelta(0)}
            runs = executions(runtime, key)
            assert [each.due for each in runs] == [fire.due for fire in found]
            starts = [each.started_at - each.scheduled_time for each in runs if each.started_at]
            assert starts == [fire.jitter for fire in found]
            return starts

    delays = run(1)

    assert delays == run(2)
    assert len(set(delays)) >= 4
    assert all(timedelta(0) <= delay < 10 * MINUTE for delay in delays)


def test_with_jitter_beyond_the_period_each_instant_fires_once(
    runtime: VirtualRuntime,
) -> None:
    key = make(runtime, {"cron": "* * * * *", "jitter": "10m", "overlap": "allow"})

    runtime.advance("2h")

    rows = fires(runtime, key)
    assert [row.due for row in rows] == [
        START + number * MINUTE for number in range(1, len(rows) + 1)
    ]
    assert len(rows) >= 109
    assert {row.outcome.value for row in rows} == {"started"}
    assert all(row.lateness == timedelta(0) for row in rows)
    assert all(timedelta(0) <= row.jitter < 10 * MINUTE for row in rows)
    assert [run.due for run in executions(runtime, key)] == [row.due for row in rows]


# A pause


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        ("skip", ["paused"] * 3),
        ("latest", ["paused", "paused", "caughtUp"]),
        ("all", ["caughtUp"] * 3),
    ],
)
def test_what_passed_in_a_pause_is_decided_when_it_ends(
    runtime: VirtualRuntime, catch_up: str, expected: list[str]
) -> None:
    config = {"catchUp": catch_up, "catchUpWindow": "5h", "overlap": "queueAll"}
    key = make(runtime, HOURLY | config)
    runtime.pause_schedule(key, "maintenance").get()
    runtime.advance("3h 30m")
    assert fires(runtime, key) == []

    runtime.resume_schedule(key).get()
    runtime.advance("1s")

    assert decided(runtime, key) == expected
    assert len(executions(runtime, key)) == expected.count("caughtUp")
    missed = [each for each in every_event(runtime) if each.type == "schedule.missed"]
    assert {each.data["reason"] for each in missed} <= {"paused"}
    assert len(missed) == expected.count("paused")


def test_a_pause_outlives_a_restart_and_is_made_up_for(tmp_path: Path, report: Workflow) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[report]) as first:
        key = make(
            first, HOURLY | {"catchUpWindow": "10h", "catchUp": "all", "overlap": "queueAll"}
        )
        first.pause_schedule(key).get()
        clock = first.clock
    clock.jump(timedelta(hours=2, minutes=30))

    with VirtualRuntime(database, workflows=[report], clock=clock) as second:
        second.advance("1h")
        assert fires(second, key) == []
        second.resume_schedule(key).get()
        second.advance("1s")

        assert decided(second, key) == ["caughtUp"] * 3


# pauseOnFailure


def test_a_schedule_that_keeps_failing_is_paused_and_says_why(runtime: VirtualRuntime) -> None:
    key = make(runtime, HOURLY, "broken", executionConfig={"pauseOnFailure": 3})
    version = runtime.get_schedule(key).get().version

    runtime.advance("10h")

    found = runtime.get_schedule(key).get()
    assert len(executions(runtime, key)) == 3
    assert found.status is ScheduleStatus.PAUSED
    assert found.note == "paused after 3 failures in a row; the last: LookupError: nothing there"
    assert found.version == version + 1
    assert types(runtime, of=key)[-2:] == ["schedule.failed", "schedule.paused"]


def test_after_a_resume_failures_are_counted_from_the_beginning(runtime: VirtualRuntime) -> None:
    config = HOURLY | {"catchUp": "skip"}
    key = make(runtime, config, "broken", executionConfig={"pauseOnFailure": 2})
    runtime.advance("2h 30m")

    runtime.resume_schedule(key).get()
    runtime.advance("1h")
    assert runtime.get_schedule(key).get().status is ScheduleStatus.ACTIVE
    runtime.advance("1h")

    assert runtime.get_schedule(key).get().status is ScheduleStatus.PAUSED
    assert len(executions(runtime, key)) == 4


def test_a_success_ends_the_row_of_failures(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"manual": True}, "broken", executionConfig={"pauseOnFailure": 2})
    for workflow in ("broken", "report", "broken"):
        runtime.update_scheduled_workflow(key, {"workflowId": workflow}).get()
        runtime.wait_for(runtime.trigger_scheduled_execution(key).get()).get()

    assert runtime.get_schedule(key).get().status is ScheduleStatus.ACTIVE
    assert runtime.get_schedule(key).get().failures_in_row == 1

    runtime.wait_for(runtime.trigger_scheduled_execution(key).get()).get()
    assert runtime.get_schedule(key).get().status is ScheduleStatus.PAUSED


def test_a_pause_for_failures_reaches_a_schedule_that_fires_at_that_moment(
    runtime: VirtualRuntime,
) -> None:
    config = {"cron": "* * * * * *", "overlap": "allow"}
    key = make(runtime, config, "broken", executionConfig={"pauseOnFailure": 5})

    runtime.advance("1m")

    assert len(executions(runtime, key)) == 5


# What can be set right


def test_sync_repairs_a_schedule_that_was_tampered_with(tmp_path: Path, report: Workflow) -> None:
    path = tmp_path / "q.db"
    database = f"sqlite:///{path}"
    with VirtualRuntime(database, workflows=[report]) as first:
        key = make(first, HOURLY)
        first.advance("2h")
        right = first.get_schedule(key).get()
        clock = first.clock
    tamper(path, "UPDATE schedules SET next_due = NULL, next_fire = NULL, runs = 77, failed = 9")

    with VirtualRuntime(database, workflows=[report], clock=clock) as second:
        second.advance("10m")
        second.sync_schedule_workflow_state(key).get()

        assert second.get_schedule(key).get() == right


def test_sync_wakes_what_was_finished_too_early(tmp_path: Path, report: Workflow) -> None:
    path = tmp_path / "q.db"
    database = f"sqlite:///{path}"
    with VirtualRuntime(database, workflows=[report]) as first:
        key = make(first, HOURLY)
        clock = first.clock
    tamper(path, "UPDATE schedules SET next_due = NULL, next_fire = NULL, status = 'finished'")

    with VirtualRuntime(database, workflows=[report], clock=clock) as second:
        second.sync_schedule_workflow_state(key).get()
        second.advance("1h")

        assert decided(second, key) == ["started"]


def tamper(path: Path, statement: str) -> None:
    """Change the database behind everybody's back."""
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
