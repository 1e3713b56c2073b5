"""Backfills as they are stored: whole or not at all, each instant once, counted from their executions."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sample import NOW, a_fire, a_schedule, an_event, an_execution

from quarterjack.storage import (
    Backfill,
    BackfillId,
    BackfillStatus,
    Execution,
    ExecutionId,
    ExecutionStatus,
    Fire,
    FireOutcome,
    IllegalTransition,
    NotFound,
    Overlap,
    ScheduleId,
    Trigger,
)
from quarterjack.storage import backfills as b
from quarterjack.storage.backfill_changes import (
    BackfillConflict,
    CancelBackfill,
    DeleteWithBackfills,
    EndQueued,
    RecordBackfill,
    StretchChange,
)
from quarterjack.storage.database import Writer
from quarterjack.storage.execution_changes import AdvanceExecution, Ended, Started
from quarterjack.storage.ids import BootId
from quarterjack.storage.journal import Journal
from quarterjack.storage.queries import FireFilter, PageRequest, fires, schedule_with_open
from quarterjack.storage.schedule_changes import (
    CreateSchedule,
    Decision,
    DeleteSchedule,
    RecordFires,
    RecordRun,
)
from quarterjack.storage.statuses import ScheduleStatus

KEY = ScheduleId("sch_1")
MINUTE = timedelta(minutes=1)
ENDED = Ended(NOW, ExecutionStatus.CANCELLED)


def a_backfill(key: str = "bkf_1", **changes: Any) -> Backfill:
    found = Backfill(
        BackfillId(key), KEY, NOW, NOW + 9 * MINUTE, Overlap.QUEUE_ALL, 1, 9, {"x": 1}, 0, NOW
    )
    return replace(found, **changes)


def its_executions(backfill: Backfill, minutes: Sequence[int]) -> list[Execution]:
    return [
        an_execution(
            f"exe_{backfill.id}_{minute}",
            due=NOW + minute * MINUTE,
            scheduled_time=NOW + minute * MINUTE,
            trigger=Trigger.BACKFILL,
            backfill_id=backfill.id,
        )
        for minute in minutes
    ]


def record(
    minutes: Sequence[int], key: str = "bkf_1", stretches: Sequence[StretchChange] = ()
) -> RecordBackfill:
    backfill = a_backfill(key, total=len(minutes))
    made = its_executions(backfill, minutes)
    rows = [
        Fire(KEY, each.scheduled_time, NOW, FireOutcome.BACKFILLED, execution_id=each.id)
        for each in made
    ]
    return RecordBackfill.prepared(backfill, made, rows, stretches, [an_event() for _ in made])


def decided(*rows: Fire, executions: Sequence[Execution | None] = ()) -> RecordFires:
    made = [*executions, *[None] * len(rows)]
    decisions = [Decision(row, each, []) for row, each in zip(rows, made, strict=False)]
    return RecordFires(KEY, 1, decisions, None, None, ScheduleStatus.ACTIVE)


@pytest.fixture
def journal(writer: Writer) -> Journal:
    """With a schedule."""
    found = Journal(writer)
    found.commit([CreateSchedule(a_schedule(), [])])
    return found


def count(writer: Writer, table: str) -> int:
    found = writer.connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return int(found[0])


def test_a_backfill_is_stored_with_all_that_belongs_to_it(writer: Writer, journal: Journal) -> None:
    change = record([0, 1, 2])

    committed = journal.commit([change])

    assert committed.outcomes == ["bkf_1"]
    assert len(committed.events) == 3
    found = b.backfill(writer.database, BackfillId("bkf_1"))
    assert found.backfill == change.backfill
    assert (found.status, found.queued) == (BackfillStatus.RUNNING, 3)
    ledger = fires(writer.database, KEY, FireFilter(), PageRequest()).items
    assert {row.outcome for row in ledger} == {FireOutcome.BACKFILLED}
    assert b.open_of_backfill(writer.database, BackfillId("bkf_1")) == [
        each.id for each in change.executions
    ]


def test_rows_that_said_something_else_are_replaced(writer: Writer, journal: Journal) -> None:
    missed = a_fire(None, outcome=FireOutcome.MISSED)
    journal.commit([decided(missed)])

    journal.commit([record([0])])

    (row,) = fires(writer.database, KEY, FireFilter(), PageRequest()).items
    assert (row.outcome, row.execution_id) == (FireOutcome.BACKFILLED, "exe_bkf_1_0")


@pytest.mark.parametrize("minutes", [[0, 1], [1, 2], [5, 1]])
def test_an_instant_that_was_taken_meanwhile_spoils_the_whole(
    writer: Writer, journal: Journal, minutes: list[int]
) -> None:
    journal.commit([record([1], "bkf_0")])
    before = list(writer.connection.iterdump())

    (refused,) = journal.commit([record(minutes)]).outcomes

    assert isinstance(refused, BackfillConflict)
    assert list(writer.connection.iterdump()) == before


def test_two_of_one_batch_are_each_whole_or_nothing(writer: Writer, journal: Journal) -> None:
    first, second, third = journal.commit(
        [record([0, 1], "bkf_1"), record([1, 2], "bkf_2"), record([2, 3], "bkf_3")]
    ).outcomes

    assert (first, third) == ("bkf_1", "bkf_3")
    assert isinstance(second, BackfillConflict)
    assert count(writer, "executions") == count(writer, "fires") == 4


def test_a_constraint_that_breaks_leaves_nothing_of_it(writer: Writer, journal: Journal) -> None:
    """Another execution has the id already."""
    journal.commit([RecordRun(an_execution("exe_bkf_1_2", due=None), [])])

    (failed,) = journal.commit([record([0, 1, 2])]).outcomes

    assert isinstance(failed, sqlite3.IntegrityError)
    assert count(writer, "backfills") == count(writer, "fires") == 0
    assert count(writer, "executions") == 1


def test_a_schedule_that_is_gone_gets_none(writer: Writer, journal: Journal) -> None:
    journal.commit([DeleteSchedule(KEY, [])])

    (refused,) = journal.commit([record([0])]).outcomes

    assert isinstance(refused, NotFound)
    assert count(writer, "backfills") == 0


def test_a_stretch_is_cut_only_if_it_is_as_it_was_seen(writer: Writer, journal: Journal) -> None:
    stretch = a_fire(
        None, outcome=FireOutcome.MISSED, through=NOW + 9 * MINUTE, instants=10, decided_at=NOW
    )
    journal.commit([decided(stretch)])
    left = replace(stretch, due=NOW + 2 * MINUTE, instants=8)

    seen_before = replace(stretch, instants=11)
    (refused,) = journal.commit(
        [record([0, 1], "bkf_0", [StretchChange(seen_before, left)])]
    ).outcomes
    (stored,) = journal.commit([record([0, 1], "bkf_1", [StretchChange(stretch, left)])]).outcomes

    assert isinstance(refused, BackfillConflict)
    assert stored == "bkf_1"
    assert fires(writer.database, KEY, FireFilter(), PageRequest()).items[0] == left
    assert count(writer, "fires") == 3


def test_the_ledger_of_a_range_names_what_has_an_execution_and_long_rows(
    writer: Writer, journal: Journal
) -> None:
    run = an_execution("exe_1", due=NOW + MINUTE)
    forgotten = a_fire(run, due=NOW + 2 * MINUTE)
    stretch = a_fire(
        None,
        due=NOW + 3 * MINUTE,
        outcome=FireOutcome.MISSED,
        through=NOW + 6 * MINUTE,
        instants=4,
    )
    skipped = a_fire(None, due=NOW, outcome=FireOutcome.SKIPPED)
    journal.commit([decided(a_fire(run, due=NOW + MINUTE), executions=[run])])
    journal.commit([decided(forgotten), decided(stretch), decided(skipped)])

    whole = b.ledger(writer.database, KEY, NOW, NOW + 9 * MINUTE)
    inside = b.ledger(writer.database, KEY, NOW + 4 * MINUTE, NOW + 5 * MINUTE)
    after = b.ledger(writer.database, KEY, NOW + 7 * MINUTE, NOW + 9 * MINUTE)

    assert whole.executed == {NOW + MINUTE, NOW + 2 * MINUTE}
    assert whole.stretches == inside.stretches == [stretch]
    assert inside.executed == after.executed == frozenset()
    assert after.stretches == []
    assert b.with_row(writer.database, KEY, NOW + MINUTE, NOW + 4 * MINUTE) == {
        NOW + MINUTE,
        NOW + 2 * MINUTE,
        NOW + 3 * MINUTE,
    }


def test_a_backfill_s_executions_are_none_of_the_schedule_s_own(
    writer: Writer, journal: Journal
) -> None:
    own = an_execution("exe_own", due=None)
    journal.commit([record([0, 1]), RecordRun(own, [])])

    found = schedule_with_open(writer.database, KEY)

    assert [each.id for each in found.open] == ["exe_own"]


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (ExecutionStatus.SUCCEEDED, "succeeded"),
        (ExecutionStatus.FAILED, "failed"),
        (ExecutionStatus.TIMED_OUT, "failed"),
        (ExecutionStatus.CANCELLED, "cancelled"),
    ],
)
def test_progress_counts_each_execution_once(
    writer: Writer, journal: Journal, status: ExecutionStatus, name: str
) -> None:
    change = record([0, 1, 2])
    begin = Started(NOW, BootId("boot_1"))
    first, second, _ = (each.id for each in change.executions)
    retry = replace(change.executions[0], id=ExecutionId("exe_retry"), due=None, retry_of=first)
    journal.commit(
        [
            change,
            AdvanceExecution(first, begin, ended=Ended(NOW, status)),
            AdvanceExecution(second, begin),
            RecordRun(retry, []),
        ]
    )

    found = b.backfill(writer.database, BackfillId("bkf_1"))

    assert (found.queued, found.running, getattr(found, name)) == (1, 1, 1)


# Cancelling


def test_a_backfill_is_cancelled_once_it_is_stored_and_until_it_is_over(
    writer: Writer, journal: Journal
) -> None:
    change = record([0, 1])
    later = NOW + MINUTE
    journal.commit([change])

    outcomes = journal.commit(
        [
            CancelBackfill(BackfillId("bkf_1"), NOW),
            CancelBackfill(BackfillId("bkf_1"), later),
            CancelBackfill(BackfillId("bkf_9"), NOW),
        ]
    ).outcomes
    left = b.cancelled_backfills(writer.database)
    ends = [AdvanceExecution(each.id, ended=ENDED) for each in change.executions]
    ended = journal.commit([EndQueued(ends)]).outcomes
    (again,) = journal.commit([CancelBackfill(BackfillId("bkf_1"), later)]).outcomes

    assert outcomes[:2] == [None, None]
    assert isinstance(outcomes[2], NotFound)
    assert left == {"bkf_1"}
    assert ended == [[each.id for each in change.executions]]
    assert isinstance(again, IllegalTransition)
    assert again.current == "cancelled"
    found = b.backfill(writer.database, BackfillId("bkf_1"))
    assert found.backfill.cancelled_at == NOW
    assert (found.status, found.cancelled) == (BackfillStatus.CANCELLED, 2)
    assert b.cancelled_backfills(writer.database) == frozenset()


def test_a_backfill_that_is_over_can_t_be_cancelled(journal: Journal) -> None:
    (_, refused) = journal.commit([record([]), CancelBackfill(BackfillId("bkf_1"), NOW)]).outcomes

    assert isinstance(refused, IllegalTransition)
    assert refused.current == "finished"


def test_ending_many_leaves_those_alone_that_have_ended(writer: Writer, journal: Journal) -> None:
    change = record([0, 1, 2])
    first, second, third = (each.id for each in change.executions)
    done = AdvanceExecution(
        second, Started(NOW, BootId("boot_1")), ended=Ended(NOW, ExecutionStatus.SUCCEEDED)
    )
    journal.commit([change, done])
    keys = [first, second, ExecutionId("exe_nothing"), third]
    ends = [AdvanceExecution(key, ended=ENDED, events=[an_event()]) for key in keys]

    committed = journal.commit([EndQueued(ends)])

    assert committed.outcomes == [[first, third]]
    assert len(committed.events) == 2
    found = b.backfill(writer.database, BackfillId("bkf_1"))
    assert (found.succeeded, found.cancelled) == (1, 2)


def test_deleting_a_schedule_cancels_what_is_left_of_its_backfills(
    writer: Writer, journal: Journal
) -> None:
    over = record([5], "bkf_over")
    end = AdvanceExecution(over.executions[0].id, ended=ENDED)
    journal.commit([record([0], "bkf_1"), record([1], "bkf_2"), over, end])

    (cancelled,) = journal.commit([DeleteWithBackfills(DeleteSchedule(KEY, []), NOW)]).outcomes

    assert sorted(cancelled) == ["bkf_1", "bkf_2"]
    assert b.cancelled_backfills(writer.database) == {"bkf_1", "bkf_2"}
    found = b.backfill(writer.database, BackfillId("bkf_over"))
    assert found.status is BackfillStatus.FINISHED
