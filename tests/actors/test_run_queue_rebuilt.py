"""The run queue's rates, and what a new queue makes of what the one before has left."""

from datetime import timedelta
from typing import Any

import pytest
from queue_stage import QueueStage, unfinished
from sample import an_execution

from quarterjack.storage import ExecutionId, ExecutionStatus, WorkflowId
from quarterjack.storage.backlog import Backlog


@pytest.fixture
def queue() -> QueueStage:
    return QueueStage()


def test_starts_are_as_far_apart_as_the_workflow_s_rate_says() -> None:
    queue = QueueStage(concurrency=10)
    queue.enqueue("s1", "s2", "s3", workflow_id=WorkflowId("slow"))
    queue.enqueue("w")
    first = queue.began()
    queue.stage.advance(seconds=9.999999)
    early = queue.began()
    queue.stage.advance(microseconds=1)
    second = queue.began()
    queue.stage.advance(seconds=10)

    assert (first, early, second, queue.began()) == (["s1", "w"], [], ["s2"], ["s3"])


def test_going_on_is_no_start() -> None:
    queue = QueueStage(concurrency=10)
    queue.enqueue("s1", "s2", workflow_id=WorkflowId("slow"))
    queue.park("s1", "nap", after=5)
    queue.stage.advance(seconds=5)
    queue.stage.advance(seconds=5)

    assert queue.began() == ["s1", "s1+", "s2"]


def test_a_restart_gives_no_second_helping() -> None:
    slow = WorkflowId("slow")
    now = an_execution().queued_at
    stage_now = QueueStage().stage.clock.now()
    waiting = an_execution("s1", None, workflow_id=slow, queued_at=now)
    started = stage_now - timedelta(seconds=4)

    queue = QueueStage(found=Backlog(unfinished(waiting), frozenset(), [(started, slow)]))
    queue.stage.advance(seconds=5.999999)
    early = queue.began()
    queue.stage.advance(microseconds=1)

    assert (early, queue.began()) == ([], ["s1"])


def _left_behind(stage: QueueStage) -> Backlog:
    """What a killed server leaves: in the order of the query."""
    now = stage.stage.clock.now()
    running, waits = ExecutionStatus.RUNNING, ExecutionStatus.WAITING
    made: list[Any] = [
        an_execution("first", None, priority=0),
        an_execution("owed", None, priority=1, status=waits),
        an_execution("second", None, priority=1),
        an_execution("sleeps", None, priority=5, status=waits, wake_at=now + timedelta(hours=1)),
        an_execution("ran", None, priority=5, status=running),
        an_execution("late", None, priority=5, status=waits, wake_at=now - timedelta(hours=1)),
        an_execution("event", None, priority=5, status=waits),
        an_execution("ran, too", None, priority=9, status=running),
    ]
    return Backlog(unfinished(*made), frozenset({ExecutionId("owed")}), [])


def test_it_is_rebuilt_in_order() -> None:
    queue = QueueStage(concurrency=1, found=_left_behind(QueueStage()))
    order = queue.began()
    for _ in range(5):
        queue.end(order[-1].rstrip("+"))
        order += queue.began()

    assert order == ["ran+", "ran, too+", "owed+", "late+", "first", "second"]
    assert queue.counts() == {"running": 1, "waiting": 0, "parked": 2}


def test_what_waited_waits_on_for_its_instant() -> None:
    queue = QueueStage(concurrency=10, found=_left_behind(QueueStage()))
    queue.stage.advance(minutes=59)
    before = queue.began()
    queue.stage.advance(minutes=1)

    assert "late+" in before
    assert "sleeps+" not in before
    assert queue.began() == ["sleeps+"]
    queue.wake("event", "signal")
    assert queue.began() == ["event+"]


def test_one_that_crashed_knows_again_what_runs(queue: QueueStage) -> None:
    queue.enqueue("a", "b", "c")
    queue.park("b", "nap", after=60)
    queue.began()
    a, c = (an_execution(name, None, status=ExecutionStatus.RUNNING) for name in "ac")
    wake_at = queue.stage.clock.now() + timedelta(seconds=60)
    b = an_execution("b", None, status=ExecutionStatus.WAITING, wake_at=wake_at)
    queue.found = Backlog(unfinished(a, b, c), frozenset(), [])

    queue.stage.ref("quarterjack/run-queue").cell.fail(RuntimeError("a bug"))
    queue.enqueue("d")
    queue.stage.advance(seconds=1)
    again = queue.began()
    queue.end("a")
    queue.stage.advance(seconds=60)
    queue.end("c")

    assert again == ["a+", "c+"]
    assert queue.began() == ["d", "b+"]


def test_one_that_ended_before_its_turn_came_again_is_forgotten() -> None:
    queue = QueueStage(concurrency=1, found=_left_behind(QueueStage()))
    queue.began()
    queue.end("ran, too", "sleeps", "event", "owed")
    queue.end("ran")

    assert queue.began() == ["late+"]
    assert queue.counts() == {"running": 1, "waiting": 2, "parked": 0}
