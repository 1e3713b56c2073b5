"""What schedules did in a span of time; and what is under way: by index only."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from query_plans import plans, whole_tables
from sample import NOW, a_fire, a_schedule, an_execution

from quarterjack.storage import (
    BootId,
    ExecutionId,
    ExecutionStatus,
    Fire,
    FireOutcome,
    FireReason,
    Progress,
    ScheduleId,
    ScheduleStatus,
    StepRun,
    StepStatus,
    WorkflowId,
)
from quarterjack.storage.database import Readers
from quarterjack.storage.execution_changes import AdvanceExecution, Ended, Started, StepChange
from quarterjack.storage.journal import Journal
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.records import Attempt
from quarterjack.storage.running import running
from quarterjack.storage.schedule_changes import CreateSchedule, Decision, RecordFires, RecordRun
from quarterjack.storage.schedule_summaries import SummaryFilter
from quarterjack.storage.timeline import MOST, Past, Span, pasts

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SPAN = Span(NOW, NOW + HOUR)
KEY = ScheduleId("sch_1")


def _past(readers: Readers, wanted: SummaryFilter = SummaryFilter()) -> Past:
    (found,) = readers.submit(pasts, wanted, PageRequest(), SPAN, NOW).result(timeout=10).items
    return found


def _run(
    name: str, queued: int, started: int | None, ended: int | None, **changes: Any
) -> list[Any]:
    """An execution with its times in minutes after the span's begin."""
    run = an_execution(name, due=None, queued_at=NOW + queued * MINUTE, **changes)
    made: list[Any] = [RecordRun(run, [])]
    if started is not None:
        made.append(AdvanceExecution(run.id, Started(NOW + started * MINUTE, BootId("b"))))
    if ended is not None:
        end = Ended(NOW + ended * MINUTE, ExecutionStatus.CANCELLED)
        made.append(AdvanceExecution(run.id, ended=end))
    return made


@pytest.mark.parametrize(
    ("times", "is_shown"),
    [
        ((-9, -9, -1), False),
        ((-9, -9, 0), True),
        ((-9, -9, 5), True),
        ((-9, 5, 6), True),
        ((-9, -9, 90), True),
        ((-9, -9, None), True),
        ((-9, 70, 90), False),
        ((5, 5, 6), True),
        ((5, 5, 90), True),
        ((5, None, None), True),
        ((5, None, 6), True),
        ((5, 70, 90), False),
        ((60, 60, 61), False),
    ],
    ids=str,
)
def test_the_runs_of_a_span_are_those_that_reach_into_it(
    journal: Journal, readers: Readers, times: tuple[int, int | None, int | None], *, is_shown: bool
) -> None:
    journal.commit([CreateSchedule(a_schedule(), []), *_run("exe_1", *times)])

    assert [each.id for each in _past(readers).runs] == ["exe_1"] * is_shown


def test_the_newest_runs_are_shown_the_oldest_first(journal: Journal, readers: Readers) -> None:
    names = [f"exe_{number:03}" for number in range(MOST + 1)]
    changes = [_run(name, 1, 1, 2, priority=number % 9) for number, name in enumerate(names)]
    journal.commit([CreateSchedule(a_schedule(), [])])
    journal.commit([each for run in changes for each in run])

    found = _past(readers)

    assert [each.id for each in found.runs] == names[1:]
    assert found.runs_truncated


def test_runs_of_another_workflow_are_not_shown(journal: Journal, readers: Readers) -> None:
    run = _run("exe_1", 1, 2, 3, workflow_id=WorkflowId("before"))
    journal.commit([CreateSchedule(a_schedule(), []), *run])

    assert _past(readers, SummaryFilter(workflows=[WorkflowId("w")])).runs == []


def _fires(*fires: Fire) -> RecordFires:
    decisions = [Decision(each, None, []) for each in fires]
    return RecordFires(KEY, 1, decisions, None, None, ScheduleStatus.ACTIVE)


def test_what_was_skipped_or_missed_is_a_gap(journal: Journal, readers: Readers) -> None:
    overlap = {"outcome": FireOutcome.SKIPPED, "reason": FireReason.OVERLAP}
    missed = {"outcome": FireOutcome.MISSED, "reason": FireReason.CATCH_UP_WINDOW}
    journal.commit(
        [
            CreateSchedule(a_schedule(), []),
            _fires(
                a_fire(None, due=NOW - 3 * HOUR, through=NOW - 2 * HOUR, **missed),
                a_fire(None, due=NOW - HOUR, through=NOW + 5 * MINUTE, instants=65, **missed),
                a_fire(None, due=NOW + 6 * MINUTE),
                a_fire(None, due=NOW + 7 * MINUTE, blocked_by=ExecutionId("exe_1"), **overlap),
                a_fire(None, due=NOW + HOUR, **overlap),
            ),
        ]
    )

    stretch, skipped = _past(readers).gaps

    assert (stretch.due, stretch.through) == (NOW - HOUR, NOW + 5 * MINUTE)
    assert (stretch.outcome, stretch.instants) == (FireOutcome.MISSED, 65)
    assert (skipped.due, skipped.reason) == (NOW + 7 * MINUTE, FireReason.OVERLAP)
    assert (skipped.through, skipped.blocked_by) == (None, "exe_1")


def _walked(found: list[str], index: str) -> bool:
    """Whether an index is entered where it is of use."""
    uses = [line for line in found if index in line]
    return bool(uses) and all(line.startswith("SEARCH") for line in uses)


def test_a_timeline_is_read_by_index_only(journal: Journal, readers: Readers, path: Path) -> None:
    journal.commit([CreateSchedule(a_schedule(), []), *_run("exe_1", 1, 2, 3)])

    found = plans(readers, path, pasts, SummaryFilter(), PageRequest(), SPAN, NOW)

    assert whole_tables(found) == []
    for index in (
        "executions_by_schedule_id_queued_at",
        "executions_by_schedule_id_ended_at",
        "open_executions_by_schedule_id",
        "gaps_by_schedule_id_due",
    ):
        assert _walked(found, index), found
    assert [line for line in found if "TEMP B-TREE" in line] == []


@pytest.mark.parametrize("workflows", [None, [WorkflowId("w")]], ids=["all", "some"])
@pytest.mark.parametrize("after", [None, (1, "exe_0")], ids=["first", "later"])
def test_what_is_under_way_is_read_by_index_only(
    journal: Journal, readers: Readers, path: Path, workflows: Any, after: Any
) -> None:
    step = StepChange(StepRun("a", StepStatus.RUNNING, progress=Progress(1, 2)), [Attempt(1, NOW)])
    journal.commit(
        [
            CreateSchedule(a_schedule(), []),
            *_run("exe_1", 1, 2, None),
            AdvanceExecution(ExecutionId("exe_1"), steps=[step]),
            *_run("exe_2", 1, 2, None, schedule=None),
            *_run("exe_3", 1, None, None),
        ]
    )

    items = readers.submit(running, PageRequest(5, after), NOW, workflows).result(timeout=10).items
    found = plans(readers, path, running, PageRequest(5, after), NOW, workflows)

    assert [each.run.id for each in items] == ["exe_1", "exe_2"]
    assert items[0].current[0].progress == Progress(1, 2)
    assert whole_tables(found) == []
    for index in (
        "executions_by_schedule_id_ended_at",
        "executions_by_workflow_id_queued_at",
        "open_executions_by_started_at",
    ):
        assert any(index in line for line in found), found
    assert [line for line in found if "TEMP B-TREE" in line] == []
