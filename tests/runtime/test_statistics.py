"""Statistics of a runtime: every way in which an execution ends or an instant is left out counts once."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from counted import recounted, stored_counts
from ledger import executions

from quarterjack.runtime import InvalidInput, NotFound, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import ScheduleId, WorkflowId
from quarterjack.storage.counts import Counts, DaysFilter, Interval, StatisticsFilter
from quarterjack.storage.queries import ExecutionFilter, PageRequest

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTELY = {"cron": "* * * * *"}


def make(
    runtime: VirtualRuntime, config: dict[str, Any], workflow: str = "report", **more: Any
) -> str:
    draft = {"workflowId": workflow, "name": "n", "scheduleConfig": config, **more}
    return runtime.create_scheduled_workflow(draft).get()


def day_of(runtime: VirtualRuntime, key: str) -> Counts:
    """What the schedule did on the only day that it knows."""
    (found,) = runtime.get_schedule_days(key).get()
    return found.counts


def test_what_succeeds_fails_and_is_skipped_is_counted(runtime: VirtualRuntime) -> None:
    good, bad = make(runtime, MINUTELY), make(runtime, MINUTELY, "broken")
    slow = make(runtime, MINUTELY, "slow")  # 90 s each: every second instant is skipped

    runtime.advance("10m")

    assert day_of(runtime, good) == Counts(succeeded=10)
    assert day_of(runtime, bad) == Counts(failed=10)
    assert day_of(runtime, slow) == Counts(succeeded=4, skipped=5)
    (hour,) = runtime.get_statistics().get()
    assert (hour.start, hour.counts) == (START, Counts(succeeded=14, failed=10, skipped=5))


def test_an_average_is_of_those_that_succeeded(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"manual": True}, "slow")
    for _ in range(2):
        runtime.wait_for(runtime.trigger_scheduled_execution(key).get()).get()
    running = runtime.trigger_scheduled_execution(key).get()
    runtime.advance("10s")
    runtime.cancel_scheduled_execution(running).get()
    runtime.settle()

    (day,) = runtime.get_schedule_days(key).get()
    assert day.counts == Counts(succeeded=2, cancelled=1)
    assert day.average_duration == timedelta(seconds=90)
    found = runtime.get_workflow_statistics("slow").get()
    assert found.counts == day.counts
    assert found.average_duration == timedelta(seconds=90)
    assert found.p50 is not None
    assert found.p50 / timedelta(seconds=90) == pytest.approx(1, rel=0.05)


def timed_out(runtime: VirtualRuntime, key: str) -> None:
    runtime.trigger_scheduled_execution(make(runtime, {"manual": True}, "slow", **TIMEOUT)).get()
    runtime.advance("1m")


TIMEOUT = {"executionConfig": {"timeout": "5s"}}


def cancelled_in_the_queue(runtime: VirtualRuntime, key: str) -> None:
    queued = [runtime.trigger_scheduled_execution(key).get() for _ in range(3)]
    for each in queued:
        runtime.cancel_scheduled_execution(each).get()
    runtime.settle()


def cancelled_by_the_next_one(runtime: VirtualRuntime, key: str) -> None:
    make(runtime, {**MINUTELY, "overlap": "cancelRunning"}, "slow")
    runtime.advance("5m")


def retried(runtime: VirtualRuntime, key: str) -> None:
    runtime.advance("3m")
    for each in executions(runtime, key):
        runtime.retry_execution(each.id).get()
    runtime.settle()


def missed_in_a_pause(runtime: VirtualRuntime, key: str) -> None:
    runtime.pause_schedule(key).get()
    runtime.advance("2h")
    runtime.resume_schedule(key).get()
    runtime.advance("2m")


def missed_in_a_long_pause_and_backfilled(runtime: VirtualRuntime, key: str) -> None:
    runtime.pause_schedule(key).get()
    runtime.advance("3d")
    runtime.resume_schedule(key).get()
    runtime.advance("2m")
    for hours in (1, 30):
        start = START + timedelta(hours=hours)
        span = {"start": start, "end": start + timedelta(minutes=20)}
        made = runtime.backfill_schedule(key, {**span, "overlap": "allow"}).get()
        if hours == 30:
            runtime.cancel_backfill(made.backfill_id).get()
        runtime.advance("1m")


def deleted_with_what_runs(runtime: VirtualRuntime, key: str) -> None:
    other = make(runtime, {**MINUTELY, "overlap": "queueAll"}, "slow")
    runtime.advance("4m")
    runtime.delete_scheduled_workflow(other, cancel=True).get()
    runtime.settle()


def without_a_schedule(runtime: VirtualRuntime, key: str) -> None:
    runtime.run("report").get()
    runtime.settle()


@pytest.mark.parametrize(
    ("workflow", "happens"),
    [
        ("report", timed_out),
        ("slow", cancelled_in_the_queue),
        ("report", cancelled_by_the_next_one),
        ("broken", retried),
        ("report", missed_in_a_pause),
        ("slow", missed_in_a_long_pause_and_backfilled),
        ("report", deleted_with_what_runs),
        ("slow", without_a_schedule),
    ],
)
def test_whatever_happens_counts_once(
    tmp_path: Path,
    report: Workflow,
    slow: Workflow,
    broken: Workflow,
    workflow: str,
    happens: Callable[[VirtualRuntime, str], None],
) -> None:
    path = tmp_path / "q.db"
    with VirtualRuntime(f"sqlite:///{path}", workflows=[report, slow, broken], seed=1) as runtime:
        key = make(runtime, MINUTELY, workflow)
        happens(runtime, key)
        ended = runtime.list_executions(ExecutionFilter(), PageRequest(500)).get().items

    with closing(sqlite3.connect(path)) as connection:
        found = stored_counts(connection)
        assert found == recounted(connection)
    assert ended
    assert found["workflow_hours"]


def test_a_restart_counts_nothing_again(
    tmp_path: Path, report: Workflow, slow: Workflow, broken: Workflow
) -> None:
    def opened(clock: Any = None) -> VirtualRuntime:
        workflows = [report, slow, broken]
        return VirtualRuntime(f"sqlite:///{tmp_path / 'q.db'}", workflows=workflows, clock=clock)

    with opened() as before:
        key = make(before, MINUTELY, "slow")
        before.advance("10m")
        expected = day_of(before, key)
    with opened(before.clock) as after:
        assert day_of(after, key) == expected
        after.sync_schedule_workflow_state(key).get()
        assert day_of(after, key) == expected


def test_days_of_the_past_have_a_range(runtime: VirtualRuntime) -> None:
    key = make(runtime, {"cron": "0 12 * * *"})
    runtime.advance("400d")

    days = runtime.get_schedule_days(key).get()
    assert len(days) == 365  # today's is to come
    assert days[-1].day == (START + 399 * DAY).date()
    wanted = DaysFilter(date(2026, 3, 1), date(2026, 3, 31))
    assert len(runtime.get_schedule_days(key, wanted).get()) == 31
    by_day = StatisticsFilter(Interval.DAY, schedule_id=ScheduleId(key))
    assert len(runtime.get_statistics(by_day).get()) == 30
    assert len(runtime.get_workflow_statistics("report", 7).get().days) == 6
    assert runtime.get_statistics(StatisticsFilter(workflow_id=WorkflowId("slow"))).get() == []


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        pytest.param(StatisticsFilter(since=START, until=START), "since", id="empty range"),
        pytest.param(StatisticsFilter(since=START - 42 * DAY), "since", id="too many hours"),
        pytest.param(
            StatisticsFilter(Interval.DAY, since=START - 1_001 * DAY), "since", id="too many days"
        ),
        pytest.param(
            StatisticsFilter(schedule_id=ScheduleId("x")), "scheduleId", id="hours of one"
        ),
    ],
)
def test_a_range_that_can_t_be_answered_is_refused(
    runtime: VirtualRuntime, wanted: StatisticsFilter, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        runtime.get_statistics(wanted).get()
    assert [each.loc for each in refused.value.errors] == [(field,)]


def test_the_largest_range_is_answered(runtime: VirtualRuntime) -> None:
    runtime.advance("2026d")
    now = runtime.now()

    for by in Interval:
        wanted = StatisticsFilter(by, since=now - 1_000 * by.span, until=now)
        assert runtime.get_statistics(wanted).get() == []
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert runtime.get_statistics(StatisticsFilter(until=first + DAY / 2)).get() == []


def test_what_is_not_there_is_not_found(runtime: VirtualRuntime) -> None:
    with pytest.raises(NotFound):
        runtime.get_schedule_days("sch_nope").get()
    with pytest.raises(NotFound):
        runtime.get_workflow_statistics("nope").get()
    with pytest.raises(InvalidInput):
        runtime.get_workflow_statistics("report", 0).get()
