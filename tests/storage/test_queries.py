"""Reads: pages that hold each item once, filters, and what a start needs to know."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sample import NOW, a_fire, a_schedule, an_event, an_execution

from quarterjack.storage import (
    BootId,
    Execution,
    ExecutionId,
    ExecutionStatus,
    Failure,
    FireOutcome,
    FireReason,
    NotFound,
    Progress,
    Retry,
    RunOptions,
    ScheduleId,
    ScheduleStatus,
    StepRun,
    StepStatus,
    WorkflowId,
)
from quarterjack.storage import queries as q
from quarterjack.storage.database import Readers
from quarterjack.storage.execution_changes import AdvanceExecution, Ended, Started, StepChange
from quarterjack.storage.journal import Journal
from quarterjack.storage.overviews import combined_status, stored_execution
from quarterjack.storage.plain_data import pack, unpack
from quarterjack.storage.records import Attempt
from quarterjack.storage.recount import RecountSchedule
from quarterjack.storage.schedule_changes import (
    ChangeSchedule,
    CreateSchedule,
    Decision,
    DeleteSchedule,
    QuarantineSchedule,
    RecordFires,
    RecordRun,
)
from quarterjack.storage.step_queries import resumable

KEY = ScheduleId("sch_1")
SECOND = timedelta(seconds=1)
Read = Callable[..., Any]


@pytest.fixture
def read(readers: Readers) -> Read:
    """Runs a query on a reader's connection."""

    def run(query: Callable[..., Any], *arguments: Any) -> Any:
        return readers.submit(query, *arguments).result(timeout=10)

    return run


def _pages(read: Read, query: Read, limit: int, *arguments: Any) -> list[Any]:
    found, after = [], None
    while True:
        page = read(query, *arguments, q.PageRequest(limit, after))
        assert len(page.items) <= limit
        found += page.items
        after = page.next
        if after is None:
            return found


def _run(number: int, **changes: Any) -> Execution:
    at = NOW + number * SECOND
    return an_execution(f"exe_{number}", None, queued_at=at, due=None, **changes)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_hold_each_schedule_once_oldest_first(
    journal: Journal, read: Read, limit: int
) -> None:
    made = [a_schedule(f"sch_{n}", created_at=NOW + n // 2 * SECOND) for n in range(7)]
    journal.commit([CreateSchedule(each, []) for each in reversed(made)])

    assert _pages(read, q.schedules, limit, q.ScheduleFilter()) == made


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_hold_each_execution_once_newest_first(
    journal: Journal, read: Read, limit: int
) -> None:
    made = [_run(n) for n in range(7)]
    journal.commit([RecordRun(each, []) for each in made])

    assert _pages(read, q.executions, limit, q.ExecutionFilter()) == made[::-1]


def test_pages_stay_right_while_rows_are_added(journal: Journal, read: Read) -> None:
    journal.commit([RecordRun(_run(n), []) for n in range(4)])
    first = read(q.executions, q.ExecutionFilter(), q.PageRequest(2))

    journal.commit([RecordRun(_run(9), [])])
    second = read(q.executions, q.ExecutionFilter(), q.PageRequest(2, first.next))

    assert [each.id for each in first.items + second.items] == ["exe_3", "exe_2", "exe_1", "exe_0"]


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (q.ScheduleFilter(), ["sch_1", "sch_2", "sch_3"]),
        (q.ScheduleFilter(status=ScheduleStatus.PAUSED), ["sch_2"]),
        (q.ScheduleFilter(workflow_id=WorkflowId("other")), ["sch_3"]),
        (q.ScheduleFilter(text="NIGHT"), ["sch_1"]),
        (q.ScheduleFilter(text="%"), ["sch_2"]),
        (q.ScheduleFilter(text="sch_3"), ["sch_3"]),
        (q.ScheduleFilter(text="described"), ["sch_3"]),
        (q.ScheduleFilter(text="' OR 1=1 --"), []),
    ],
)
def test_schedules_are_filtered(
    journal: Journal, read: Read, wanted: q.ScheduleFilter, keys: list[str]
) -> None:
    journal.commit(
        [
            CreateSchedule(a_schedule("sch_1", name="Nightly"), []),
            CreateSchedule(a_schedule("sch_2", name="100%", status=ScheduleStatus.PAUSED), []),
            CreateSchedule(
                a_schedule("sch_3", workflow_id=WorkflowId("other"), description="described"), []
            ),
        ]
    )

    assert [each.id for each in read(q.schedules, wanted, q.PageRequest()).items] == keys


def test_executions_are_filtered_by_time_from_inclusive_to_exclusive(
    journal: Journal, read: Read
) -> None:
    journal.commit([RecordRun(_run(n), []) for n in range(4)])
    wanted = q.ExecutionFilter(since=NOW + SECOND, until=NOW + 3 * SECOND)

    found = read(q.executions, wanted, q.PageRequest()).items

    assert [each.id for each in found] == ["exe_2", "exe_1"]


