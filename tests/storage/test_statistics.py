"""Statistics: at any moment what a count over all executions and the whole ledger would say."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from counted import recounted, stored_counts
from hypothesis import given
from hypothesis import strategies as st
from sample import NOW, a_fire, a_schedule, an_execution

from quarterjack.storage import (
    BootId,
    ExecutionId,
    ExecutionStatus,
    Fire,
    FireOutcome,
    FireReason,
    IllegalTransition,
    NotFound,
    ScheduleId,
    ScheduleStatus,
    WorkflowId,
)
from quarterjack.storage.backfill_changes import EndQueued, RecordBackfill, StretchChange
from quarterjack.storage.configs import Overlap
from quarterjack.storage.counts import (
    Bucket,
    Counts,
    Day,
    DaysFilter,
    Interval,
    StatisticsFilter,
    buckets,
    schedule_days,
    workflow_statistics,
)
from quarterjack.storage.database import Readers, Writer
from quarterjack.storage.duration_buckets import bucket_of, duration_of, percentile
from quarterjack.storage.execution_changes import AdvanceExecution, Ended, Started
from quarterjack.storage.ids import BackfillId
from quarterjack.storage.journal import Journal
from quarterjack.storage.migrations import v011_statistics
from quarterjack.storage.records import Backfill
from quarterjack.storage.retry_changes import RetryExecution
from quarterjack.storage.schedule_changes import (
    ChangeSchedule,
    CreateSchedule,
    Decision,
    RecordFires,
    RecordRun,
)
from quarterjack.storage.transaction import Change

KEY, OTHER = ScheduleId("sch_1"), ScheduleId("sch_2")
W, V = WorkflowId("w"), WorkflowId("v")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOOT = BootId("boot_1")
ENDS = [
    ExecutionStatus.SUCCEEDED,
    ExecutionStatus.FAILED,
    ExecutionStatus.TIMED_OUT,
    ExecutionStatus.CANCELLED,
]
TODAY = datetime(2026, 1, 1, tzinfo=UTC)


def end(key: str, status: ExecutionStatus, at: datetime, took: timedelta) -> AdvanceExecution:
    """It began so long before."""
    return AdvanceExecution(
        ExecutionId(key), started=Started(at - took, BOOT), ended=Ended(at, status)
    )


def left(due: datetime, outcome: FireOutcome, key: ScheduleId = KEY, **changes: Any) -> Fire:
    """A due instant that made no execution."""
    return a_fire(None, key, due=due, outcome=outcome, reason=FireReason.OVERLAP, **changes)


def fires(*decided: Fire, expected: int = 1) -> RecordFires:
    decisions = [Decision(each, None, []) for each in decided]
    return RecordFires(
        decided[0].schedule_id, expected, decisions, None, None, ScheduleStatus.ACTIVE
    )


def backfill(
    dues: list[datetime], name: str, stretches: tuple[StretchChange, ...] = ()
) -> RecordBackfill:
    made = [
        an_execution(f"exe_{name}_{number}", due=due, scheduled_time=due)
        for number, due in enumerate(dues)
    ]
    rows = [a_fire(each, due=each.due, outcome=FireOutcome.BACKFILLED) for each in made]
    whole = Backfill(
        BackfillId(name), KEY, dues[0], dues[-1], Overlap.ALLOW, 1, 9, {}, len(dues), NOW
    )
    return RecordBackfill.prepared(whole, made, rows, stretches, [])


class Course:
    """A course of many changes that a seed decides, committed in groups."""

    def __init__(self, journal: Journal, seed: int) -> None:
        self._random = Random(seed)
        self._journal = journal
        self._queued: list[str] = []
        self._ended: list[str] = []
        self._dues = dict.fromkeys((KEY, OTHER), NOW)
        self._left: list[datetime] = []
        self._now = NOW
        self._number = 0

    def go(self, groups: int) -> None:
        schedules = [a_schedule(KEY), a_schedule(OTHER, workflow_id=V)]
        self._journal.commit([CreateSchedule(each, []) for each in schedules])
        steps = [self._fires, self._runs, self._ends, self._ends_queued, self._retries]
        steps += [self._backfills, self._refused]
        for _ in range(groups):
            self._now += timedelta(seconds=self._random.randrange(20_000))
            chosen = self._random.choices(steps, k=self._random.randint(1, 8))
            self._journal.commit([change for step in chosen for change in step()])

    def _id(self) -> str:
        self._number += 1
        return f"exe_{self._number}"

    def _fires(self) -> list[Change[Any]]:
        schedule = self._random.choice([KEY, OTHER])
        decisions = []
        for _ in range(self._random.randint(1, 5)):
            due = self._dues[schedule] = (
                self._dues[schedule] + self._random.randint(1, 300) * MINUTE
            )
            kind = self._random.choice(["made", "skipped", "missed", "stretch"])
            if kind == "made":
                workflow = W if schedule == KEY else V
                made = an_execution(self._id(), schedule, due=due, workflow_id=workflow)
                decisions.append(Decision(a_fire(made, schedule, due=due), made, []))
                self._queued.append(made.id)
            elif kind == "stretch":
                through = self._dues[schedule] = due + 300 * MINUTE
                row = left(due, FireOutcome.MISSED, schedule, through=through, instants=9)
                decisions.append(Decision(row, None, []))
            else:
                decisions.append(Decision(left(due, FireOutcome(kind), schedule), None, []))
                if schedule == KEY:
                    self._left.append(due)
        again: list[Change[Any]] = [
            RecordFires(schedule, 1, decisions, None, None, ScheduleStatus.ACTIVE)
        ]
        return again * self._random.randint(1, 2)  # decided twice counts once

    def _runs(self) -> list[Change[Any]]:
        made = an_execution(self._id(), None, due=None, workflow_id=self._random.choice([W, V]))
        self._queued.append(made.id)
        return [RecordRun(made, [])]

    def _ends(self) -> list[Change[Any]]:
        found = self._taken(6)
        self._ended += found
        span = timedelta(seconds=self._random.lognormvariate(0, 4))
        return [end(key, self._random.choice(ENDS), self._now, span) for key in found]

    def _ends_queued(self) -> list[Change[Any]]:
        cancelled = [
            AdvanceExecution(ExecutionId(key), ended=Ended(self._now, ExecutionStatus.CANCELLED))
            for key in [*self._taken(3), *self._ended[:2]]
        ]
        return [EndQueued(cancelled)] if cancelled else []

    def _retries(self) -> list[Change[Any]]:
        if not self._ended:
            return []
        again = an_execution(self._id(), None, due=None)
        return [RetryExecution(again, ExecutionId(self._random.choice(self._ended)))]

    def _backfills(self) -> list[Change[Any]]:
        chosen, self._left = self._left[:3], self._left[3:]
        return [backfill(chosen, self._id().replace("exe", "bkf"))] if chosen else []

    def _refused(self) -> list[Change[Any]]:
        return [end(key, ExecutionStatus.FAILED, self._now, HOUR) for key in self._ended[:3]]

    def _taken(self, most: int) -> list[str]:
        self._random.shuffle(self._queued)
        found, self._queued = self._queued[:most], self._queued[most:]
        return found


@pytest.mark.parametrize("seed", range(12))
def test_the_statistics_are_what_a_recount_finds(
    journal: Journal, writer: Writer, seed: int
) -> None:
    Course(journal, seed).go(100)

    found = stored_counts(writer.connection)
    assert {name for each in found["workflow_hours"].values() for name in each} == {*Counts._fields}
    assert found == recounted(writer.connection)


@pytest.mark.parametrize("seed", range(3))
def test_an_older_database_gets_the_same_numbers(
    journal: Journal, writer: Writer, seed: int
) -> None:
    Course(journal, seed).go(60)
    connection = writer.connection
    expected = stored_counts(connection)
    for table in expected:
        connection.execute(f"DROP TABLE {table}")

    v011_statistics.apply(connection)

    assert stored_counts(connection) == expected


def test_a_change_that_is_refused_counts_nothing(journal: Journal, writer: Writer) -> None:
    journal.commit([RecordRun(an_execution(schedule=None), [])])
    twice = end("exe_1", ExecutionStatus.FAILED, NOW, MINUTE)

    outcomes = journal.commit([twice, twice]).outcomes

    assert isinstance(outcomes[1], IllegalTransition)
    hours = stored_counts(writer.connection)["workflow_hours"]
    assert list(hours.values()) == [{"failed": 1}]


def test_an_execution_whose_clock_went_back_took_no_time(journal: Journal, writer: Writer) -> None:
    journal.commit([CreateSchedule(a_schedule(), []), RecordRun(an_execution(), [])])

    journal.commit([end("exe_1", ExecutionStatus.SUCCEEDED, NOW, -MINUTE)])

    found = stored_counts(writer.connection)
    assert [key[2] for key in found["workflow_durations"]] == [0]
    assert found == recounted(writer.connection)


def test_what_is_backfilled_is_not_missed_any_more(journal: Journal, writer: Writer) -> None:
    stretch = left(NOW, FireOutcome.MISSED, through=NOW + DAY, instants=24)
    skipped = left(NOW + 2 * DAY, FireOutcome.SKIPPED)
    journal.commit([CreateSchedule(a_schedule(), []), fires(stretch, skipped)])

    rest = replace(stretch, due=NOW + HOUR, instants=23)
    journal.commit([backfill([NOW], "bkf_1", (StretchChange(stretch, rest),))])
    journal.commit([backfill([NOW + 2 * DAY], "bkf_2")])

    found = stored_counts(writer.connection)
    assert list(found["schedule_days"].values()) == [{"missed": 23}]
    assert found == recounted(writer.connection)


@pytest.fixture
def read(readers: Readers) -> Callable[..., Any]:
    """Runs a query on a reader's connection."""

    def run(query: Callable[..., Any], *arguments: Any) -> Any:
        return readers.submit(query, *arguments).result(timeout=10)

    return run


