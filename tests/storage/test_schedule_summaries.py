"""Schedules as a list shows them: in each order, in pages, and by index only."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from query_plans import plans, whole_tables
from sample import NOW, a_schedule, an_execution

from quarterjack.storage import (
    BootId,
    ExecutionStatus,
    Schedule,
    ScheduleId,
    ScheduleStatus,
    WorkflowId,
)
from quarterjack.storage.database import Readers
from quarterjack.storage.execution_changes import AdvanceExecution, Ended, Started
from quarterjack.storage.journal import Journal
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.schedule_changes import CreateSchedule, RecordRun
from quarterjack.storage.schedule_summaries import (
    CountedPage,
    ScheduleSummary,
    SummaryFilter,
    SummaryOrder,
    schedule_summaries,
)
from quarterjack.storage.standing import Concern

SECOND = timedelta(seconds=1)
Found = CountedPage[ScheduleSummary]


def _page(readers: Readers, wanted: SummaryFilter, page: PageRequest = PageRequest()) -> Found:
    return readers.submit(schedule_summaries, wanted, page, NOW).result(timeout=10)


def _ids(readers: Readers, limit: int, wanted: SummaryFilter) -> list[str]:
    """The schedules of all pages."""
    found: list[str] = []
    after = None
    while True:
        page = _page(readers, wanted, PageRequest(limit, after))
        assert len(page.items) <= limit
        found += [each.schedule.id for each in page.items]
        after = page.next
        if after is None:
            assert page.total == len(found)
            return found


def _made() -> list[Schedule]:
    """Of which each order is another one; two have the same name, three no next instant."""
    names = ["b", "Ä", "a", "B", "C", "B"]
    nexts = [3, None, 1, 2, None, None]
    return [
        a_schedule(
            f"sch_{number}",
            name=name,
            created_at=NOW + number // 2 * SECOND,
            next_fire=None if at is None else NOW + at * SECOND,
        )
        for number, (name, at) in enumerate(zip(names, nexts, strict=True))
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        (SummaryFilter(), "012345"),
        (SummaryFilter(descending=True), "543210"),
        (SummaryFilter(order=SummaryOrder.NAME), "203541"),
        (SummaryFilter(order=SummaryOrder.NAME, descending=True), "145302"),
        (SummaryFilter(order=SummaryOrder.NEXT), "230145"),
        (SummaryFilter(order=SummaryOrder.NEXT, descending=True), "032541"),
    ],
)
def test_pages_hold_each_schedule_once_in_each_order(
    journal: Journal, readers: Readers, limit: int, order: SummaryFilter, numbers: str
) -> None:
    journal.commit([CreateSchedule(each, []) for each in _made()])

    assert _ids(readers, limit, order) == [f"sch_{number}" for number in numbers]


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (SummaryFilter(status=ScheduleStatus.PAUSED), ["sch_2"]),
        (SummaryFilter(workflow_id=WorkflowId("other")), ["sch_3"]),
        (SummaryFilter(workflows=[WorkflowId("w")]), ["sch_1", "sch_2"]),
        (SummaryFilter(workflows=[]), []),
        (SummaryFilter(text="NIGHT"), ["sch_1"]),
        (SummaryFilter(concern=Concern.LATE), ["sch_1"]),
        (SummaryFilter(concern=Concern.FAILING), ["sch_2"]),
        (SummaryFilter(concern=Concern.ERROR), []),
        (SummaryFilter(concern=Concern.LOSING), []),
        (SummaryFilter(ids=[ScheduleId("sch_3"), ScheduleId("nobody")]), ["sch_3"]),
        (SummaryFilter(ids=[]), []),
    ],
)
def test_summaries_are_filtered(
    journal: Journal, readers: Readers, wanted: SummaryFilter, keys: list[str]
) -> None:
    past = NOW - timedelta(minutes=1)
    paused = ScheduleStatus.PAUSED
    journal.commit(
        [
            CreateSchedule(a_schedule("sch_1", name="Nightly", next_fire=past), []),
            CreateSchedule(a_schedule("sch_2", status=paused, failures_in_row=2), []),
            CreateSchedule(a_schedule("sch_3", workflow_id=WorkflowId("other")), []),
        ]
    )

    assert _ids(readers, 1, wanted) == keys


def _run(number: int, status: ExecutionStatus, **changes: Any) -> list[Any]:
    at = NOW + number * SECOND
    run = an_execution(f"exe_{number}", due=None, queued_at=at, **changes)
    started = AdvanceExecution(run.id, Started(at, BootId("b")))
    ended = AdvanceExecution(run.id, ended=Ended(at + 2 * SECOND, status))
    return [RecordRun(run, []), started, ended]


def test_a_summary_has_the_newest_thirty_that_ended_and_what_is_open(
    journal: Journal, readers: Readers
) -> None:
    good, bad = ExecutionStatus.SUCCEEDED, ExecutionStatus.FAILED
    open_run = an_execution("exe_90", due=None, queued_at=NOW + 90 * SECOND)
    waiting = an_execution("exe_91", due=None, queued_at=NOW + 91 * SECOND)
    journal.commit(
        [
            CreateSchedule(a_schedule(next_fire=NOW - 6 * SECOND), []),
            *[each for n in range(40) for each in _run(n, bad if n % 2 else good)],
            RecordRun(open_run, []),
            AdvanceExecution(open_run.id, Started(NOW, BootId("b"))),
            RecordRun(waiting, []),
        ]
    )

    (found,) = _page(readers, SummaryFilter()).items

    assert [each.id for each in found.recent] == [f"exe_{number}" for number in range(10, 40)]
    assert found.recent[-1].status is bad
    assert found.recent[-1].duration == 2 * SECOND
    assert found.last_execution is not None
    assert found.last_execution.id == "exe_91"
    assert (found.running, found.queued, found.is_late) == (1, 1, True)


def test_runs_of_another_workflow_are_not_shown(journal: Journal, readers: Readers) -> None:
    run = _run(1, ExecutionStatus.SUCCEEDED, workflow_id=WorkflowId("before"))
    journal.commit([CreateSchedule(a_schedule(), []), *run])

    (found,) = _page(readers, SummaryFilter(workflows=[WorkflowId("w")])).items

    assert (found.recent, found.last_execution) == ([], None)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", list(SummaryOrder))
@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"status": ScheduleStatus.ACTIVE},
        {"workflow_id": WorkflowId("w")},
        {"workflows": [WorkflowId("w")]},
        {"concern": Concern.LATE},
        {"concern": Concern.LOSING},
        {"concern": Concern.FAILING},
        {"ids": [ScheduleId("sch_1"), ScheduleId("sch_2")]},
    ],
    ids=str,
)
def test_no_table_is_read_as_a_whole(
    journal: Journal,
    readers: Readers,
    path: Path,
    wanted: dict[str, Any],
    order: SummaryOrder,
    *,
    descending: bool,
) -> None:
    journal.commit([CreateSchedule(each, []) for each in _made()])
    filtered = SummaryFilter(**wanted, order=order, descending=descending)
    first = _page(readers, filtered, PageRequest(1))

    for after in {None, first.next}:
        found = plans(readers, path, schedule_summaries, filtered, PageRequest(1, after), NOW)
        assert whole_tables(found) == []
        for index in ("executions_by_schedule_id_queued_at", "executions_by_schedule_id_ended_at"):
            uses = [line for line in found if index in line]
            assert bool(uses) == bool(first.items)
            assert all(line.startswith("SEARCH") for line in uses)