def test_a_schedule_comes_back_as_it_went_in(journal: Journal, read: Read) -> None:
    whole = a_schedule(
        description="é\n'",
        note="lunch",
        metadata={"team": ["bi", 1, None, b"\x00"]},
        next_fire=NOW + timedelta(microseconds=1),
    )
    journal.commit([CreateSchedule(whole, [])])

    assert read(q.schedule, KEY) == whole


def test_an_execution_comes_back_as_it_went_in(journal: Journal, read: Read) -> None:
    options = RunOptions(timedelta(minutes=3), Retry(attempts=3, backoff="2s"), 4, ("a", "b"))
    whole = _run(1, params={"a": [1]}, context={"b": {}}, options=options, priority=0)
    journal.commit([RecordRun(whole, [])])

    assert read(q.execution, whole.id) == whole


@pytest.mark.parametrize(
    ("query", "key"), [(q.schedule, "sch_x"), (q.execution, "exe_x"), (resumable, "exe_x")]
)
def test_what_is_not_there_is_not_found(read: Read, query: Read, key: str) -> None:
    with pytest.raises(NotFound, match=key):
        read(query, key)


def test_steps_come_back_with_attempts_results_and_progress(journal: Journal, read: Read) -> None:
    run = _run(1)
    error = Failure("ValueError", "no", "Traceback")
    tried = Attempt(1, NOW, NOW + SECOND, error)
    again = Attempt(2, NOW + SECOND)
    done = StepRun("a", StepStatus.SUCCEEDED, pack({"rows": 3}), Progress(1, 2, "half"))
    running = StepRun("b", StepStatus.RUNNING)
    journal.commit(
        [
            RecordRun(run, []),
            AdvanceExecution(
                run.id,
                Started(NOW, BootId("boot_1")),
                [StepChange(done, [tried, again]), StepChange(running, [Attempt(1, NOW)])],
            ),
        ]
    )

    found = read(resumable, run.id)

    assert found.execution.status is ExecutionStatus.RUNNING
    assert found.execution.boot_id == "boot_1"
    assert [step.name for step in found.steps] == ["a", "b"]
    assert found.steps[0].result == {"rows": 3}
    assert found.steps[0].progress == Progress(1, 2, "half")
    assert found.steps[0].attempts == (tried, again)
    assert {name: unpack(packed) for name, packed in found.results.items()} == {"a": {"rows": 3}}
    assert read(stored_execution, run.id).steps == found.steps


def test_a_start_is_told_what_has_not_ended_in_the_order_of_the_queue(
    journal: Journal, read: Read
) -> None:
    late, urgent, running, ended = _run(1), _run(2, priority=1), _run(3), _run(4)
    journal.commit(
        [
            *(RecordRun(each, []) for each in (late, urgent, running, ended)),
            AdvanceExecution(running.id, Started(NOW, BootId("boot_1"))),
            AdvanceExecution(ended.id, ended=Ended(NOW, ExecutionStatus.CANCELLED)),
        ]
    )

    found = read(q.unfinished)

    assert [each.execution.id for each in found] == [urgent.id, late.id, running.id]
    assert [each.boot_id for each in found] == [None, None, "boot_1"]


def test_a_start_is_told_when_each_active_schedule_is_due(journal: Journal, read: Read) -> None:
    journal.commit(
        [
            CreateSchedule(a_schedule("sch_1"), []),
            CreateSchedule(a_schedule("sch_2", next_fire=None), []),
            CreateSchedule(a_schedule("sch_3", status=ScheduleStatus.PAUSED), []),
            CreateSchedule(a_schedule("sch_4"), []),
            QuarantineSchedule(ScheduleId("sch_4"), Failure("E", "m"), []),
        ]
    )

    found = read(q.due)

    assert {each.schedule_id for each in found} == {"sch_1", "sch_4"}
    assert {each.at for each in found} == {int(NOW.timestamp() * 1_000_000)}


def _fires(journal: Journal) -> None:
    blocked = a_fire(
        None,
        due=NOW + SECOND,
        outcome=FireOutcome.SKIPPED,
        reason=FireReason.OVERLAP,
        blocked_by=ExecutionId("exe_1"),
        decided_at=NOW + 3 * SECOND,
    )
    run, due = an_execution(), NOW + 2 * SECOND
    decisions = [Decision(a_fire(run), run, [an_event()]), Decision(blocked, None, [])]
    journal.commit(
        [
            CreateSchedule(a_schedule(), []),
            RecordFires(KEY, 1, decisions, due, due, ScheduleStatus.ACTIVE),
        ]
    )


def test_the_ledger_says_what_was_decided_and_why(journal: Journal, read: Read) -> None:
    _fires(journal)

    blocked, started = _pages(read, q.fires, 1, KEY, q.FireFilter())

    assert started.outcome is FireOutcome.STARTED
    assert started.execution_id == "exe_1"
    assert started.lateness == timedelta(0)
    assert blocked.reason is FireReason.OVERLAP
    assert blocked.blocked_by == "exe_1"
    assert blocked.lateness == 2 * SECOND


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (q.FireFilter(outcome=FireOutcome.SKIPPED), 1),
        (q.FireFilter(outcome=FireOutcome.MISSED), 0),
        (q.FireFilter(since=NOW + SECOND), 1),
        (q.FireFilter(until=NOW), 0),
    ],
)
def test_the_ledger_is_filtered(
    journal: Journal, read: Read, wanted: q.FireFilter, count: int
) -> None:
    _fires(journal)

    assert len(read(q.fires, KEY, wanted, q.PageRequest()).items) == count