@pytest.fixture
def history(journal: Journal) -> None:
    """Two workflows and two schedules: ends at noon, an hour and a day later, and two instants left out."""
    journal.commit(
        [
            CreateSchedule(a_schedule(KEY), []),
            CreateSchedule(a_schedule(OTHER, workflow_id=V), []),
            *(RecordRun(an_execution(f"exe_{n}", KEY, due=None), []) for n in range(3)),
            RecordRun(an_execution("exe_3", OTHER, due=None, workflow_id=V), []),
            end("exe_0", ExecutionStatus.SUCCEEDED, NOW, 2 * MINUTE),
            end("exe_1", ExecutionStatus.FAILED, NOW + HOUR, MINUTE),
            end("exe_2", ExecutionStatus.SUCCEEDED, NOW + DAY, 4 * MINUTE),
            end("exe_3", ExecutionStatus.CANCELLED, NOW, MINUTE),
            fires(left(NOW + MINUTE, FireOutcome.SKIPPED)),
            fires(left(NOW - DAY, FireOutcome.MISSED, OTHER, instants=3)),
        ]
    )


ALL = (TODAY - 2 * DAY, TODAY + 2 * DAY)


@pytest.mark.usefixtures("history")
def test_hours_have_what_happened_in_them(read: Callable[..., Any]) -> None:
    assert read(buckets, StatisticsFilter(), *ALL) == [
        Bucket(NOW - DAY, Counts(missed=3)),
        Bucket(NOW, Counts(succeeded=1, cancelled=1, skipped=1)),
        Bucket(NOW + HOUR, Counts(failed=1)),
        Bucket(NOW + DAY, Counts(succeeded=1)),
    ]
    assert read(buckets, StatisticsFilter(), NOW, NOW + HOUR) == [
        Bucket(NOW, Counts(succeeded=1, cancelled=1, skipped=1))
    ]


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        pytest.param(
            {},
            {-1: Counts(missed=3), 0: Counts(1, 1, 0, 1, 1), 1: Counts(1)},
            id="all",
        ),
        pytest.param({"workflow_id": W}, {0: Counts(1, 1, 0, 0, 1), 1: Counts(1)}, id="workflow"),
        pytest.param({"schedule_id": KEY}, {0: Counts(1, 1, 0, 0, 1), 1: Counts(1)}, id="schedule"),
        pytest.param({"schedule_id": KEY, "workflow_id": V}, {}, id="not its workflow"),
        pytest.param({"workflows": [V]}, {-1: Counts(missed=3), 0: Counts(cancelled=1)}, id="some"),
        pytest.param({"workflows": []}, {}, id="none"),
        pytest.param({"schedule_id": KEY, "workflows": [V]}, {}, id="not their schedule"),
    ],
)
def test_days_are_of_all_or_of_what_is_asked_for(
    read: Callable[..., Any], narrowed: dict[str, Any], expected: dict[int, Counts]
) -> None:
    found = read(buckets, StatisticsFilter(Interval.DAY, **narrowed), *ALL)

    assert found == [Bucket(TODAY + day * DAY, each) for day, each in expected.items()]


