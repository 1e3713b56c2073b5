"""How things stand: which schedules count as late, failing, losing or in error; and by index only."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from query_plans import plans, whole_tables
from sample import NOW, a_fire, a_schedule, an_execution

from quarterjack.storage import (
    BootId,
    Failure,
    FireOutcome,
    FireReason,
    ScheduleId,
    ScheduleStatus,
    WorkflowId,
)
from quarterjack.storage.attention import survey
from quarterjack.storage.database import Readers
from quarterjack.storage.execution_changes import AdvanceExecution, Started
from quarterjack.storage.journal import Journal
from quarterjack.storage.schedule_changes import (
    CreateSchedule,
    Decision,
    QuarantineSchedule,
    RecordFires,
    RecordRun,
)
from quarterjack.storage.standing import Concern, Standing, standing

LATER = NOW + timedelta(seconds=6)
HOUR = timedelta(hours=1)


def _read(readers: Readers, query: Any, *arguments: Any) -> Any:
    return readers.submit(query, *arguments).result(timeout=10)


def _missed(key: str, reason: FireReason, **changes: Any) -> RecordFires:
    fire = a_fire(None, key, outcome=FireOutcome.MISSED, reason=reason, **changes)
    status = ScheduleStatus.ACTIVE
    return RecordFires(ScheduleId(key), 1, [Decision(fire, None, [])], None, None, status)


def _concerned(readers: Readers, at: Any = LATER) -> dict[Concern, list[str]]:
    found = _read(readers, survey, at)
    kinds: dict[Concern, list[str]] = {}
    for each in found.attention:
        kinds.setdefault(each.concern, []).append(each.schedule.id)
    return kinds


def test_a_schedule_is_late_five_seconds_after_its_instant(
    journal: Journal, readers: Readers
) -> None:
    journal.commit(
        [
            CreateSchedule(a_schedule("later", next_fire=NOW + timedelta(seconds=2)), []),
            CreateSchedule(a_schedule("late"), []),
            CreateSchedule(a_schedule("paused", status=ScheduleStatus.PAUSED), []),
        ]
    )

    assert _concerned(readers, NOW + timedelta(seconds=5)) == {}
    assert _concerned(readers) == {Concern.LATE: ["late"]}


def test_only_what_was_missed_in_the_last_day_is_lost(journal: Journal, readers: Readers) -> None:
    reasons: dict[str, tuple[FireReason, dict[str, Any]]] = {
        "down": (FireReason.CATCH_UP_WINDOW, {"due": NOW, "instants": 3}),
        "owner": (FireReason.PAUSED, {"due": NOW}),
        "long-ago": (FireReason.CATCH_UP_SKIPPED, {"due": NOW - 25 * HOUR}),
        "stretch": (
            FireReason.CATCH_UP_SKIPPED,
            {"due": NOW - 25 * HOUR, "through": NOW - HOUR, "instants": 25},
        ),
    }
    for key, (reason, changes) in reasons.items():
        created = CreateSchedule(a_schedule(key, next_fire=None), [])
        journal.commit([created, _missed(key, reason, **changes)])

    assert _concerned(readers) == {Concern.LOSING: ["stretch", "down"]}


def test_a_schedule_stands_once_with_the_worst(journal: Journal, readers: Readers) -> None:
    error = Failure("RuntimeError", "x" * 1_000, "Traceback")
    journal.commit(
        [
            CreateSchedule(a_schedule("broken", failures_in_row=5), []),
            CreateSchedule(a_schedule("late", failures_in_row=2), []),
            CreateSchedule(a_schedule("flaky", next_fire=None, failures_in_row=9), []),
            QuarantineSchedule(ScheduleId("broken"), error, []),
        ]
    )

    found = _read(readers, survey, LATER)

    assert [(each.concern, each.schedule.id, each.count) for each in found.attention] == [
        (Concern.ERROR, "broken", None),
        (Concern.LATE, "late", None),
        (Concern.FAILING, "flaky", 9),
    ]
    assert found.attention[0].error == Failure("RuntimeError", "x" * 500)
    assert found.attention_total == 3
    assert found.standing.concerns == {
        Concern.ERROR: 1,
        Concern.LATE: 1,
        Concern.FAILING: 3,
        Concern.LOSING: 0,
    }


def test_what_is_under_way_is_counted(journal: Journal, readers: Readers) -> None:
    run = an_execution("exe_2", due=None)
    journal.commit(
        [
            CreateSchedule(a_schedule(), []),
            RecordRun(an_execution(), []),
            RecordRun(run, []),
            AdvanceExecution(run.id, Started(NOW, BootId("b"))),
        ]
    )

    found: Standing = _read(readers, standing, NOW)
    others: Standing = _read(readers, standing, NOW, [WorkflowId("other")])

    assert (found.running, found.waiting, found.queued, found.total) == (1, 0, 1, 1)
    assert (others.running, others.waiting, others.queued, others.total) == (0, 0, 0, 0)


@pytest.mark.parametrize("workflows", [None, [WorkflowId("w")]], ids=["all", "some"])
def test_no_table_is_read_as_a_whole(
    journal: Journal, readers: Readers, path: Path, workflows: Any
) -> None:
    journal.commit(
        [
            CreateSchedule(a_schedule("sch_1", failures_in_row=5), []),
            _missed("sch_1", FireReason.CATCH_UP_WINDOW),
        ]
    )

    found = plans(readers, path, survey, LATER, workflows)

    assert whole_tables(found) == []
    for index in ("missed_fires_by_decided_at", "schedules_by_failures_in_row"):
        assert any(index in line for line in found), found
