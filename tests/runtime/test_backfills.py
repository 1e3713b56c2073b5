"""Backfills on a virtual clock: which instants get an execution, what the ledger says, who waits for whom."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from events_of import every_event, types
from ledger import executions, fires

from quarterjack.runtime import InvalidInput, NotFound, ScheduleStatus, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import (
    BackfillStatus,
    ExecutionStatus,
    FireOutcome,
    IllegalTransition,
)
from quarterjack.storage.queries import PageRequest

START = datetime(2026, 1, 1, tzinfo=UTC)
LATER = START + timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOURLY = {"cron": "0 * * * *"}
MINUTELY = {"cron": "* * * * *"}
YESTERDAY = {"start": "2025-12-31T00:00:00Z", "end": "2025-12-31T06:00:00Z"}


def make(
    runtime: VirtualRuntime, config: dict[str, Any], workflow: str = "report", **more: Any
) -> str:
    draft = {"workflowId": workflow, "name": "n", "scheduleConfig": config, **more}
    return runtime.create_scheduled_workflow(draft).get()


def span(start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
    return {"start": start, "end": end, **more}


def test_every_instant_of_the_range_gets_one_execution(runtime: VirtualRuntime) -> None:
    key = make(runtime, HOURLY)

    made = runtime.backfill_schedule(key, YESTERDAY).get()
    runtime.settle()

    runs = executions(runtime, key)
    dues = [START - timedelta(days=1) + hour * 60 * MINUTE for hour in range(6)]
    assert [run.due for run in runs] == [run.scheduled_time for run in runs] == dues
    assert [run.id for run in runs] == made.execution_ids
    assert {run.backfill_id for run in runs} == {made.backfill_id}
    assert {(run.trigger.value, run.status.value) for run in runs} == {("backfill", "succeeded")}
    assert [
        (fire.due, fire.outcome, fire.reason, fire.execution_id, fire.lateness)
        for fire in fires(runtime, key)
    ] == [
        (run.due, FireOutcome.BACKFILLED, None, run.id, START - run.scheduled_time) for run in runs
    ]
    assert types(runtime).count("schedule.triggered") == types(runtime).count("schedule.completed")


def test_instants_that_have_an_execution_are_left_alone(runtime: VirtualRuntime) -> None:
    key = make(runtime, MINUTELY, "slow")  # 90 s each: every second one is skipped
    runtime.advance("6m")
    before = executions(runtime, key)

    made = runtime.backfill_schedule(key, span(LATER, START + 6 * MINUTE)).get()
    again = runtime.backfill_schedule(key, span(LATER, START + 6 * MINUTE)).get()

    new = [run for run in executions(runtime, key) if run.trigger == "backfill"]
    assert [run.due for run in before] == [START + number * MINUTE for number in (1, 3, 5)]
    assert [run.due for run in new] == [START + number * MINUTE for number in (2, 4)]
    assert made.execution_ids == [run.id for run in new]
    assert again.execution_ids == []
    assert [fire.outcome.value for fire in fires(runtime, key)] == [
        "started",
        "backfilled",
        "started",
        "backfilled",
        "started",
        "skipped",
    ], "and the one at the end does not belong to the range"


def test_two_at_once_make_each_execution_once(runtime: VirtualRuntime) -> None:
    key = make(runtime, HOURLY)

    asked = [runtime.backfill_schedule(key, YESTERDAY) for _ in range(3)]

    made = [reply.get().execution_ids for reply in asked]
    assert sorted(map(len, made)) == [0, 0, 6]
    assert len(executions(runtime, key)) == 6


def test_days_off_and_what_is_outside_the_schedule_s_time_are_left_out(
    runtime: VirtualRuntime,
) -> None:
    config = {
        "cron": "0 12 * * *",
        "timezone": "Asia/Tokyo",
        "exclude": ["2025-12-05", "2025-12-08/2025-12-09"],
        "startAt": "2025-12-04T00:00:00Z",
        "endAt": "2025-12-12T00:00:00Z",
    }
    key = make(runtime, config)
    found = runtime.get_schedule(key).get()
    assert found.status is ScheduleStatus.FINISHED

    runtime.backfill_schedule(
        key, {"start": "2025-12-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}
    ).get()

    assert [run.scheduled_time.day for run in executions(runtime, key)] == [4, 6, 7, 10, 11]
    assert {run.scheduled_time.hour for run in executions(runtime, key)} == {3}


def test_what_is_to_come_is_left_to_the_schedule(runtime: VirtualRuntime) -> None:
    key = make(runtime, MINUTELY)
    runtime.advance("90s")

    made = runtime.backfill_schedule(key, span(LATER, START + 60 * MINUTE)).get()

    assert made.execution_ids == [], "the first has one, the others are not due yet"
    assert runtime.get_backfill(made.backfill_id).get().backfill.end == START + 1.5 * MINUTE
    runtime.advance("2m")
    assert {run.trigger.value for run in executions(runtime, key)} == {"cron"}


def test_an_instant_that_jitter_puts_off_is_left_to_the_schedule(runtime: VirtualRuntime) -> None:
    key = make(runtime, {**HOURLY, "jitter": "50m"})
    runtime.advance("60m 1s")
    next_fire = runtime.get_schedule(key).get().next_fire
    assert next_fire is not None
    assert next_fire > runtime.now()

    made = runtime.backfill_schedule(key, span(LATER, START + 61 * MINUTE)).get()
    runtime.advance("55m")

    assert [each.scheduled_time for each in executions(runtime, key)] == [START + 60 * MINUTE]
    assert made.execution_ids == []


@pytest.mark.parametrize(
    ("request_", "loc", "says"),
    [
        ({}, ("start",), "required"),
        ({"start": "2025-12-31T00:00:00Z"}, ("end",), "required"),
        ({**YESTERDAY, "end": "2025-12-31T00:00:00Z"}, ("end",), "not after start"),
        ({**YESTERDAY, "end": "2025-12-31T06:00:00"}, ("end",), "timezone"),
        ({**YESTERDAY, "start": "1969-12-31T00:00:00Z"}, ("start",), "1970"),
        ({"start": "2026-02-01T00:00:00Z", "end": "2026-02-02T00:00:00Z"}, ("start",), "future"),
        ({**YESTERDAY, "overlap": "skip"}, ("overlap",), "queueAll"),
        ({**YESTERDAY, "maxConcurrency": 0}, ("maxConcurrency",), "1"),
        ({**YESTERDAY, "maxConcurrency": "2"}, ("maxConcurrency",), "integer"),
        (
            {**YESTERDAY, "overlap": "queueAll", "maxConcurrency": 2},
            ("maxConcurrency",),
            "one after the other",
        ),
        ({**YESTERDAY, "priority": 10}, ("priority",), "9"),
        ({**YESTERDAY, "params": {"colour": 1}}, ("params", "colour"), "no parameter"),
        ({**YESTERDAY, "params": {"region": {1}}}, ("params",), "plain"),
        ({**YESTERDAY, "dryRun": True}, ("dryRun",), "no field"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_field(
    runtime: VirtualRuntime, request_: dict[str, Any], loc: tuple[str, ...], says: str
) -> None:
    key = make(runtime, HOURLY)

    with pytest.raises(InvalidInput) as refused:
        runtime.backfill_schedule(key, request_).get()

    assert refused.value.errors[0].loc == loc
    assert says in refused.value.errors[0].msg
    assert runtime.list_backfills(key).get().items == []
    assert executions(runtime, key) == []


@pytest.mark.parametrize("config", [{"manual": True}, {"event": "go"}])
def test_a_schedule_without_instants_can_t_be_backfilled(
    runtime: VirtualRuntime, config: dict[str, Any]
) -> None:
    key = make(runtime, config)

    with pytest.raises(InvalidInput, match="not due by the clock"):
        runtime.backfill_schedule(key, YESTERDAY).get()


@pytest.mark.parametrize(
    ("start", "says"),
    [
        ("2016-01-01T00:00:00Z", "due 5,260,320 times"),
        ("1970-01-01T00:00:00Z", "due more than 10,000 times"),
    ],
)
def test_too_many_are_refused_with_their_number_before_anything_is_made(
    runtime: VirtualRuntime, start: str, says: str
) -> None:
    key = make(runtime, MINUTELY)
    before = every_event(runtime)

    with pytest.raises(InvalidInput) as refused:
        runtime.backfill_schedule(key, {"start": start, "end": "2026-01-01T00:00:00Z"}).get()

    (error,) = refused.value.errors
    assert error.loc == ("end",)
    assert says in error.msg
    assert "at most 10,000" in error.msg
    assert executions(runtime, key) == []
    assert fires(runtime, key) == []
    assert every_event(runtime) == before


def test_what_is_not_there_is_not_found(runtime: VirtualRuntime) -> None:
    for reply in (
        runtime.backfill_schedule("sch_nothing", YESTERDAY),
        runtime.get_backfill("bkf_nothing"),
        runtime.cancel_backfill("bkf_nothing"),
    ):
        with pytest.raises(NotFound):
            reply.get()


# How it runs


def _starts(runtime: VirtualRuntime, key: str) -> list[timedelta | None]:
    runs = [run for run in executions(runtime, key) if run.trigger == "backfill"]
    return [None if run.started_at is None else run.started_at - START for run in runs]


@pytest.mark.parametrize(
    ("options", "effective", "seconds"),
    [
        ({}, ("queueAll", 1), [0, 90, 180, 270, 360, 450]),
        ({"overlap": "queueAll"}, ("queueAll", 1), [0, 90, 180, 270, 360, 450]),
        ({"maxConcurrency": 2}, ("allow", 2), [0, 0, 90, 90, 180, 180]),
        ({"overlap": "allow", "maxConcurrency": 4}, ("allow", 4), [0, 0, 0, 0, 90, 90]),
        ({"overlap": "allow"}, ("allow", 3), [0, 0, 0, 90, 90, 90]),
        ({"maxConcurrency": 1}, ("queueAll", 1), [0, 90, 180, 270, 360, 450]),
    ],
)
def test_a_backfill_has_its_own_concurrency(
    runtime: VirtualRuntime,
    options: dict[str, Any],
    effective: tuple[str, int],
    seconds: list[int],
) -> None:
    config = {**HOURLY, "endAt": "2025-12-31T23:00:00Z"}
    key = make(runtime, config, "slow", executionConfig={"maxConcurrency": 3})

    made = runtime.backfill_schedule(key, {**YESTERDAY, **options}).get()
    runtime.advance("10m")

    backfill = runtime.get_backfill(made.backfill_id).get().backfill
    assert (backfill.overlap.value, backfill.max_concurrency) == effective
    assert _starts(runtime, key) == [timedelta(seconds=each) for each in seconds]


def test_a_backfill_has_its_own_params_and_runs_after_the_others(runtime: VirtualRuntime) -> None:
    key = make(runtime, HOURLY, executionConfig={"params": {"region": "us"}, "priority": 2})

    runtime.backfill_schedule(key, {**YESTERDAY, "params": {"region": "asia"}}).get()
    runtime.backfill_schedule(
        key, {"start": "2025-12-30T00:00:00Z", "end": "2025-12-30T01:00:00Z", "priority": 0}
    ).get()
    runtime.settle()

    first, *others = executions(runtime, key)
    assert (first.priority, first.params) == (0, {"region": "us"})
    assert {run.priority for run in others} == {9}
    assert {run.result["load"] for run in others if isinstance(run.result, dict)} == {4}


def test_the_schedule_and_its_backfill_don_t_stand_in_each_other_s_way(
    runtime: VirtualRuntime,
) -> None:
    key = make(runtime, {"cron": "*/2 * * * *", "overlap": "skip"}, "slow")
    runtime.backfill_schedule(key, YESTERDAY).get()

    runtime.advance("10m")

    live = [run for run in executions(runtime, key) if run.trigger == "cron"]
    assert [run.started_at for run in live] == [START + each * MINUTE for each in (2, 4, 6, 8, 10)]
    assert [fire.outcome.value for fire in fires(runtime, key) if fire.due > START] == [
        "started"
    ] * 5
    assert len([each for each in _starts(runtime, key) if each is not None]) == 7


def test_a_trigger_that_respects_overlap_is_not_refused_because_of_a_backfill(
    runtime: VirtualRuntime,
) -> None:
    key = make(runtime, HOURLY, "slow")
    runtime.backfill_schedule(key, YESTERDAY).get()
    runtime.settle()

    run = runtime.trigger_scheduled_execution(key, respect_overlap=True).get()
    runtime.settle()

    status = runtime.get_schedule_workflow_status(key).get()
    assert [each.id for each in status.running] == [run]
    assert status.queued == []


def test_failures_of_a_backfill_neither_pause_the_schedule_nor_end_a_streak(
    runtime: VirtualRuntime,
) -> None:
    key = make(runtime, HOURLY, "broken", executionConfig={"pauseOnFailure": 3})
    runtime.advance("2h")

    runtime.backfill_schedule(key, YESTERDAY).get()
    runtime.settle()

    found = runtime.get_schedule(key).get()
    assert found.status is ScheduleStatus.ACTIVE
    assert found.failures_in_row == 2
    assert found.totals.failed == 8
    runtime.sync_schedule_workflow_state(key).get()
    assert runtime.get_schedule(key).get() == found
    runtime.advance("1h")
    assert runtime.get_schedule(key).get().status is ScheduleStatus.PAUSED


def test_a_backfill_uses_up_none_of_the_runs(runtime: VirtualRuntime) -> None:
    key = make(runtime, {**HOURLY, "maxRuns": 3})
    runtime.backfill_schedule(key, YESTERDAY).get()

    runtime.advance("1d")

    runs = executions(runtime, key)
    assert [run.trigger.value for run in runs] == ["backfill"] * 6 + ["cron"] * 3


# Progress and cancelling


def test_progress_is_counted_from_the_executions(runtime: VirtualRuntime) -> None:
    key = make(runtime, HOURLY, "slow")
    made = runtime.backfill_schedule(key, {**YESTERDAY, "maxConcurrency": 2}).get()

    def progress() -> tuple[str, list[int]]:
        found = runtime.get_backfill(made.backfill_id).get()
        numbers = [found.queued, found.running, found.succeeded, found.failed, found.cancelled]
        return found.status.value, numbers

    runtime.advance("100s")
    assert progress() == ("running", [2, 2, 2, 0, 0])
    runtime.cancel_scheduled_execution(made.execution_ids[2]).get()
    runtime.advance("10m")
    assert progress() == ("finished", [0, 0, 5, 0, 1])
    assert runtime.get_backfill(made.backfill_id).get().backfill.total == 6


def test_a_schedule_s_backfills_are_listed_newest_first(runtime: VirtualRuntime) -> None:
    key, other = make(runtime, HOURLY), make(runtime, HOURLY)
    made = []
    for day in range(5):
        start = datetime(2025, 12, 10 + day, tzinfo=UTC)
        request = span(start, start + timedelta(hours=day))
        if day:
            made.append(runtime.backfill_schedule(key, request).get().backfill_id)
        runtime.advance("1s")
    runtime.backfill_schedule(other, YESTERDAY).get()

    first = runtime.list_backfills(key, PageRequest(3)).get()
    second = runtime.list_backfills(key, PageRequest(3, first.next)).get()

    assert [each.backfill.id for each in first.items + second.items] == made[::-1]
    assert [each.backfill.total for each in first.items + second.items] == [4, 3, 2, 1]
    assert [each.succeeded for each in first.items] == [4, 3, 2]
    assert second.next is None


def test_cancelling_ends_what_runs_and_begins_nothing_more(runtime: VirtualRuntime) -> None:
    key = make(runtime, HOURLY, "slow")
    made = runtime.backfill_schedule(key, {**YESTERDAY, "maxConcurrency": 2}).get()
    runtime.advance("100s")

    runtime.cancel_backfill(made.backfill_id).get()
    runtime.advance("10m")

    found = runtime.get_backfill(made.backfill_id).get()
    assert found.status is BackfillStatus.CANCELLED
    assert (found.queued, found.running, found.succeeded, found.cancelled) == (0, 0, 2, 4)
    assert [run.started_at is None for run in executions(runtime, key)[:6]] == [
        False,
        False,
        False,
        False,
        True,
        True,
    ]
    reasons = {
        event.data["reason"] for event in every_event(runtime) if event.type == "workflow.cancelled"
    }
    assert reasons == {"its backfill was cancelled"}
    with pytest.raises(IllegalTransition, match="is cancelled"):
        runtime.cancel_backfill(made.backfill_id).get()


def test_what_is_finished_can_t_be_cancelled(runtime: VirtualRuntime) -> None:
    key = make(runtime, HOURLY)
    made = runtime.backfill_schedule(key, YESTERDAY).get()
    runtime.settle()

    with pytest.raises(IllegalTransition, match="is finished"):
        runtime.cancel_backfill(made.backfill_id).get()
    assert runtime.get_backfill(made.backfill_id).get().status is BackfillStatus.FINISHED


def test_a_cancelled_backfill_can_be_made_again_by_retrying(runtime: VirtualRuntime) -> None:
    key = make(runtime, HOURLY, "slow")
    made = runtime.backfill_schedule(key, YESTERDAY).get()
    runtime.cancel_backfill(made.backfill_id).get()
    runtime.settle()

    retried = runtime.retry_execution(made.execution_ids[3]).get()
    runtime.advance("60m")
    runtime.settle()

    assert runtime.wait_for(retried).get().status is ExecutionStatus.SUCCEEDED
    live = [run for run in executions(runtime, key) if run.trigger == "cron"]
    assert [run.started_at for run in live] == [START + 60 * MINUTE]
    found = runtime.get_backfill(made.backfill_id).get()
    assert (found.cancelled, found.succeeded) == (6, 0), "retries are counted for themselves"


def test_deleting_with_cancel_ends_backfills_too(runtime: VirtualRuntime) -> None:
    key = make(runtime, HOURLY, "slow")
    made = runtime.backfill_schedule(key, YESTERDAY).get()
    runtime.settle()

    runtime.delete_scheduled_workflow(key, cancel=True).get()
    runtime.advance("10m")

    found = runtime.get_backfill(made.backfill_id).get()
    assert (found.status, found.cancelled) == (BackfillStatus.CANCELLED, 6)


def test_deleting_lets_a_backfill_go_on_and_it_can_be_cancelled_still(
    runtime: VirtualRuntime,
) -> None:
    key = make(runtime, HOURLY, "slow")
    made = runtime.backfill_schedule(key, YESTERDAY).get()
    runtime.settle()
    runtime.delete_scheduled_workflow(key).get()
    runtime.advance("100s")
    before = runtime.get_backfill(made.backfill_id).get()

    runtime.cancel_backfill(made.backfill_id).get()
    runtime.advance("10m")

    assert (before.status, before.succeeded) == (BackfillStatus.RUNNING, 1)
    found = runtime.get_backfill(made.backfill_id).get()
    assert (found.succeeded, found.cancelled) == (1, 5)


# Paused schedules


def test_a_paused_schedule_can_be_backfilled_and_catches_up_only_the_rest(
    runtime: VirtualRuntime,
) -> None:
    config = {**HOURLY, "catchUp": "all", "catchUpWindow": "1d", "overlap": "queueAll"}
    key = make(runtime, config)
    runtime.pause_schedule(key).get()
    runtime.advance("4h 1m")

    made = runtime.backfill_schedule(key, span(LATER, START + 150 * MINUTE)).get()
    runtime.settle()
    runtime.resume_schedule(key).get()
    runtime.advance("1s")

    assert len(made.execution_ids) == 2
    assert [(fire.due.hour, fire.outcome.value) for fire in fires(runtime, key)] == [
        (1, "backfilled"),
        (2, "backfilled"),
        (3, "caughtUp"),
        (4, "caughtUp"),
    ]


def test_an_older_instant_is_not_caught_up_when_the_newest_was_backfilled(
    runtime: VirtualRuntime,
) -> None:
    key = make(runtime, {**HOURLY, "catchUp": "latest", "catchUpWindow": "1d"})
    runtime.pause_schedule(key).get()
    runtime.advance("3h 1m")
    runtime.backfill_schedule(key, span(START + 180 * MINUTE, START + 181 * MINUTE)).get()

    runtime.resume_schedule(key).get()
    runtime.advance("1s")

    assert [fire.outcome.value for fire in fires(runtime, key)] == [
        "missed",
        "missed",
        "backfilled",
    ]


def test_what_was_backfilled_in_a_long_pause_is_not_counted_as_missed(
    runtime: VirtualRuntime,
) -> None:
    key = make(runtime, {**MINUTELY, "catchUp": "skip"})
    runtime.pause_schedule(key).get()
    runtime.advance("2d")
    runtime.backfill_schedule(key, span(LATER, START + 31 * MINUTE)).get()
    runtime.backfill_schedule(key, span(START + 100 * MINUTE, START + 110 * MINUTE)).get()
    runtime.settle()

    runtime.resume_schedule(key).get()
    runtime.advance("1s")

    found = fires(runtime, key)
    stretch = next(fire for fire in found if fire.through is not None)
    assert stretch.due == START + 31 * MINUTE
    assert stretch.through is not None
    assert stretch.instants == (stretch.through - stretch.due) // MINUTE + 1 - 10
    backfilled = [fire for fire in found if fire.outcome is FireOutcome.BACKFILLED]
    assert len(backfilled) == 40
    assert sum(fire.instants for fire in found) == 2 * 1_440


# Rows that stand for long stretches


def _long_gone(runtime: VirtualRuntime) -> str:
    """A schedule whose instants 1 to some 1,400 (minutes from the start) are one row, then some more."""
    key = make(runtime, {**MINUTELY, "catchUp": "skip"})
    runtime.clock.jump(timedelta(days=1, seconds=-30))
    runtime.advance("1m")
    assert fires(runtime, key)[0].through is not None
    return key


def _stretches(runtime: VirtualRuntime, key: str) -> list[tuple[int, int]]:
    """First minute, and number."""
    rows = [fire for fire in fires(runtime, key) if fire.through is not None]
    return [((fire.due - START) // MINUTE, fire.instants) for fire in rows]


@pytest.mark.parametrize(
    ("ranges", "first", "gone"),
    [
        pytest.param([(10, 20)], 1, 10, id="in the middle"),
        pytest.param([(1, 20)], 20, 19, id="at the beginning"),
        pytest.param([(10, 20), (1, 10)], 20, 19, id="the beginning of what is left"),
        pytest.param([(10, 20), (5, 30)], 1, 25, id="overlapping"),
        pytest.param([(1_260, 1_440)], 1, None, id="at the end"),
    ],
)
def test_a_long_stretch_stands_for_those_that_are_left(
    runtime: VirtualRuntime, ranges: list[tuple[int, int]], first: int, gone: int | None
) -> None:
    key = _long_gone(runtime)
    ((_, number),) = _stretches(runtime, key)

    for begin, end in ranges:
        request = span(START + begin * MINUTE, START + end * MINUTE)
        runtime.backfill_schedule(key, request).get()
    runtime.settle()

    ((left_first, left),) = _stretches(runtime, key)
    assert left_first == first
    assert left == number - gone if gone is not None else left < number
    assert len(executions(runtime, key)) == (gone if gone is not None else 180), (
        "each once, whichever row stood for it"
    )


def test_a_long_stretch_of_which_nothing_is_left_is_gone(runtime: VirtualRuntime) -> None:
    key = _long_gone(runtime)

    made = runtime.backfill_schedule(key, span(LATER, START + 1_440 * MINUTE)).get()
    runtime.settle()

    assert _stretches(runtime, key) == []
    found = fires(runtime, key)
    assert {fire.outcome for fire in found[:-1]} == {FireOutcome.BACKFILLED}
    assert len(made.execution_ids) == 1_439
    assert runtime.get_backfill(made.backfill_id).get().succeeded == 1_439


# Crashes


@pytest.mark.parametrize("actor", ["run-queue", "state", "schedules", "ticker", "executions"])
def test_a_crash_in_the_middle_loses_and_doubles_nothing(
    runtime: VirtualRuntime, actor: str
) -> None:
    key = make(runtime, MINUTELY, "slow")
    start = START - timedelta(days=1)
    made = runtime.backfill_schedule(
        key, span(start, start + 450 * MINUTE, maxConcurrency=100)
    ).get()
    runtime.crash(actor)
    runtime.advance("1m")
    runtime.crash(actor)

    runtime.advance("30m")

    runs = [run for run in executions(runtime, key) if run.trigger == "backfill"]
    found = runtime.get_backfill(made.backfill_id).get()
    assert found.backfill.total == 450
    assert (found.queued, found.running, found.failed) == (0, 0, 0)
    assert found.succeeded == 450
    assert all(run.status is ExecutionStatus.SUCCEEDED for run in runs)


@pytest.mark.parametrize("actor", ["schedules/{key}", "schedules", "state", "run-queue"])
def test_a_backfill_is_whole_or_not_there_whenever_somebody_crashes(
    report: Workflow, actor: str
) -> None:
    over = False
    for turns in range(1, 40):
        with VirtualRuntime(workflows=[report], seed=turns) as runtime:
            key = make(runtime, {**HOURLY, "endAt": "2025-12-31T12:00:00Z"})
            reply = runtime.backfill_schedule(key, YESTERDAY)
            runtime.settle(turns)
            over = reply.done()
            runtime.crash(actor.format(key=key))
            runtime.advance("2m")
            runs = executions(runtime, key)
            found = runtime.list_backfills(key).get().items

        assert [each.succeeded for each in found] in ([], [6]), turns
        assert len(runs) == 6 * len(found)
        assert found or not over
    assert over


@pytest.mark.parametrize("actor", ["state", "run-queue", "executions"])
def test_a_cancel_is_carried_out_whenever_somebody_crashes(slow: Workflow, actor: str) -> None:
    for turns in range(1, 40):
        with VirtualRuntime(workflows=[slow], seed=turns) as runtime:
            key = make(runtime, {**HOURLY, "endAt": "2025-12-31T12:00:00Z"}, "slow")
            made = runtime.backfill_schedule(key, {**YESTERDAY, "maxConcurrency": 2}).get()
            reply = runtime.cancel_backfill(made.backfill_id)
            runtime.settle(turns)
            runtime.crash(actor)
            runtime.advance("20s")
            over = reply.done()
            found = runtime.get_backfill(made.backfill_id).get()

        assert over
        assert (found.status, found.queued, found.running) == (BackfillStatus.CANCELLED, 0, 0)
        assert found.cancelled == 6, turns


def test_a_crash_of_the_queue_while_it_cancels_is_made_up_for(runtime: VirtualRuntime) -> None:
    key = make(runtime, MINUTELY, "slow")
    start = START - timedelta(days=1)
    made = runtime.backfill_schedule(key, span(start, start + 450 * MINUTE)).get()
    runtime.advance("1s")

    runtime.cancel_backfill(made.backfill_id).get()
    runtime.crash("run-queue")
    runtime.advance("10m")

    found = runtime.get_backfill(made.backfill_id).get()
    assert (found.queued, found.running, found.succeeded) == (0, 0, 0)
    assert found.cancelled == 450


def test_a_restart_goes_on_with_a_backfill_and_with_its_cancelling(
    tmp_path: Path, slow: Workflow
) -> None:
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with VirtualRuntime(database, workflows=[slow], seed=1) as first:
        key = make(first, HOURLY, "slow")
        going = first.backfill_schedule(key, YESTERDAY).get()
        early = {"start": "2025-12-01T00:00:00Z", "end": "2025-12-20T00:00:00Z"}
        unwanted = first.backfill_schedule(key, early).get()
        first.advance("100s")
        first.cancel_backfill(unwanted.backfill_id).get()
        clock = first.clock

    with VirtualRuntime(database, workflows=[slow], clock=clock, seed=2) as second:
        second.advance("20m")

        found = second.get_backfill(unwanted.backfill_id).get()
        assert (found.status, found.queued, found.running) == (BackfillStatus.CANCELLED, 0, 0)
        assert found.succeeded + found.cancelled == found.backfill.total == 19 * 24
        assert found.succeeded <= 1
        done = second.get_backfill(going.backfill_id).get()
        assert (done.status, done.succeeded) == (BackfillStatus.FINISHED, 6)