@pytest.mark.usefixtures("history")
def test_the_days_of_a_schedule_have_the_average_of_those_that_succeeded(
    read: Callable[..., Any],
) -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 2)

    assert read(schedule_days, KEY, DaysFilter(), first, last) == [
        Day(first, Counts(succeeded=1, failed=1, skipped=1), 2 * MINUTE),
        Day(last, Counts(succeeded=1), 4 * MINUTE),
    ]
    assert read(schedule_days, OTHER, DaysFilter(), first, first) == [
        Day(first, Counts(cancelled=1), None)
    ]
    assert read(schedule_days, OTHER, DaysFilter(), last, last) == []
    with pytest.raises(NotFound):
        read(schedule_days, ScheduleId("sch_9"), DaysFilter(), first, last)


@pytest.mark.usefixtures("history")
def test_a_workflow_has_rates_and_durations(read: Callable[..., Any]) -> None:
    found = read(workflow_statistics, W, TODAY - DAY, NOW + DAY + MINUTE)

    assert found.counts == Counts(succeeded=2, failed=1, skipped=1)
    assert found.success_rate == 2 / 3
    assert found.average_duration == 3 * MINUTE
    assert found.p50 / (2 * MINUTE) == pytest.approx(1, rel=0.05)
    assert found.p95 / (4 * MINUTE) == pytest.approx(1, rel=0.05)
    assert [(each.day, each.average_duration) for each in found.days] == [
        (date(2026, 1, 1), 2 * MINUTE),
        (date(2026, 1, 2), 4 * MINUTE),
    ]
    empty = read(workflow_statistics, WorkflowId("x"), TODAY, NOW)
    assert (empty.success_rate, empty.average_duration, empty.p50, empty.days) == (None,) * 3 + (
        [],
    )