def _end(number: int, status: ExecutionStatus, at: datetime) -> list[Any]:
    run = an_execution(f"exe_{number}", due=None, queued_at=at)
    error = Failure("E", f"error {number}") if status is not ExecutionStatus.SUCCEEDED else None
    return [
        RecordRun(run, []),
        AdvanceExecution(run.id, Started(at, BootId("b"))),
        AdvanceExecution(run.id, ended=Ended(at + number * SECOND, status, error=error)),
    ]


def test_the_combined_status_counts_and_averages(journal: Journal, read: Read) -> None:
    journal.commit(
        [
            CreateSchedule(a_schedule(), []),
            *_end(1, ExecutionStatus.SUCCEEDED, NOW),
            *_end(2, ExecutionStatus.FAILED, NOW + SECOND),
            *_end(3, ExecutionStatus.CANCELLED, NOW + 2 * SECOND),
            *_end(4, ExecutionStatus.TIMED_OUT, NOW - timedelta(days=60)),
            RecordRun(an_execution("exe_9", due=None, queued_at=NOW + 9 * SECOND), []),
        ]
    )

    found = read(combined_status, KEY, NOW + timedelta(hours=1))

    totals = found.schedule.totals
    assert (totals.executions, totals.succeeded, totals.failed) == (4, 1, 2)
    assert totals.duration_sum == 10 * SECOND
    assert totals.last_duration == 4 * SECOND
    assert found.uptime == pytest.approx(1 / 3)
    assert [each.id for each in found.queued] == ["exe_9"]
    assert found.running == []
    assert found.history[0].id == "exe_9"
    assert found.schedule.last_error == Failure("E", "error 4")


def test_a_recount_finds_what_counting_found(journal: Journal, read: Read) -> None:
    journal.commit(
        [
            CreateSchedule(a_schedule(), []),
            *_end(1, ExecutionStatus.SUCCEEDED, NOW),
            *_end(2, ExecutionStatus.FAILED, NOW + SECOND),
            *_end(3, ExecutionStatus.SUCCEEDED, NOW + 5 * SECOND),
        ]
    )
    counted = read(q.schedule, KEY)

    outcomes = journal.commit([RecountSchedule(counted), RecountSchedule(a_schedule("x"))]).outcomes

    assert read(q.schedule, KEY) == counted
    assert outcomes[0] is None
    assert isinstance(outcomes[1], NotFound)


def test_a_recount_leaves_the_error_of_the_schedule_itself(journal: Journal, read: Read) -> None:
    error = Failure("RuntimeError", "its actor crashed")
    journal.commit(
        [
            CreateSchedule(a_schedule(), []),
            QuarantineSchedule(KEY, error, [an_event()]),
            RecountSchedule(a_schedule(next_fire=None)),
        ]
    )

    assert read(q.schedule, KEY).last_error == error


def test_a_schedule_is_read_with_what_has_not_ended_of_it(journal: Journal, read: Read) -> None:
    run = an_execution()
    journal.commit([CreateSchedule(a_schedule(), []), RecordRun(run, [])])

    found, nothing = read(q.schedule_with_open, KEY), read(q.schedule_with_open, ScheduleId("x"))

    assert found.schedule.last_execution_at == NOW
    assert found.open == [run]
    assert nothing == (None, [], {})


def test_what_a_deleted_schedule_has_left_is_read_with_its_id(journal: Journal, read: Read) -> None:
    run = an_execution()
    journal.commit([CreateSchedule(a_schedule(), []), RecordRun(run, []), DeleteSchedule(KEY, [])])

    assert read(q.schedule_with_open, KEY) == (None, [run], {})


def test_many_schedules_are_read_by_their_ids(journal: Journal, read: Read) -> None:
    keys = [ScheduleId(f"s{number}") for number in range(1_200)]
    journal.commit([CreateSchedule(a_schedule(key), []) for key in keys[::2]])

    found = read(q.schedules_of, keys)

    assert sorted(found) == sorted(keys[::2])
    assert found[keys[0]] == a_schedule(keys[0])


def test_a_change_keeps_the_counters(journal: Journal, read: Read) -> None:
    journal.commit([CreateSchedule(a_schedule(), []), *_end(1, ExecutionStatus.SUCCEEDED, NOW)])

    journal.commit([ChangeSchedule(a_schedule(name="other", version=2), 1, [])])

    found = read(q.schedule, KEY)
    assert found.name == "other"
    assert found.version == 2
    assert found.totals.executions == 1


def test_events_are_read_between_two_numbers(journal: Journal, read: Read) -> None:
    journal.commit([CreateSchedule(a_schedule(), [an_event(f"{n}") for n in range(5)])])

    found = read(q.events, 1, 4, 2)

    assert [event.seq for event in found] == [2, 3]
    assert found[0].data["name"] == "1"
    assert read(q.last_seq) == 5
