"""Group commit: all of a change with its events, or nothing; and nobody falls with another."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sample import NOW, a_fire, a_schedule, an_event, an_execution

from quarterjack.storage import (
    AlreadyExists,
    ExecutionStatus,
    NotFound,
    ScheduleId,
    ScheduleStatus,
    StorageUnavailable,
    VersionConflict,
)
from quarterjack.storage.database import Writer
from quarterjack.storage.execution_changes import AdvanceExecution, Ended
from quarterjack.storage.journal import Journal
from quarterjack.storage.schedule_changes import (
    ChangeSchedule,
    CreateSchedule,
    Decision,
    DeleteSchedule,
    RecordFires,
    RecordRun,
)
from quarterjack.storage.transaction import Transaction

KEY = ScheduleId("sch_1")


class Spoiler:
    """Writes something, and fails then: a bug, or a constraint."""

    def apply(self, transaction: Transaction) -> None:
        transaction.emit([an_event("spoiled")])
        raise ZeroDivisionError


def test_events_are_numbered_in_the_order_of_commit(journal: Journal) -> None:
    changes = [CreateSchedule(a_schedule(f"sch_{n}"), [an_event(), an_event()]) for n in range(3)]

    first = journal.commit(changes[:2])
    second = journal.commit(changes[2:])

    assert [event.seq for event in first.events] == [1, 2, 3, 4]
    assert [event.seq for event in second.events] == [5, 6]
    assert journal.last_seq == 6


def test_numbers_go_on_after_a_restart(writer: Writer, journal: Journal) -> None:
    journal.commit([CreateSchedule(a_schedule(), [an_event()])])

    again = Journal(writer)

    assert again.commit([DeleteSchedule(KEY, [an_event()])]).events[0].seq == 2


def test_a_refused_change_takes_nobody_with_it(journal: Journal) -> None:
    found = journal.commit(
        [
            CreateSchedule(a_schedule(), [an_event()]),
            CreateSchedule(a_schedule(), [an_event()]),
            DeleteSchedule(ScheduleId("sch_gone"), [an_event()]),
            ChangeSchedule(a_schedule(name="b", version=9), 8, [an_event()]),
            CreateSchedule(a_schedule("sch_2"), [an_event()]),
        ]
    )

    kinds = [type(each) for each in found.outcomes]
    assert kinds[1:4] == [AlreadyExists, NotFound, VersionConflict]
    assert found.outcomes[0].id == "sch_1"
    assert found.outcomes[4].id == "sch_2"
    assert [event.seq for event in found.events] == [1, 2]


def test_a_spoiled_change_leaves_nothing_and_the_others_are_stored(
    writer: Writer, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    found = journal.commit(
        [
            CreateSchedule(a_schedule(), [an_event("first")]),
            Spoiler(),
            CreateSchedule(a_schedule("sch_2"), [an_event("second")]),
        ]
    )

    assert isinstance(found.outcomes[1], ZeroDivisionError)
    assert [event.data["name"] for event in found.events] == ["first", "second"]
    stored = writer.connection.execute("SELECT seq FROM events ORDER BY seq").fetchall()
    assert stored == [(1,), (2,)]
    assert "one by one" in caplog.text


def test_the_same_due_instant_makes_one_execution(writer: Writer, journal: Journal) -> None:
    journal.commit([CreateSchedule(a_schedule(), [])])
    first, second = an_execution("exe_1"), an_execution("exe_2")

    def fires(execution: object) -> RecordFires:
        chosen = first if execution is first else second
        decision = Decision(a_fire(chosen), chosen, [an_event()])
        return RecordFires(KEY, 1, [decision], NOW, NOW, ScheduleStatus.ACTIVE)

    found = journal.commit([fires(first), fires(second)])

    assert found.outcomes == [[first], []]
    assert len(found.events) == 1
    rows = writer.connection.execute("SELECT id, due FROM executions").fetchall()
    assert [row[0] for row in rows] == ["exe_1"]


def test_an_ended_execution_changes_no_more(journal: Journal) -> None:
    journal.commit([RecordRun(an_execution(schedule=None), [])])
    end = AdvanceExecution(an_execution().id, ended=Ended(NOW, ExecutionStatus.CANCELLED))

    found = journal.commit([end, end])

    assert found.outcomes[0] is None
    assert "is cancelled" in str(found.outcomes[1])


def test_an_execution_of_nobody_is_refused(journal: Journal) -> None:
    found = journal.commit(
        [
            RecordRun(an_execution(schedule="sch_gone"), []),
            AdvanceExecution(an_execution("exe_gone").id),
        ]
    )

    assert [type(each) for each in found.outcomes] == [NotFound, NotFound]


def test_a_database_that_takes_no_writes_stores_nothing_and_recovers(
    writer: Writer, journal: Journal, path: Path
) -> None:
    change = CreateSchedule(a_schedule(), [an_event()])
    writer.connection.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageUnavailable, match="locked"):
            journal.commit([change])
        other.execute("ROLLBACK")

    assert journal.last_seq == 0
    assert journal.commit([change]).events[0].seq == 1


def test_a_full_database_stores_nothing_of_a_batch(writer: Writer, journal: Journal) -> None:
    pages = writer.connection.execute("PRAGMA page_count").fetchone()[0]
    writer.connection.execute(f"PRAGMA max_page_count = {pages}")
    batch = [CreateSchedule(a_schedule(f"sch_{n}", note="x" * 900), []) for n in range(100)]

    with pytest.raises(StorageUnavailable, match="full"):
        journal.commit(batch)

    assert writer.connection.execute("SELECT count(*) FROM schedules").fetchone() == (0,)
    writer.connection.execute("PRAGMA max_page_count = 1000000")
    assert len(journal.commit(batch).outcomes) == 100