def test_days_before_1970_are_days(journal: Journal, read: Callable[..., Any]) -> None:
    old = datetime(1969, 12, 31, 23, 30, tzinfo=UTC)
    journal.commit([CreateSchedule(a_schedule(), []), fires(left(old, FireOutcome.MISSED))])

    span = (old - DAY, old + DAY)
    assert [each.start for each in read(buckets, StatisticsFilter(), *span)] == [old - MINUTE * 30]
    by_day = read(buckets, StatisticsFilter(Interval.DAY), *span)
    assert [each.start for each in by_day] == [datetime(1969, 12, 31, tzinfo=UTC)]


def test_what_a_schedule_did_stays_with_the_workflow_that_it_had(
    journal: Journal, read: Callable[..., Any]
) -> None:
    journal.commit([CreateSchedule(a_schedule(), []), fires(left(NOW, FireOutcome.SKIPPED))])
    journal.commit([ChangeSchedule(a_schedule(workflow_id=V, version=2), 1)])

    journal.commit([fires(left(NOW + HOUR, FireOutcome.SKIPPED), expected=2)])

    first = NOW.date()
    for wanted in ([W], [V]):
        found = read(schedule_days, KEY, DaysFilter(workflows=wanted), first, first)
        assert [each.counts for each in found] == [Counts(skipped=1)]


@given(st.lists(st.integers(1_000, 10**13), min_size=1, max_size=200), st.sampled_from([0.5, 0.95]))
def test_a_percentile_is_within_5_percent(durations: list[int], share: float) -> None:
    histogram: dict[int, int] = {}
    for each in durations:
        histogram[bucket_of(each)] = histogram.get(bucket_of(each), 0) + 1
    rank = next(n for n in range(1, len(durations) + 1) if n >= share * len(durations))
    exact = timedelta(microseconds=sorted(durations)[rank - 1])

    found = percentile(sorted(histogram.items()), share)

    assert found is not None
    assert abs(found - exact) <= exact * 0.05


@given(st.integers(0, 10**15))
def test_longer_durations_are_in_later_buckets(micros: int) -> None:
    assert bucket_of(micros) <= bucket_of(micros + 1)
    assert duration_of(bucket_of(micros)) <= duration_of(bucket_of(micros) + 1)


READS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (buckets, (StatisticsFilter(), *ALL)),
    (buckets, (StatisticsFilter(Interval.DAY), *ALL)),
    (buckets, (StatisticsFilter(workflow_id=W), *ALL)),
    (buckets, (StatisticsFilter(workflows=[W, V]), *ALL)),
    (buckets, (StatisticsFilter(Interval.DAY, schedule_id=KEY), *ALL)),
    (buckets, (StatisticsFilter(Interval.DAY, schedule_id=KEY, workflow_id=W), *ALL)),
    (schedule_days, (KEY, DaysFilter(workflows=[W]), TODAY.date(), TODAY.date())),
    (workflow_statistics, (W, TODAY, NOW)),
]


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(("query", "arguments"), READS)
def test_every_read_uses_an_index(
    writer: Writer, query: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    connection = writer.connection
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    query(writer.database, *arguments)
    connection.set_trace_callback(None)

    assert asked
    for sql in asked:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
        assert not any(step.startswith("SCAN") for step in plan), (sql, plan)
