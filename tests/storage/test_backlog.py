"""What the run queue reads when it starts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sample import NOW, an_execution

from quarterjack.storage import (
    BootId,
    Event,
    Execution,
    ExecutionId,
    ExecutionStatus,
    StepRun,
    StepStatus,
    WorkflowId,
)
from quarterjack.storage import backlog as b
from quarterjack.storage.database import Readers
from quarterjack.storage.deliveries import Arrival
from quarterjack.storage.event_changes import DeliverEvent
from quarterjack.storage.execution_changes import (
    AdvanceExecution,
    Ended,
    Parked,
    Started,
    StepChange,
)
from quarterjack.storage.journal import Journal
from quarterjack.storage.plain_data import pack
from quarterjack.storage.records import Attempt, Awaited
from quarterjack.storage.schedule_changes import RecordRun
from quarterjack.storage.transaction import Change

Read = Callable[..., Any]
CHILD = ExecutionId("exe_child")


@pytest.fixture
def read(readers: Readers) -> Read:
    """Runs a query on a reader's connection."""

    def run(query: Callable[..., Any], *arguments: Any) -> Any:
        return readers.submit(query, *arguments).result(timeout=10)

    return run


def _waits_for(child: str) -> StepChange:
    return StepChange(
        StepRun("run", StepStatus.WAITING, awaited=Awaited(child_id=ExecutionId(child)))
    )


def _parent(journal: Journal, name: str, child: str) -> Execution:
    """An execution that waits for another one."""
    wake_at = NOW + timedelta(hours=1)
    parent = an_execution(name, None, status=ExecutionStatus.WAITING, wake_at=wake_at)
    steps = AdvanceExecution(parent.id, steps=[_waits_for(child)])
    journal.commit([RecordRun(parent, []), steps])
    return parent


def test_one_whose_child_has_ended_is_owed_a_look(journal: Journal, read: Read) -> None:
    child = an_execution(CHILD, None)
    journal.commit([RecordRun(child, [])])
    _parent(journal, "exe_parent", CHILD)
    before = read(b.backlog, None)

    journal.commit([AdvanceExecution(CHILD, ended=Ended(NOW, ExecutionStatus.CANCELLED))])
    after = read(b.backlog, None)

    assert (before.owed, after.owed) == (frozenset(), {"exe_parent"})
    assert [each.execution.id for each in before.unfinished] == [CHILD, "exe_parent"]
    parked = after.unfinished[0].execution
    assert (parked.status, parked.wake_at) == (ExecutionStatus.WAITING, NOW + timedelta(hours=1))


def test_one_whose_child_is_gone_is_owed_a_look(journal: Journal, read: Read) -> None:
    _parent(journal, "exe_parent", "exe_gone")

    assert read(b.backlog, None).owed == {"exe_parent"}


def test_one_that_runs_is_not_owed_a_look(journal: Journal, read: Read) -> None:
    parent = an_execution("exe_parent", None)
    journal.commit(
        [
            RecordRun(parent, []),
            AdvanceExecution(parent.id, Started(NOW, BootId("boot_1")), [_waits_for("exe_gone")]),
        ]
    )

    assert read(b.backlog, None).owed == frozenset()


@pytest.mark.parametrize("order", ["event first", "parked first"])
def test_what_an_event_ended_goes_on_at_the_next_start(
    journal: Journal, read: Read, order: str
) -> None:
    run, later = an_execution("exe_1", None), NOW + timedelta(hours=1)
    waits = StepRun("go", StepStatus.WAITING, awaited=Awaited(later, "go", ""))
    begun = AdvanceExecution(
        run.id, Started(NOW, BootId("b")), [StepChange(waits, [Attempt(1, NOW)])]
    )
    comes = DeliverEvent(Arrival("go", "", pack(None), NOW))
    parks = AdvanceExecution(run.id, parked=Parked(later, 1, NOW))
    changes: list[Change[Any]] = [comes, parks] if order == "event first" else [parks, comes]

    found = journal.commit([RecordRun(run, []), begun, *changes])

    assert [each for each in found.outcomes if isinstance(each, Exception)] == []
    (waiting,) = read(b.backlog, None).unfinished
    assert (waiting.execution.status, waiting.execution.wake_at) == (ExecutionStatus.WAITING, NOW)


def test_starts_are_found_as_far_back_as_asked(
    journal: Journal, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(b, "_STRETCH", 10)
    run = an_execution("exe_1", None)
    kinds = ("workflow.started", "workflow.completed")
    events = [
        Event(kinds[n % 2], NOW + timedelta(seconds=n), None, WorkflowId(f"w{n % 4}"), run.id)
        for n in range(100)
    ]
    journal.commit([RecordRun(run, events)])

    found = read(b.backlog, NOW + timedelta(seconds=71)).starts

    assert sorted(found) == [(NOW + timedelta(seconds=n), f"w{n % 4}") for n in range(72, 100, 2)]
    assert read(b.backlog, None).starts == []
    assert read(b.starts_since, NOW + timedelta(days=1)) == []
    assert len(read(b.starts_since, NOW)) == 50
