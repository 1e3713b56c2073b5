"""The run queue alone: who is begun, who is parked, who is woken, and what a new queue makes of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from queue_stage import QueueStage

from quarterjack.actors.engine import Deliver, DeliverIfAwake
from quarterjack.actors.messages import (
    BeginExecution,
    CancelExecution,
    Drain,
    ExecutionEnded,
    Recorded,
    Wake,
)
from quarterjack.storage import (
    ExecutionId,
    ExecutionStatus,
    IllegalTransition,
    RunOptions,
    StepKey,
    WorkflowId,
)

PARENT = StepKey(ExecutionId("parent"), "child")


@pytest.fixture
def queue() -> QueueStage:
    return QueueStage()


# Parking


def test_one_that_waits_gives_its_place_to_the_next(queue: QueueStage) -> None:
    queue.enqueue("a", "b", "c")
    before = queue.began()
    queue.park("a", "nap", after=60)

    assert (before, queue.began()) == (["a", "b"], ["c"])
    assert queue.counts() == {"running": 2, "waiting": 0, "parked": 1}


def test_it_gives_back_its_places_but_that_of_its_schedule() -> None:
    queue = QueueStage(concurrency=10)
    one = RunOptions(max_concurrency=1)
    queue.enqueue("a", "b", schedule="sch_1", options=one)
    queue.enqueue("n1", "n2", "n3", workflow_id=WorkflowId("narrow"))
    before = queue.began()
    queue.park("a", "nap")
    queue.park("n1", "nap")
    meanwhile = queue.began()
    queue.wake("a")
    queue.end("a")

    assert (before, meanwhile) == (["a", "n1", "n2"], ["n3"])
    assert queue.began() == ["a+", "b"]


def test_it_goes_on_at_its_instant_and_not_before(queue: QueueStage) -> None:
    queue.enqueue("a", "b")
    queue.park("b", "nap", after=90)
    queue.park("a", "nap", after=60)
    queue.began()
    queue.stage.advance(seconds=59.999999)
    early = queue.began()
    queue.stage.advance(microseconds=1)
    first = queue.began()
    queue.stage.advance(seconds=30)

    assert (early, first, queue.began()) == ([], ["a+"], ["b+"])


def test_it_goes_on_when_it_is_woken_and_then_its_instant_means_nothing(
    queue: QueueStage,
) -> None:
    queue.enqueue("a")
    queue.park("a", "nap", after=60)
    queue.wake("a")
    queue.end("a")
    queue.stage.advance(hours=1)

    assert queue.began() == ["a", "a+"]
    assert queue.counts() == {"running": 0, "waiting": 0, "parked": 0}


def test_without_an_instant_it_waits_until_it_is_woken(queue: QueueStage) -> None:
    queue.enqueue("a")
    queue.park("a", "event")
    queue.stage.advance(days=365)
    before = queue.began()
    queue.wake("a", "event")

    assert (before, queue.began()) == (["a"], ["a+"])


def test_one_that_is_woken_goes_before_new_ones_and_within_the_limits(queue: QueueStage) -> None:
    queue.enqueue("a", "b", priority=9)
    queue.park("a", "nap", after=60)
    queue.enqueue("c", "d", priority=0)
    queue.stage.advance(seconds=60)
    before = queue.began()
    queue.end("b")

    assert (before, queue.began()) == (["a", "b", "c"], ["a+"])


def test_an_instant_that_has_passed_rings_at_once(queue: QueueStage) -> None:
    queue.enqueue("a")
    queue.park("a", "nap", after=-5)
    queue.stage.advance(seconds=0)

    assert queue.began() == ["a", "a+"]


def test_a_jump_of_the_wall_clock_is_noticed() -> None:
    queue = QueueStage(longest_sleep=timedelta(seconds=1))
    queue.enqueue("a")
    queue.park("a", "nap", after=3_600)
    queue.stage.advance(seconds=10)
    before = queue.began()
    queue.stage.clock.jump(timedelta(hours=1))
    queue.stage.advance(seconds=1)

    assert (before, queue.began()) == (["a"], ["a+"])


def test_a_queue_with_nothing_to_do_sets_no_timer(queue: QueueStage) -> None:
    queue.enqueue("a")
    queue.park("a", "event")

    assert queue.stage.clock.next_timer() is None


def test_what_was_stored_after_it_was_looked_for_is_found_later(queue: QueueStage) -> None:
    lost = queue.execution("lost", None)
    queue.known[lost.id] = replace(lost, status=ExecutionStatus.RUNNING)
    queue.tell(Recorded(lost.id))
    assert queue.began() == []

    queue.known[lost.id] = lost
    queue.lost = [lost.id]
    queue.stage.advance(seconds=60)

    assert queue.began() == ["lost"]


# Waking


def test_a_running_one_is_told_that_it_is_woken(queue: QueueStage) -> None:
    queue.enqueue("a")
    queue.wake("a", "nap")

    (told,) = queue.told(Wake)
    assert told == DeliverIfAwake("a", Wake(ExecutionId("a"), "nap"))
    assert queue.began() == ["a"]


def test_one_that_was_woken_while_it_left_comes_back_at_once(queue: QueueStage) -> None:
    queue.enqueue("a")
    queue.wake("a", "nap")
    queue.park("a", "nap", "event")

    assert queue.began() == ["a", "a+"]
    assert queue.counts()["parked"] == 0


def test_a_wake_that_was_seen_does_not_bring_it_back(queue: QueueStage) -> None:
    queue.enqueue("a")
    queue.wake("a", "nap")
    queue.park("a", "event")

    assert queue.began() == ["a"]
    assert queue.counts()["parked"] == 1


def test_a_wake_counts_for_one_parking_only(queue: QueueStage) -> None:
    queue.enqueue("a")
    queue.wake("a", "nap")
    queue.park("a", "nap")
    queue.park("a", "nap")

    assert queue.began() == ["a", "a+"]


def test_queued_and_unknown_ones_are_not_begun_by_a_wake(queue: QueueStage) -> None:
    queue.enqueue("a", "b", "c")
    queue.wake("c")
    queue.wake("nobody")

    assert {type(each) for each in queue.told(Wake)} == {DeliverIfAwake}
    assert queue.began() == ["a", "b"]
    assert queue.counts() == {"running": 2, "waiting": 1, "parked": 0}


def test_the_end_of_a_child_wakes_the_step_that_waits_for_it(queue: QueueStage) -> None:
    queue.enqueue("parent", "child")
    queue.park("parent", "child")
    queue.end("child", parent=PARENT)

    assert queue.began() == ["parent", "child", "parent+"]


def test_the_end_of_a_child_is_told_to_a_parent_that_runs(queue: QueueStage) -> None:
    queue.enqueue("parent")
    queue.enqueue("child", parent=PARENT)
    queue.end("child")

    assert [each.message for each in queue.told(Wake)] == [Wake(*PARENT)]


# Cancelling


def test_a_child_that_is_cancelled_in_the_queue_wakes_its_parent(queue: QueueStage) -> None:
    queue.enqueue("parent", "other", "third")
    queue.enqueue("child", parent=PARENT, schedule="sch_1")
    queue.park("parent", "child")
    queue.began()
    answer = queue.cancel("child")
    queue.end("other")

    assert answer.get() == "agreed"
    assert len(queue.heard["state"]) == 1
    assert queue.heard["schedules"] == [
        DeliverIfAwake("sch_1", ExecutionEnded(ExecutionId("child"), "sch_1"))  # type: ignore[arg-type]
    ]
    assert queue.began() == ["parent+"]


def test_a_parked_one_is_begun_beyond_the_limits_to_be_cancelled(queue: QueueStage) -> None:
    queue.enqueue("a")
    queue.park("a", "nap", after=60)
    queue.enqueue("b", "c", "d")
    queue.began()
    answer = queue.cancel("a")

    assert answer.get() == "agreed"
    assert [each.key for each in queue.told(CancelExecution)] == ["a"]
    assert queue.began() == ["a+"]
    assert queue.counts() == {"running": 3, "waiting": 1, "parked": 0}
    queue.end("b")
    assert queue.began() == [], "two run still"
    queue.end("a")
    assert queue.began() == ["d"]


def test_one_that_was_woken_and_waits_for_its_turn_ends_by_its_actor(queue: QueueStage) -> None:
    queue.enqueue("a")
    queue.park("a", "nap")
    queue.enqueue("b", "c")
    queue.wake("a")
    queue.began()
    queue.cancel("a")

    assert [type(each.message) for each in queue.heard["executions"]] == [
        BeginExecution,
        CancelExecution,
    ]
    assert queue.heard["state"] == []


def test_one_that_runs_is_told_and_its_successor_if_it_leaves(queue: QueueStage) -> None:
    queue.enqueue("a")
    queue.began()
    queue.cancel("a")

    begin = BeginExecution(queue.made["a"], fresh=False)
    assert queue.heard["executions"] == [
        Deliver("a", CancelExecution(ExecutionId("a"), "a test"), first=begin)
    ]
    assert queue.counts()["running"] == 1


def test_a_cancel_that_overtakes_its_execution_waits_for_it(queue: QueueStage) -> None:
    queue.known["a"] = queue.execution("a")
    answer = queue.cancel("a")
    queue.enqueue("a")

    assert answer.get() is None
    assert queue.began() == []
    assert len(queue.heard["state"]) == 1


def test_one_that_has_ended_can_not_be_cancelled(queue: QueueStage) -> None:
    queue.known["a"] = queue.execution("a", status=ExecutionStatus.SUCCEEDED)

    with pytest.raises(IllegalTransition, match="succeeded"):
        queue.cancel("a").get()
    with pytest.raises(LookupError):
        queue.cancel("nobody").get()


# Draining


def test_nothing_is_begun_while_draining(queue: QueueStage) -> None:
    queue.enqueue("a", "b", "c")
    queue.park("b", "nap", after=60)
    queue.began()
    queue.drain()
    told = [each.key for each in queue.told(Drain)]
    queue.end("a")
    queue.wake("c", "nap")
    queue.park("c", "nap", after=1)
    queue.wake("b", "nap")
    queue.enqueue("d")
    queue.stage.advance(hours=1)

    assert told == ["a", "c"]
    assert queue.began() == []
    assert queue.counts() == {"running": 0, "waiting": 1, "parked": 2}
