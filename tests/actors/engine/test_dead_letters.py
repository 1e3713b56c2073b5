"""Dead letters: every one counted, a line a second at most."""

import logging
import threading
from datetime import timedelta

import pytest
from stage import Note, Stage, Strange

from quarterjack.actors.engine import VirtualClock
from quarterjack.actors.engine.dead_letters import DeadLetters


def test_every_dead_letter_is_counted_by_its_reason(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    ref.tell(Strange())
    stage.run()
    stage.system.stop(ref)
    stage.run()
    for _ in range(3):
        ref.tell(Note("anybody?"))

    assert stage.system.dead_letters.counts == {"unhandled": 1, "stopped": 3}


def test_a_dead_letter_names_actor_message_and_reason(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.supervise(stage.puppet("a"))
    stage.tell("root/a", Strange())

    assert [record.getMessage() for record in caplog.records] == [
        "dead letter for root/a (unhandled): Strange; 0 more since the last line"
    ]
    assert caplog.records[0].levelno == logging.WARNING


def test_at_most_one_line_a_second_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    letters = DeadLetters(clock)
    for _ in range(1_000):
        letters.add("a", Note("x"), "stopped")
    clock.leap(timedelta(seconds=0.9))
    letters.add("a", Note("x"), "stopped")
    clock.leap(timedelta(seconds=0.1))
    letters.add("b", Note("x"), "mailbox full")

    assert letters.counts == {"stopped": 1_001, "mailbox full": 1}
    assert [record.getMessage() for record in caplog.records] == [
        "dead letter for a (stopped): Note; 0 more since the last line",
        "dead letter for b (mailbox full): Note; 1000 more since the last line",
    ]


def test_the_count_of_unlogged_letters_starts_anew(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    letters = DeadLetters(clock)
    for _ in range(3):
        letters.add("a", Note("x"), "stopped")
    clock.leap(timedelta(seconds=1))
    letters.add("a", Note("x"), "stopped")
    clock.leap(timedelta(seconds=1))
    letters.add("a", Note("x"), "stopped")

    counts = [record.getMessage().partition("; ")[2].split()[0] for record in caplog.records]
    assert counts == ["0", "2", "0"]


def test_dead_letters_come_from_any_thread(stage: Stage) -> None:
    ref = stage.start(stage.puppet("a"))
    stage.system.stop(ref)
    stage.run()
    thread = threading.Thread(target=ref.tell, args=[Note("anybody?")])
    thread.start()
    thread.join()

    assert stage.system.dead_letters.counts == {"stopped": 1}
