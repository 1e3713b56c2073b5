"""A schedule that is changed, paused or deleted at the very instant at which it is due: before, or after."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from events_of import types

from quarterjack.actors.engine import Reply
from quarterjack.runtime import Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import ScheduleId, VersionConflict
from quarterjack.storage.queries import ExecutionFilter, PageRequest

MINUTE = timedelta(minutes=1)
ROUNDS = 24
Edit = Callable[[VirtualRuntime, str], Reply[Any]]


def _every_second_minute(runtime: VirtualRuntime, key: str) -> Reply[Any]:
    changes = {"scheduleConfig": {"cron": "*/2 * * * *"}}
    return runtime.update_scheduled_workflow(key, changes, version=1)


def _pause(runtime: VirtualRuntime, key: str) -> Reply[Any]:
    return runtime.pause_schedule(key)


def _delete(runtime: VirtualRuntime, key: str) -> Reply[Any]:
    return runtime.delete_scheduled_workflow(key)


def _trigger(runtime: VirtualRuntime, key: str) -> Reply[Any]:
    return runtime.trigger_scheduled_execution(key)


def _come_to(runtime: VirtualRuntime, instant: timedelta) -> None:
    """The clock is there, and nobody has done anything about it."""
    end = runtime.now() + instant
    while runtime.now() < end:
        runtime.clock.leap(end - runtime.now())


def _minutes(runtime: VirtualRuntime, key: str) -> list[int]:
    """For which minutes there are executions, of those that were due."""
    wanted = ExecutionFilter(schedule_id=ScheduleId(key))
    items = runtime.list_executions(wanted, PageRequest(100)).get().items
    assert all(each.ended_at is not None for each in items)
    return sorted(each.due.minute for each in items if each.due is not None)


def _edited(report: Workflow, edit: Edit, number: int) -> list[int]:
    """After four minutes, when the edit came after so many turns of the actors since it was due."""
    with VirtualRuntime(workflows=[report], seed=number) as runtime:
        draft = {"workflowId": "report", "name": "n", "scheduleConfig": {"cron": "* * * * *"}}
        key = runtime.create_scheduled_workflow(draft).get()
        runtime.settle()
        _come_to(runtime, MINUTE)
        runtime.settle(number % 20)
        edit(runtime, key).get()
        runtime.advance(3 * MINUTE)
        found = _minutes(runtime, key)
        assert types(runtime, of=key).count("schedule.triggered") == len(found) + (edit is _trigger)
        return found


@pytest.mark.parametrize(
    ("edit", "after", "before"),
    [
        pytest.param(_every_second_minute, [2, 4], [1, 2, 4], id="changed"),
        pytest.param(_pause, [], [1], id="paused"),
        pytest.param(_delete, [], [1], id="deleted"),
        pytest.param(_trigger, [2, 3, 4], [1, 2, 3, 4], id="triggered: it stands in the way"),
    ],
)
def test_an_edit_at_the_due_instant_is_before_or_after_it(
    report: Workflow, edit: Edit, after: list[int], before: list[int]
) -> None:
    seen = Counter(str(_edited(report, edit, number)) for number in range(ROUNDS))

    assert seen.keys() == {str(after), str(before)}


def test_of_two_edits_at_the_due_instant_that_have_seen_the_same_one_wins(report: Workflow) -> None:
    for number in range(ROUNDS):
        refused = []

        def twice(runtime: VirtualRuntime, key: str) -> Reply[Any]:
            replies = [_every_second_minute(runtime, key) for _ in range(2)]
            for reply in replies:
                try:
                    reply.get()
                except VersionConflict as error:
                    refused.append(error)  # noqa: B023
            return Reply.of(None)

        assert _edited(report, twice, number) in ([2, 4], [1, 2, 4])
        assert len(refused) == 1
